//! Reads one table: every key is taken out by its type; what is left over is unknown.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::{Table, Value};

use crate::model::Problem;

use super::report::Report;

/// One table of the file.
pub(super) struct Section<'r> {
    path: String,
    /// The path with `<name>` where the operator chooses a name.
    template: String,
    table: Table,
    report: &'r Report,
}

impl<'r> Section<'r> {
    /// The whole file.
    pub(super) fn root(table: Table, report: &'r Report) -> Self {
        Self { path: String::new(), template: String::new(), table, report }
    }

    /// Reports every key that nobody took.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let known = self.report.known_below(&self.template).join(", ");
            self.problem(key, format!("unknown key; the keys here are: {known}"));
        }
    }

    /// A problem of `key`; of the section itself when `key` is empty.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>) {
        self.report.problem(Problem::new(self.path_of(key), message));
    }

    /// Something to look at that doesn't stop the gateway.
    pub(super) fn warning(&self, key: &str, message: impl Into<String>) {
        self.report.warning(Problem::new(self.path_of(key), message));
    }

    /// Problems found by a room, under their own keys.
    pub(super) fn problems(&self, problems: Vec<Problem>) {
        for problem in problems {
            self.report.problem(problem);
        }
    }

    /// What a room found that should be looked at, under its own keys.
    pub(super) fn warnings(&self, warnings: &[Problem]) {
        for warning in warnings {
            self.report.warning(warning.clone());
        }
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    pub(super) fn is_override(&self, key: &str) -> bool {
        self.report.is_override(&self.path_of(key))
    }

    /// Text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let parsed = match value.as_str() {
            Some(text) => parse(text),
            None => Err("must be text in quotes".to_owned()),
        };
        self.or_problem(key, parsed)
    }

    /// [`Self::parsed`], and a problem when the key is missing.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        advice: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(key) {
            self.report.know(join(&self.template, key));
            self.problem(key, format!("is missing: {advice}"));
        }
        self.parsed(key, parse)
    }

    /// One line of 1 to `longest` characters.
    pub(super) fn text(&mut self, key: &str, longest: usize) -> Option<String> {
        self.parsed(key, |text| {
            let text = text.trim();
            let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
                .ok_or_else(|| format!("write 1 to {longest} characters on one line"))
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        self.optional_flag(key).unwrap_or(default)
    }

    /// `true`, `false` or nothing.
    pub(super) fn optional_flag(&mut self, key: &str) -> Option<bool> {
        let value = self.take_typed(key)?;
        let flag = value.as_bool().ok_or_else(|| "must be true or false".to_owned());
        self.or_problem(key, flag)
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.take_typed(key) else { return default };
        let number = value
            .as_integer()
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()));
        self.or_problem(key, number).unwrap_or(default)
    }

    /// A whole number of seconds.
    pub(super) fn seconds(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, default, range))
    }

    /// A number above 0.
    pub(super) fn rate(&mut self, key: &str, default: f64) -> f64 {
        let Some(value) = self.take_typed(key) else { return default };
        #[expect(clippy::cast_precision_loss, reason = "compared with 1000 next")]
        let rate = value
            .as_float()
            .or_else(|| value.as_integer().map(|number| number as f64))
            .filter(|rate| *rate > 0.0 && *rate <= 1000.0)
            .ok_or_else(|| "must be a number above 0, at most 1000".to_owned());
        self.or_problem(key, rate).unwrap_or(default)
    }

    /// One of the listed words.
    pub(super) fn one_of<T: Copy>(&mut self, key: &str, words: &[(&str, T)], default: T) -> T {
        let chosen = self.parsed(key, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("must be one of {}", words.join(", "))
            })
        });
        chosen.unwrap_or(default)
    }

    /// Whatever is written, for `parse` to understand.
    pub(super) fn any<T>(&mut self, key: &str, parse: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.take_typed(key)?;
        self.or_problem(key, parse(&value))
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.take_typed(key)?;
        let texts = all_texts(&value).ok_or_else(|| "must be a list of texts: [\"…\", \"…\"]".to_owned());
        self.or_problem(key, texts)
    }

    /// One text or a list of them.
    pub(super) fn text_or_texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take_typed(key) else { return Vec::new() };
        let texts = match value.as_str() {
            Some(text) => Some(vec![text.to_owned()]),
            None => all_texts(&value),
        };
        let usable = texts.filter(|texts| !texts.is_empty() && texts.iter().all(|t| !t.trim().is_empty()));
        self.or_problem(key, usable.ok_or_else(|| "must be a text or a list of texts, none empty".to_owned()))
            .unwrap_or_default()
    }

    /// A table; an absent one reads as an empty one, so that its required keys are missed.
    pub(super) fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'r>) -> T) -> T {
        let table = self.table(key);
        self.below(key, key, table, read)
    }

    /// A table whose keys are names that the operator chose, each a table.
    pub(super) fn named<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&str, &mut Section<'r>) -> T,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for (name, value) in self.table(key) {
            let path = format!("{key}.{name}");
            match value {
                Value::Table(table) => {
                    let template = format!("{key}.<name>");
                    found.push(self.below(&path, &template, table, |section| read(&name, section)));
                }
                _ => self.problem(&path, format!("must be a table: [{}.<name>]", self.path_of(key))),
            }
        }
        found
    }

    /// A list of tables.
    pub(super) fn list<T>(&mut self, key: &str, mut read: impl FnMut(&mut Section<'r>) -> T) -> Vec<T> {
        let items = match self.take(key) {
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.problem(key, format!("must be a list of tables: [[{}]]", self.path_of(key)));
                Vec::new()
            }
            None => Vec::new(),
        };
        let mut list = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{key}[{index}]");
            match item {
                Value::Table(table) => list.push(self.below(&path, key, table, &mut read)),
                _ => self.problem(&path, "must be a table"),
            }
        }
        list
    }

    /// A table of texts under names that the operator chose.
    pub(super) fn text_table(&mut self, key: &str) -> Option<Vec<(String, String)>> {
        if !self.has(key) {
            self.report.know(join(&self.template, key));
            return None;
        }
        let mut texts = Vec::new();
        for (name, value) in self.table(key) {
            match value {
                Value::String(text) => texts.push((name, text)),
                _ => self.problem(&format!("{key}.{name}"), "must be text in quotes"),
            }
        }
        Some(texts)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn below<T>(
        &self,
        path: &str,
        template: &str,
        table: Table,
        read: impl FnOnce(&mut Section<'r>) -> T,
    ) -> T {
        let path = self.path_of(path);
        let template = join(&self.template, template);
        let mut section = Section { path, template, table, report: self.report };
        let value = read(&mut section);
        section.finish();
        value
    }

    fn table(&mut self, key: &str) -> Table {
        match self.take(key) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.problem(key, format!("must be a table: [{}]", self.path_of(key)));
                Table::new()
            }
            None => Table::new(),
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.report.know(join(&self.template, key));
        self.table.remove(key)
    }

    /// A text from the environment is read as TOML where the key wants something else than text.
    fn take_typed(&mut self, key: &str) -> Option<Value> {
        let value = self.take(key)?;
        match &value {
            Value::String(text) if self.is_override(key) => Some(toml_value(text).unwrap_or(value)),
            _ => Some(value),
        }
    }

    fn or_problem<T>(&self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.problem(key, message)).ok()
    }
}

fn join(path: &str, key: &str) -> String {
    match (path, key) {
        ("", key) => key.to_owned(),
        (path, "") => path.to_owned(),
        (path, key) => format!("{path}.{key}"),
    }
}

fn all_texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn toml_value(text: &str) -> Option<Value> {
    toml::from_str::<Table>(&format!("value = {text}")).ok()?.remove("value")
}
