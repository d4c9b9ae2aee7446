//! `connect-gateway config migrate`: a configuration file of an older version.

use std::path::Path;

use serde_json::{Value, json};

use super::command::CHANGES;
use super::{Outcome, read_text};
use crate::config::{self, Migrated};

/// Prints what would change in the file at `path`, and changes it where `write`. Exit status 0: nothing to do, or written; 2:
/// there are changes; 1: an error.
#[must_use]
pub fn config_migrate(path: &Path, write: bool, as_json: bool) -> Outcome {
    let migrated = read_text(path)
        .and_then(|text| config::migrate(&text).map_err(|reason| format!("{}: {reason}", path.display())));
    let migrated = match migrated {
        Ok(migrated) => migrated,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let kept = match (write && !migrated.moved.is_empty())
        .then(|| config::rewrite(path, &migrated.text))
        .transpose()
    {
        Ok(kept) => kept,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let kept = kept.map(|kept| kept.display().to_string());
    if as_json {
        say!("{:#}", as_value(&migrated, kept.as_deref()));
    } else {
        say_text!("{}", as_text(path, &migrated, kept.as_deref()));
    }
    if migrated.moved.is_empty() || kept.is_some() {
        Outcome::Done
    } else {
        Outcome::Exit(CHANGES, Vec::new())
    }
}

/// Without values: a line-by-line difference would show what stands beside, and there may be secrets there.
fn as_text(path: &Path, migrated: &Migrated, kept: Option<&str>) -> String {
    let path = path.display();
    if migrated.moved.is_empty() {
        return format!("{path}: nothing to do\n");
    }
    let moved = migrated.moved.iter().map(|it| format!("- {}\n+ {} (since {})\n", it.from, it.to, it.since));
    let moved: String = moved.collect();
    match kept {
        Some(kept) => format!("{moved}Written: {path}. The old file is {kept}.\n"),
        None => format!("{moved}Nothing was written: --write does.\n"),
    }
}

fn as_value(migrated: &Migrated, kept: Option<&str>) -> Value {
    let moved = migrated.moved.iter().map(|it| json!({ "from": it.from, "to": it.to, "since": it.since }));
    json!({ "moved": moved.collect::<Vec<_>>(), "written": kept.is_some(), "old_file": kept })
}
