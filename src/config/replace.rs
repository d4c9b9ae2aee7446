//! Puts a file in another's place, whole or not at all: whoever reads meanwhile reads the old one or the new one.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Puts `text` in the place of what is in the file at `path`, or where its link leads. The mode is kept; owner and
/// group where the system lets us. The caller sees to it that nobody else does the same at the same time.
///
/// # Errors
/// When it can't be written. The old file is untouched then.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let new = beside(&target, ".new");
    // A process that was killed may have left one.
    fs::remove_file(&new).ok();
    let like = fs::metadata(&target).ok();
    let written = create(&new, text, like.as_ref()).and_then(|()| fs::rename(&new, &target));
    if written.is_err() {
        fs::remove_file(&new).ok();
    }
    written.map(|()| sync_folder(&target))
}

/// Writes a file that must not be there yet to the disk, for our eyes only unless it is to be `like` another.
pub(super) fn create(path: &Path, text: &str, like: Option<&Metadata>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    if let Some(like) = like {
        if fchown(&file, Some(like.uid()), Some(like.gid())).is_err() {
            // Only root gives files away; a group of ours is allowed.
            fchown(&file, None, Some(like.gid())).ok();
        }
        file.set_permissions(Permissions::from_mode(like.mode() & 0o777))?;
    }
    file.sync_all()
}

/// Whether files can be made where the file at `path` is.
///
/// # Errors
/// Why not.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let probe = beside(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), ".check");
    fs::remove_file(&probe).ok();
    create(&probe, "", None)?;
    fs::remove_file(&probe)
}

/// Makes a new name last. Where folders can't be told to, the system does it in its own time.
pub(super) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        folder.sync_all().ok();
    }
}

/// `.mapping.toml.new` beside `mapping.toml`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{end}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::Folder;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it() {
        let folder = Folder::new();
        let path = folder.0.join("mapping.toml");
        folder.write("mapping.toml", "old", 0o640);
        folder.write(".mapping.toml.new", "left by a process that was killed", 0o600);
        let before = File::open(&path).unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert_eq!(io::read_to_string(before).unwrap(), "old", "who reads the old one reads it to its end");
        assert_eq!(names(&folder.0), ["mapping.toml"]);
    }

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_replaced() {
        let folder = Folder::new();
        fs::create_dir(folder.0.join("data")).unwrap();
        fs::write(folder.0.join("data/rules"), "old").unwrap();
        let path = folder.0.join("mapping.toml");
        std::os::unix::fs::symlink("data/rules", &path).unwrap();
        replace(&path, "new").unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(folder.0.join("data/rules")).unwrap(), "new");
    }

    #[test]
    fn what_can_not_be_put_in_place_changes_nothing_and_leaves_nothing() {
        let folder = Folder::new();
        // A folder can't be replaced by a file, not even by root.
        fs::create_dir_all(folder.0.join("mapping.toml/in it")).unwrap();
        replace(&folder.0.join("mapping.toml"), "new").unwrap_err();
        assert_eq!(names(&folder.0), ["mapping.toml"]);
        check(&folder.0.join("mapping.toml")).unwrap();
        check(&folder.0.join("no such folder/mapping.toml")).unwrap_err();
    }
}
