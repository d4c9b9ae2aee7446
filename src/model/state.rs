//! Shared state: how it fails, whether it is there, and who is told about it.

use std::time::Duration;

use async_trait::async_trait;

use super::{Blamed, Code, code};

/// Shared state could not be reached, takes nothing more, or answered nonsense. Callers fail closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateUnavailable {
    /// Nothing, or nothing of use, came back; the cause is for the log.
    #[error("shared state is unavailable: {0}")]
    NoAnswer(String),
    /// There is no room for what should be kept; the cause is for the log.
    #[error("{FULL}{0}")]
    Full(String),
}

/// How [`StateUnavailable::Full`] begins.
const FULL: &str = "shared state is full: ";

impl StateUnavailable {
    /// The error that says `words`: some traits of others have room for words only.
    #[must_use]
    pub fn from_words(words: &str) -> Self {
        match words.strip_prefix(FULL) {
            Some(cause) => Self::Full(cause.to_owned()),
            None => Self::NoAnswer(words.to_owned()),
        }
    }
}

impl Blamed for StateUnavailable {
    fn code(&self) -> &'static Code {
        match self {
            Self::NoAnswer(_) => &code::GATEWAY_STATE_UNAVAILABLE,
            Self::Full(_) => &code::GATEWAY_STATE_FULL,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(match self {
            Self::NoAnswer(_) => 5,
            Self::Full(_) => 30,
        }))
    }
}

/// Tells whether shared state is there.
#[async_trait]
pub trait StateProbe: Send + Sync {
    /// Asks it.
    ///
    /// # Errors
    /// [`StateUnavailable`] when it does not answer.
    async fn probe(&self) -> Result<(), StateUnavailable>;
}

/// How one round trip to shared state ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoundTrip {
    /// With an answer.
    Answered,
    /// Refused: it is full.
    Full,
    /// Without an answer of use.
    Failed,
}

impl RoundTrip {
    /// For monitoring.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "ok",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }
}

/// Is told every round trip to shared state, for monitoring.
pub trait StateObserver: Send + Sync {
    /// `operation` is one of a few words that the gateway chose, such as `session.load`.
    fn round_trip(&self, operation: &'static str, took: Duration, outcome: RoundTrip);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_is_told_from_a_silent_one_by_its_words_too() {
        let full = StateUnavailable::Full("session.save: OOM".to_owned());
        assert_eq!(StateUnavailable::from_words(&full.to_string()), full);
        let silent = StateUnavailable::NoAnswer("no answer in time".to_owned());
        assert!(matches!(StateUnavailable::from_words(&silent.to_string()), StateUnavailable::NoAnswer(_)));
    }
}
