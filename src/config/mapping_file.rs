//! `mapping_file`: the `[mapping]` section in a file of its own.

use std::path::PathBuf;

use toml::{Table, Value};

use crate::model::Problem;

use super::files::Files;
use super::source;

/// The key that names it.
pub(super) const KEY: &str = "mapping_file";
/// The section that it holds.
const SECTION: &str = "mapping";

/// The file that holds the rules, as it was read.
#[derive(Debug)]
pub(super) struct MappingFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name, as it is written.
    pub(super) name: String,
    /// What is in it.
    pub(super) text: String,
}

/// Puts the section of the file that `mapping_file` names into the tree, as if it were written there.
///
/// # Errors
/// A file that can't be used as such, or a section that is there twice.
pub(super) fn read(table: &mut Table, files: &Files<'_>) -> Result<Option<MappingFile>, Vec<Problem>> {
    // Anything else than a text is reported by whoever reads the key.
    let Some(Value::String(name)) = table.get(KEY) else { return Ok(None) };
    let name = name.clone();
    let wrong = |message: String| vec![Problem::new(KEY, message)];
    if table.contains_key(SECTION) {
        return Err(wrong(format!(
            "the rules are written twice: keep either {name} or the [mapping] section here"
        )));
    }
    let (text, path) = files.read_whole(&name).map_err(wrong)?;
    let mut rules = source::table(&text).map_err(|problems| {
        let in_it = |problem: Problem| Problem { key: format!("{name} {}", problem.key), ..problem };
        problems.into_iter().map(in_it).collect::<Vec<_>>()
    })?;
    if let Some(section) = rules.remove(SECTION) {
        table.insert(SECTION.to_owned(), section);
    }
    let file = MappingFile { path, name, text };
    let others: Vec<Problem> = rules.keys().map(|key| file.foreign(key)).collect();
    if others.is_empty() { Ok(Some(file)) } else { Err(others) }
}

impl MappingFile {
    fn foreign(&self, key: &str) -> Problem {
        let line = source::Lines::new(&self.text).of(key).map_or(0, |line| line);
        let message = format!(
            "does not belong here: the file holds the [mapping] section alone ({} line {line})",
            self.name
        );
        Problem::new(key, message)
    }

    /// Whether a key's place is in this file.
    pub(super) fn holds(key: &str) -> bool {
        key.strip_prefix(SECTION).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}
