//! Brings a file of an older version up to date: keys that moved, with their comments.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::replace;

/// The version of the file's format that this program reads.
const VERSION: i64 = 1;

/// A key that is written elsewhere now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Where it was.
    pub from: &'static str,
    /// Where it is.
    pub to: &'static str,
    /// The first version of this program that wants it there.
    pub since: &'static str,
}

/// Every key that moved, the oldest move first.
const MOVES: &[Move] = &[Move { from: "budget.replicas", to: "state.replicas", since: "0.1.0" }];

/// What became of a file.
#[derive(Debug)]
pub struct Migrated {
    /// The text with every key in its place.
    pub text: String,
    /// Those that moved.
    pub moved: Vec<Move>,
}

/// Where the key at `path` is written now, if it moved.
pub(super) fn moved(path: &str) -> Option<&'static Move> {
    MOVES.iter().find(|moved| moved.from == path)
}

/// Moves every key of `text` that is written elsewhere now.
///
/// # Errors
/// When it is not TOML, of a version that is not known here, or says a thing in both places.
pub fn migrate(text: &str) -> Result<Migrated, String> {
    migrate_by(text, MOVES)
}

fn migrate_by(text: &str, table: &[Move]) -> Result<Migrated, String> {
    // Never the parser's own words: they quote the line, which may hold a secret.
    let mut document: DocumentMut = text.parse().map_err(|_| "is not TOML: `check` says where".to_owned())?;
    check_version(&document)?;
    let mut moved = Vec::new();
    for each in table {
        if take_along(document.as_table_mut(), each)? {
            moved.push(*each);
        }
    }
    Ok(Migrated { text: document.to_string(), moved })
}

/// Puts `text` in the place of the file at `path`, and says where the old file is kept.
///
/// # Errors
/// When either can't be written; the file is as it was then.
pub fn rewrite(path: &Path, text: &str) -> Result<PathBuf, String> {
    let told = |path: &Path, error: &std::io::Error| {
        format!("{}: can't be written: {}", path.display(), error.kind())
    };
    let old = fs::read_to_string(path).map_err(|error| told(path, &error))?;
    let kept = free_name(path);
    let like = fs::metadata(path).ok();
    replace::create(&kept, &old, like.as_ref()).map_err(|error| told(&kept, &error))?;
    replace::replace(path, text).map_err(|error| told(path, &error))?;
    Ok(kept)
}

/// `gateway.toml.old`, or with a number where that is taken.
fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..).map(|number| format!("{name}.old.{number}"));
    let mut names =
        std::iter::once(format!("{name}.old")).chain(numbered).map(|name| path.with_file_name(name));
    names.find(|name| !name.exists()).unwrap_or_else(|| path.with_extension("old"))
}

fn check_version(document: &DocumentMut) -> Result<(), String> {
    match document.get("version").map(Item::as_integer) {
        Some(Some(VERSION)) => Ok(()),
        Some(Some(version)) if version > VERSION => Err(format!(
            "version: {version} is newer than this program, which knows versions up to {VERSION}: use a newer connect-gateway"
        )),
        Some(_) => Err(format!("version: must be {VERSION}, or a number below")),
        None => {
            Err(format!("version: is missing: write `version = {VERSION}` if the file is of that format"))
        }
    }
}

/// Whether there was something to move.
fn take_along(root: &mut Table, moved: &Move) -> Result<bool, String> {
    let ((old, old_key), (new, new_key)) = (split(moved.from), split(moved.to));
    if table(root, old).is_none_or(|table| !table.contains_key(old_key)) {
        return Ok(false);
    }
    if table(root, new).is_some_and(|table| table.contains_key(new_key)) {
        return Err(format!(
            "{}: is also written as {}, where it belongs now: take one out",
            moved.from, moved.to
        ));
    }
    let Some((key, item)) = remove(root, old, old_key) else { return Ok(false) };
    let place = made(root, new).ok_or_else(|| format!("{new}: is not a table"))?;
    place.insert(new_key, item);
    if let (Some(mut written), Some(was)) = (place.key_mut(new_key), Some(key)) {
        *written.leaf_decor_mut() = was.leaf_decor().clone();
    }
    Ok(true)
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|name| !name.is_empty())
}

