//! A catalogue on its way to [`super::Words`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::language::Language;
use super::text::Kind;
use crate::model::{Problem, nearest};

/// The texts of one language by their dotted keys, and what was found of them.
#[derive(Debug)]
pub struct Texts {
    language: Arc<Language>,
    unread: BTreeMap<String, String>,
    known: Vec<String>,
    missing: Vec<String>,
    problems: Vec<Problem>,
}

impl Texts {
    /// The texts of `language`, to be read.
    #[must_use]
    pub fn new(language: Arc<Language>, texts: BTreeMap<String, String>) -> Self {
        Self { language, unread: texts, known: Vec::new(), missing: Vec::new(), problems: Vec::new() }
    }

    /// Whose they are.
    #[must_use]
    pub fn language(&self) -> Arc<Language> {
        self.language.clone()
    }

    /// The text under `key`; the one of `other` where there is none.
    pub fn read<T: Kind>(&mut self, key: &str, place: &'static str, other: Option<&T>) -> Option<T> {
        T::read(self, key, place).or_else(|| other.cloned())
    }

    /// Every key that was looked for and not found.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// What is wrong with the texts; keys that nobody looked for are, too.
    #[must_use]
    pub fn problems(mut self) -> Vec<Problem> {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        for key in self.unread.keys() {
            let advice = nearest(key, known.iter().copied())
                .map_or_else(|| "en.toml has them all".to_owned(), |near| format!("did you mean `{near}`?"));
            self.problems.push(Problem::new(key, format!("unknown key: {advice}")));
        }
        self.problems
    }

    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let text = self.remove(key);
        if text.is_none() {
            self.miss(key);
        }
        text
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<String> {
        self.known.push(key.to_owned());
        self.unread.remove(key)
    }

    pub(super) fn miss(&mut self, key: &str) {
        self.missing.push(key.to_owned());
    }

    pub(super) fn has_below(&self, key: &str) -> bool {
        let start = format!("{key}.");
        self.unread.keys().any(|key| key.starts_with(&start))
    }

    pub(super) fn noted<T>(&mut self, key: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.problems.push(Problem::new(key, message))).ok()
    }
}
