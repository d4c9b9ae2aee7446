//! `[people]`: what is kept of people who signed in.

use std::path::{Path, PathBuf};

use super::section::Section;

/// The file with everybody's latest sign-in; `None`: nothing is kept.
pub(super) fn read(section: &mut Section<'_>, base_dir: &Path) -> Option<PathBuf> {
    section.parsed("seen_file", |path| seen_file(&base_dir.join(path)))
}

fn seen_file(path: &Path) -> Result<PathBuf, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name().is_none() || path.is_dir() {
        return Err("write a path with the name of a file".to_owned());
    }
    if !folder.is_dir() {
        return Err(format!(
            "the folder {} is not there: make one that only the gateway may read",
            folder.display()
        ));
    }
    Ok(path.to_owned())
}