fn table<'t>(root: &'t mut Table, path: &str) -> Option<&'t mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for name in names(path) {
        table = table.get_mut(name)?.as_table_like_mut()?;
    }
    Some(table)
}

/// The same, made where it is missing.
fn made<'t>(root: &'t mut Table, path: &str) -> Option<&'t mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for name in names(path) {
        if !table.contains_key(name) {
            let mut section = Table::new();
            section.decor_mut().set_prefix("\n");
            table.insert(name, Item::Table(section));
        }
        table = table.get_mut(name)?.as_table_like_mut()?;
    }
    Some(table)
}

fn remove(root: &mut Table, path: &str, key: &str) -> Option<(toml_edit::Key, Item)> {
    let mut item: &mut Table = root;
    let mut rest = names(path).peekable();
    while let Some(name) = rest.next() {
        let next = item.get_mut(name)?;
        if let Some(inline) = next.as_inline_table_mut() {
            return rest
                .peek()
                .is_none()
                .then(|| inline.remove_entry(key))
                .flatten()
                .map(|(key, value)| (key, Item::Value(value)));
        }
        item = next.as_table_mut()?;
    }
    item.remove_entry(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[Move] = &[Move { from: "budget.replicas", to: "state.replicas", since: "0.2.0" }];

    fn text(before: &str) -> String {
        migrate_by(before, EXAMPLE).unwrap().text
    }

    #[test]
    fn a_key_moves_with_its_comments_and_nothing_else_changes() {
        let before = "version = 1 # ours\n\n[budget]\n# two of them\nreplicas = 2 # in eu-west-2\npatience_seconds = 8\n";
        let after = text(before);
        for line in [
            "version = 1 # ours",
            "[budget]",
            "patience_seconds = 8",
            "[state]",
            "# two of them",
            "replicas = 2 # in eu-west-2",
        ] {
            assert!(after.lines().any(|found| found == line), "{line}: {after}");
        }
        let read: toml::Table = after.parse().unwrap();
        assert_eq!(read["state"]["replicas"].as_integer(), Some(2), "{after}");
        assert!(read["budget"].get("replicas").is_none(), "{after}");
        assert_eq!(text(&after), after, "a second time changes nothing");
    }

    #[test]
    fn every_way_to_write_a_table_is_read() {
        for before in [
            "version = 1\nbudget.replicas = 2\n",
            "version = 1\nbudget = { replicas = 2 }\n",
            "version = 1\n[budget]\nreplicas = 2\n[state]\nbackend = \"redis\"\n",
        ] {
            let read: toml::Table = text(before).parse().unwrap();
            assert_eq!(read["state"]["replicas"].as_integer(), Some(2), "{before}");
        }
    }

    #[test]
    fn what_needs_nothing_is_left_as_it_is() {
        let before = "version=1\n\n\n# odd   spacing\n[budget]\n";
        let migrated = migrate_by(before, EXAMPLE).unwrap();
        assert!(migrated.moved.is_empty());
        assert_eq!(migrated.text, before);
    }

    #[test]
    fn a_newer_file_a_file_without_version_and_two_places_are_refused() {
        for (before, word) in [
            ("version = 2\n", "newer"),
            ("version = \"1\"\n", "must be"),
            ("public_url = \"x\"\n", "missing"),
            ("version = 1\nhush = \n", "TOML"),
            ("version = 1\nbudget.replicas = 2\nstate.replicas = 3\n", "take one out"),
        ] {
            let reason = migrate_by(before, EXAMPLE).unwrap_err();
            assert!(reason.contains(word) && !reason.contains("hush"), "{reason}");
        }
    }
}
