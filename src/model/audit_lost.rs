//! Audit lines that were lost.

use std::sync::atomic::{AtomicU64, Ordering};

/// Audit lines that could not be delivered since the start, by what they were about.
#[derive(Debug, Default)]
pub struct AuditLost {
    /// Decisions about somebody who is known, and what the gateway itself did.
    pub decisions: AtomicU64,
    /// Refusals of requests before it was known who asked.
    pub anonymous: AtomicU64,
}

impl AuditLost {
    /// How many decisions, and how many about nobody known, until now.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.decisions.load(Ordering::Relaxed), self.anonymous.load(Ordering::Relaxed))
    }
}
