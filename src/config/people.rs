//! `[people]`: what is kept of people who signed in.

use std::os::unix::fs::PermissionsExt as _;
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
    if may_be_written_by_others(folder) {
        return Err(format!(
            "others may write to the folder {}, and so put another file there: take that from them, or make a folder that \
             only the gateway may read",
            folder.display()
        ));
    }
    Ok(path.to_owned())
}

fn may_be_written_by_others(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn the_file_is_in_a_folder_that_is_there_and_that_not_everybody_writes_to() {
        let folder = std::env::temp_dir().join(format!("connect-gateway-people-{}", std::process::id()));
        let file = folder.join("seen.jsonl");
        let refused = |words: &str| seen_file(&file).is_err_and(|error| error.contains(words));
        assert!(refused("is not there"));
        fs::create_dir(&folder).unwrap();
        for (mode, is_good) in [(0o700, true), (0o2775, true), (0o757, false), (0o1777, false)] {
            fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
            assert_eq!(seen_file(&file).is_ok(), is_good, "{mode:o}");
            assert_eq!(refused("others may write to the folder"), !is_good, "{mode:o}");
        }
        fs::remove_dir(&folder).unwrap();
    }
}
