//! What a command that looks at many things says of each of them.

use std::fmt;
use std::io::{IsTerminal as _, Write as _, stderr};

use serde_json::{Value, json};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// As it should be.
    Well,
    /// It works, and somebody should look at it.
    Doubtful,
    /// It does not work.
    Failing,
}

impl Standing {
    /// Its name in what is printed.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Doubtful => "warn",
            Self::Failing => "fail",
        }
    }
}

/// What is said of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    /// The thing, such as `idp.okta`.
    pub(super) about: String,
    pub(super) standing: Standing,
    /// How it is and, unless it is well, what to do.
    pub(super) text: String,
}

impl Remark {
    pub(super) fn well(about: impl fmt::Display, text: impl Into<String>) -> Self {
        Self { about: about.to_string(), standing: Standing::Well, text: text.into() }
    }

    pub(super) fn doubtful(about: impl fmt::Display, text: impl Into<String>) -> Self {
        Self { about: about.to_string(), standing: Standing::Doubtful, text: text.into() }
    }

    pub(super) fn failing(about: impl fmt::Display, text: impl Into<String>) -> Self {
        Self { about: about.to_string(), standing: Standing::Failing, text: text.into() }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "about": self.about, "standing": self.standing.word(), "text": self.text })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.text)
    }
}

/// Says what is looked at now to whoever waits at a terminal.
pub(super) fn looking_at(thing: impl fmt::Display) {
    if stderr().is_terminal() {
        // Nobody depends on it.
        let _ = writeln!(stderr(), "looking at {thing}");
    }
}
