//! Versions of the rules: what was published, by whom and why.

use std::fmt;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::mapping::{Rules, explain};
use crate::model::{Identity, IdpName, InstanceName};

/// The SHA-256 of a text, in hex: two versions with the same one are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// The digest of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(hex::encode(Sha256::digest(text)))
    }

    /// Its beginning, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl From<String> for Digest {
    fn from(hex: String) -> Self {
        Self(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of the rules.
#[derive(Debug, Clone)]
pub struct Version {
    /// When it was published, or when the file was changed.
    pub at: OffsetDateTime,
    /// Who published it; `None`: it was changed in the file, not from here.
    pub by: Option<Author>,
    /// Why, in their words.
    pub why: String,
    /// Of its text.
    pub digest: Digest,
    /// Of the text that it took the place of.
    pub base: Option<Digest>,
}

/// Who published a version: personal data, which is kept beside that version and nowhere else.
#[derive(Clone)]
pub struct Author {
    /// The identity provider whose word it is.
    pub idp: IdpName,
    /// User name and `NameID`.
    pub name: String,
}

impl Author {
    /// The person's user name and `NameID`, each once.
    pub(super) fn of(identity: &Identity, rules: &Rules) -> Self {
        let received = explain(identity, &InstanceName::new(""), rules).received;
        let values =
            |field| received.iter().filter(move |one| one.field == field).flat_map(|one| &one.values);
        let mut names: Vec<&str> = values("username").chain(values("name_id")).map(String::as_str).collect();
        names.dedup();
        Self { idp: identity.idp.clone(), name: names.join(", ") }
    }
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Author").field("idp", &self.idp).finish_non_exhaustive()
    }
}

/// What is kept under a number: a version and its text, or why it can't be read.
pub struct Kept {
    /// Counts up from 1.
    pub number: u32,
    /// The version and its text.
    pub version: Result<(Version, String), String>,
}

/// A version was put in the file.
pub struct Written {
    /// Its number.
    pub number: u32,
    /// How many old versions had to go.
    pub pruned: usize,
}

/// Why a version was not put in the file, which is as it was.
#[derive(Debug)]
pub enum NotWritten {
    /// The file is not what the version is based on.
    Conflict,
    /// What could not be written, and why.
    Failed(String),
}

/// The file of the rules and its versions.
pub trait Versions: Send + Sync {
    /// The file's text as it is now; empty when there is no file.
    ///
    /// # Errors
    /// Why it can't be read.
    fn file(&self) -> Result<String, String>;

    /// Every version that is kept, newest first.
    ///
    /// # Errors
    /// Why nobody can tell.
    fn all(&self) -> Result<Vec<Kept>, String>;

    /// Puts `text` in the file, whole or not at all, and keeps it as a version; and what was in the file, where that
    /// is no version yet. Of several that do so at the same time with the same base exactly one succeeds, in
    /// whatever process.
    ///
    /// # Errors
    /// Why not. Nothing has changed then.
    fn publish(&self, version: &Version, text: &str) -> Result<Written, NotWritten>;

    /// Whether publishing can work at all here.
    ///
    /// # Errors
    /// Why not.
    fn check_writable(&self) -> Result<(), String>;
}
