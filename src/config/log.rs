//! `[log]`: what is logged, and how.

use tracing::Level;

use super::files::Files;
use super::section::Section;
use crate::model::Secret;
use crate::model::personal_data::SHORTEST_KEY;

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// The least important level that is logged.
    pub level: Level,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

/// What becomes of what tells one person from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonalDataPolicy {
    /// It is left out.
    Drop,
    /// Its HMAC is written; `None`: with a key of each process.
    Hash(Option<Secret>),
    /// It is written as it is.
    Plain,
}

pub(super) fn read(section: &mut Section<'_>) -> Log {
    let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    Log {
        format: section.one_of("format", &formats, LogFormat::Json),
        level: section.one_of("level", &levels, Level::INFO),
    }
}

pub(super) fn personal_data(section: &mut Section<'_>, files: &Files<'_>) -> PersonalDataPolicy {
    let words = [("drop", "drop"), ("hash", "hash"), ("plain", "plain")];
    let word = section.one_of("personal_data", &words, "drop");
    let is_given = section.has("personal_data_key") || section.has("personal_data_key_file");
    let key = files.secret(section, "personal_data_key", "personal_data_key_file");
    if is_given && word != "hash" {
        section.problem(
            "personal_data",
            "has a key, which only \"hash\" uses: write \"hash\", or take the key out",
        );
    }
    check_key(section, "personal_data_key_file", key.as_ref());
    match word {
        "hash" => PersonalDataPolicy::Hash(key),
        "plain" => PersonalDataPolicy::Plain,
        _ => PersonalDataPolicy::Drop,
    }
}

/// A key that is too short to keep anybody from trying all of them.
pub(super) fn check_key(section: &Section<'_>, name: &str, key: Option<&Secret>) {
    if key.is_some_and(|key| key.expose().trim().len() < SHORTEST_KEY) {
        section.problem(
            name,
            format!("must have {SHORTEST_KEY} characters or more: openssl rand -hex 32 makes a good one"),
        );
    }
}
