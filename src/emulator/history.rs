//! What was asked of the emulator.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;

/// One call, with its outcome.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    /// When it was answered.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// `connect`, `sts`, `signin`, `console`, `site` or `idp`.
    pub service: &'static str,
    /// Operation name, such as `GetFederationToken`.
    pub operation: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Error code of the answer, if it was an error.
    pub error: Option<String>,
    /// Role session name of the caller, or the base identity's ARN.
    pub principal: Option<String>,
    /// Connect username the call is about.
    pub username: Option<String>,
    /// Value of `x-amzn-RequestId`.
    pub request_id: String,
}

/// All calls since the start or the last clearing.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Mutex<Vec<HistoryEntry>>,
}

impl History {
    pub(super) fn record(&self, entry: HistoryEntry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(super) fn all(&self) -> Vec<HistoryEntry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
