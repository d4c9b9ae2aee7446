//! Reads one table: every key is taken out by its type; what is left over is unknown.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::{Table, Value};

use crate::model::Problem;

use super::migrate;
use super::report::Report;
use super::setting::Read;
use super::shape::{Names, Shape};

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
            if let Some(moved) = migrate::moved(&self.path_of(key)) {
                self.problem(key, format!("is {} now: `config migrate` moves it", moved.to));
                continue;
            }
            let known = self.report.keys_below(&self.template);
            let known: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            self.problem(key, format!("unknown key; the keys here are: {}", known.join(", ")));
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

    /// What holds when nothing is written under a key that was read before, here and everywhere.
    pub(super) fn usual(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        self.report.usual(&join(&self.template, key), &value);
        self.instead(key, value);
    }

    /// What holds in this configuration when nothing is written under a key that was read before.
    pub(super) fn instead(&self, key: &str, value: impl Into<Value>) {
        self.report.instead(&self.path_of(key), value.into());
    }

    /// Notes that a key that was read before must be there; its reader says what is wrong when it is not.
    pub(super) fn require(&self, key: &str) {
        self.report.require(&join(&self.template, key));
    }

    /// Text that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.parsed_as(key, Shape::Text, parse)
    }

    /// [`Self::parsed`], and never shown to anybody.
    pub(super) fn secret<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.parsed_as(key, Shape::Secret, parse)
    }

    fn parsed_as<T>(
        &mut self,
        key: &str,
        shape: Shape,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key, shape)?;
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
            self.problem(key, format!("is missing: {advice}"));
        }
        let parsed = self.parsed(key, parse);
        self.require(key);
        parsed
    }

    /// One line of 1 to `longest` characters.
    pub(super) fn text(&mut self, key: &str, longest: usize) -> Option<String> {
        self.parsed_as(key, Shape::Line(longest), |text| {
            let text = text.trim();
            let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
                .ok_or_else(|| format!("write 1 to {longest} characters on one line"))
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        let flag = self.optional_flag(key);
        self.usual(key, default);
        flag.unwrap_or(default)
    }

    /// `true`, `false` or nothing.
    pub(super) fn optional_flag(&mut self, key: &str) -> Option<bool> {
        let value = self.take(key, Shape::Flag)?;
        let flag = value.as_bool().ok_or_else(|| "must be true or false".to_owned());
        self.or_problem(key, flag)
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let number = self.optional_number(key, range);
        self.usual(key, i64::try_from(default).unwrap_or(i64::MAX));
        number.unwrap_or(default)
    }

    /// A whole number or nothing.
    pub(super) fn optional_number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(key, Shape::Whole(range.clone()))?;
        let number = value
            .as_integer()
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()));
        self.or_problem(key, number)
    }

    /// A whole number of seconds.
    pub(super) fn seconds(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, default, range))
    }

    /// A number above 0.
    pub(super) fn rate(&mut self, key: &str, default: f64) -> f64 {
        const MOST: f64 = 1000.0;
        let value = self.take(key, Shape::Rate(MOST));
        self.usual(key, default);
        let Some(value) = value else { return default };
        #[expect(clippy::cast_precision_loss, reason = "compared with 1000 next")]
        let rate = value
            .as_float()
            .or_else(|| value.as_integer().map(|number| number as f64))
            .filter(|rate| *rate > 0.0 && *rate <= MOST)
            .ok_or_else(|| format!("must be a number above 0, at most {MOST}"));
        self.or_problem(key, rate).unwrap_or(default)
    }

    /// One of the listed words.
    pub(super) fn one_of<T: Copy + PartialEq>(&mut self, key: &str, words: &[(&str, T)], default: T) -> T {
        let shape = Shape::words(words.iter().map(|(word, _)| *word));
        let chosen = self.parsed_as(key, shape, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("must be one of {}", words.join(", "))
            })
        });
        if let Some((word, _)) = words.iter().find(|(_, value)| *value == default) {
            self.usual(key, *word);
        }
        chosen.unwrap_or(default)
    }

    /// Whatever is written, for `parse` to understand; `shape` is what it takes.
    pub(super) fn any<T>(
        &mut self,
        key: &str,
        shape: Shape,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key, shape)?;
        self.or_problem(key, parse(&value))
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.take(key, Shape::texts())?;
        let texts = all_texts(&value).ok_or_else(|| "must be a list of texts: [\"…\", \"…\"]".to_owned());
        self.or_problem(key, texts)
    }

    /// One text or a list of them.
    pub(super) fn text_or_texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key, Shape::text_or_texts()) else { return Vec::new() };
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
        let table = self.table(key, Shape::Section);
        self.below(key, key, table, read)
    }

    /// A table that is read only where it is written.
    pub(super) fn optional<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'r>) -> T) -> Option<T> {
        let is_written = self.has(key);
        let table = self.table(key, Shape::Section);
        is_written.then(|| self.below(key, key, table, read))
    }

    /// A table whose keys are names that the operator chose, each a table; `read` checks the name.
    pub(super) fn named<T>(
        &mut self,
        key: &str,
        names: Names,
        mut read: impl FnMut(&str, &mut Section<'r>) -> T,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for (name, value) in self.table(key, Shape::Named(names)) {
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
        let items = match self.take_out(key, Shape::Sections) {
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

    /// A table of texts under names that the operator chose; `usual` where it is not written.
    pub(super) fn text_table(&mut self, key: &str, usual: &[(&str, &str)]) -> Vec<(String, String)> {
        let is_written = self.has(key);
        let mut texts = Vec::new();
        for (name, value) in self.table(key, Shape::TableOf(Box::new(Shape::Text))) {
            let path = format!("{key}.{name}");
            self.report.read(Read::new(self.path_of(&path), false, Some(&value)));
            match value {
                Value::String(text) => texts.push((name, text)),
                _ => self.problem(&path, "must be text in quotes"),
            }
        }
        let table: Table = usual.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        self.usual(key, table);
        for (name, text) in usual.iter().filter(|_| !is_written) {
            let path = format!("{key}.{name}");
            self.report.read(Read::new(self.path_of(&path), false, None));
            self.instead(&path, *text);
            texts.push(((*name).to_owned(), (*text).to_owned()));
        }
        texts
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

    fn table(&mut self, key: &str, shape: Shape) -> Table {
        match self.take_out(key, shape) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.problem(key, format!("must be a table: [{}]", self.path_of(key)));
                Table::new()
            }
            None => Table::new(),
        }
    }

    fn take_out(&mut self, key: &str, shape: Shape) -> Option<Value> {
        self.report.know(join(&self.template, key), shape);
        self.table.remove(key)
    }

    /// A text from the environment is read as TOML where the key wants something else than text.
    fn take(&mut self, key: &str, shape: Shape) -> Option<Value> {
        let is_secret = shape == Shape::Secret;
        let is_typed = !shape.is_text() && self.is_override(key);
        let value = match self.take_out(key, shape) {
            Some(Value::String(text)) if is_typed => Some(toml_value(&text).unwrap_or(Value::String(text))),
            value => value,
        };
        self.report.read(Read::new(self.path_of(key), is_secret, value.as_ref()));
        value
    }

    fn or_problem<T>(&self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.problem(key, message)).ok()
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
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
