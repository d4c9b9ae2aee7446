//! The file's text: its syntax, and where each key stands in it.

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table};

use crate::model::Problem;

/// The document as a tree.
///
/// # Errors
/// Every syntax error that the parser can tell apart. Never the offending line: it may hold a secret.
pub(super) fn table(text: &str) -> Result<Table, Vec<Problem>> {
    toml::from_str(text).map_err(|first| {
        let (_, all) = DeTable::parse_recoverable(text);
        let all = if all.is_empty() { vec![first] } else { all };
        all.iter().map(|error| syntax_problem(text, error.span(), error.message())).collect()
    })
}

fn syntax_problem(text: &str, span: Option<std::ops::Range<usize>>, message: &str) -> Problem {
    let line = line_at(text, span.map_or(0, |span| span.start));
    Problem::new(format!("line {line}"), format!("not TOML: {message}"))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

/// Finds the line of a key.
pub(super) struct Lines<'t> {
    text: &'t str,
    document: DeTable<'t>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, document: DeTable::parse_recoverable(text).0.into_inner() }
    }

    /// The line of `a.b[2].c`, or of the longest part of it that is in the file.
    pub(super) fn of(&self, key: &str) -> Option<usize> {
        let mut table = &self.document;
        let mut found = None;
        for part in key.split('.') {
            let (name, index) = match part.trim_end_matches(']').split_once('[') {
                Some((name, index)) => (name, index.parse::<usize>().ok()),
                None => (part, None),
            };
            let Some((written, value)) = table.iter().find(|(written, _)| written.get_ref() == name) else {
                break;
            };
            let value = element(value, index);
            found = Some(if index.is_some() { value.span().start } else { written.span().start });
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        found.map(|offset| line_at(self.text, offset))
    }
}

fn element<'v, 't>(value: &'v Spanned<DeValue<'t>>, index: Option<usize>) -> &'v Spanned<DeValue<'t>> {
    index.and_then(|index| value.get_ref().get(index)).unwrap_or(value)
}
