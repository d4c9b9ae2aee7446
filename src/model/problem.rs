//! One thing that is wrong with the configuration.

use std::fmt;

/// A problem, with the key it is about. All problems are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the key, such as `instance.prod.role_arn`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Problem {
    /// A problem of `key`.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}
