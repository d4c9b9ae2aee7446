//! What the annotated reference says about each key.

use std::collections::BTreeMap;

use super::report::{Key, Report};
use super::section::join;
use super::shape::Shape;

/// The annotated reference.
pub(super) const REFERENCE: &str = include_str!("../../config/gateway.toml");

/// The comments of a file, by the keys that they are about.
pub(super) struct Descriptions(BTreeMap<String, String>);

impl Descriptions {
    /// A key's comment stands in the lines directly above it and behind it. The first one counts.
    pub(super) fn new(text: &str, report: &Report) -> Self {
        let keys = report.known();
        let (mut found, mut table, mut above) = (BTreeMap::new(), String::new(), Vec::new());
        for line in text.lines() {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix("# ") {
                above.push(comment.trim_end());
                continue;
            }
            let (written, behind) = split(line.strip_prefix('#').unwrap_or(line));
            let key = match written.split_once('=') {
                _ if written.starts_with('[') => {
                    table = template("", written.trim_matches(['[', ']']), &keys);
                    table.clone()
                }
                Some((key, _)) => template(&table, key.trim(), &keys),
                None => String::new(),
            };
            let text = comment(&above, behind);
            above.clear();
            if !key.is_empty() && !text.is_empty() {
                found.entry(key.trim_end_matches(".<name>").to_owned()).or_insert(text);
            }
        }
        Self(found)
    }

    /// What is said about `template`, or about the same key in a table beside its own.
    pub(super) fn of(&self, template: &str) -> Option<&str> {
        let beside = || {
            let (table, key) = template.rsplit_once('.')?;
            let (tables, _) = table.rsplit_once('.')?;
            self.0.iter().find_map(|(other, text)| {
                let (other, same) = other.rsplit_once('.')?;
                (same == key && other.rsplit_once('.')?.0 == tables).then_some(text)
            })
        };
        self.0.get(template).or_else(beside).map(String::as_str)
    }
}

/// `path` below `table`, with `<name>` where the operator chooses a name.
fn template(table: &str, path: &str, keys: &BTreeMap<String, Key>) -> String {
    path.split('.').fold(table.to_owned(), |above, part| {
        let is_name = keys.get(&above).is_some_and(|key| matches!(key.shape, Shape::Named(_)));
        join(&above, if is_name { "<name>" } else { part })
    })
}

/// What is written on a line, and the comment behind it.
fn split(line: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let comment = line.find(|c: char| {
        is_quoted ^= c == '"';
        c == '#' && !is_quoted
    });
    comment.map_or((line, ""), |at| (line[..at].trim_end(), line[at + 1..].trim()))
}

/// Without rulers, and without the name of the variable.
fn comment(above: &[&str], behind: &str) -> String {
    let behind = if behind.starts_with("CONNECT_GATEWAY__") {
        behind.split_once(';').map_or("", |(_, text)| text.trim())
    } else {
        behind
    };
    let lines = above.iter().copied().filter(|line| !line.bytes().all(|b| b == b'-'));
    lines.chain((!behind.is_empty()).then_some(behind)).collect::<Vec<_>>().join("\n")
}
