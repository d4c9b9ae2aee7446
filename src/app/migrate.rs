//! `connect-gateway config migrate`: a configuration file of an older version.

use std::path::Path;

use serde_json::{Value, json};
use similar::TextDiff;

use super::command::CHANGES;
use super::{Outcome, read_text};
use crate::config::{self, Migrated};

/// Prints what would change in the file at `path`, and changes it where `write`. Exit status 0: nothing to do, or written; 2:
/// there are changes; 1: an error.
#[must_use]
pub fn config_migrate(path: &Path, write: bool, as_json: bool) -> Outcome {
    let migrated = read_text(path).and_then(|text| {
        let migrated = config::migrate(&text).map_err(|reason| format!("{}: {reason}", path.display()))?;
        Ok((text, migrated))
    });
    let (before, migrated) = match migrated {
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
        println!("{:#}", as_value(&migrated, kept.as_deref()));
    } else {
        print!("{}", as_text(path, &before, &migrated, kept.as_deref()));
    }
    if migrated.moved.is_empty() || kept.is_some() {
        Outcome::Done
    } else {
        Outcome::Exit(CHANGES, Vec::new())
    }
}

fn as_text(path: &Path, before: &str, migrated: &Migrated, kept: Option<&str>) -> String {
    let path = path.display();
    if migrated.moved.is_empty() {
        return format!("{path}: nothing to do\n");
    }
    let moved = migrated.moved.iter().map(|it| format!("{} is {} since {}\n", it.from, it.to, it.since));
    let moved: String = moved.collect();
    // No lines around a change: there may be secrets in them.
    let diff = TextDiff::from_lines(before, &migrated.text);
    let diff = diff.unified_diff().context_radius(0).to_string();
    match kept {
        Some(kept) => format!("{moved}{diff}Written: {path}. The old file is {kept}.\n"),
        None => format!("{moved}{diff}Nothing was written: --write does.\n"),
    }
}

fn as_value(migrated: &Migrated, kept: Option<&str>) -> Value {
    let moved = migrated.moved.iter().map(|it| json!({ "from": it.from, "to": it.to, "since": it.since }));
    json!({ "moved": moved.collect::<Vec<_>>(), "written": kept.is_some(), "old_file": kept })
}
