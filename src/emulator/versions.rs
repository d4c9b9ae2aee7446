//! Things that other views see later than the one that wrote them.

use std::time::Duration;

use time::OffsetDateTime;

/// Older versions than this are seen by nobody: no lag is longer.
const KEPT_FOR: Duration = Duration::from_mins(10);

/// A thing with the versions it had.
#[derive(Debug)]
pub(super) struct Versioned<T> {
    /// Its place in listings.
    pub(super) position: u64,
    created: OffsetDateTime,
    versions: Vec<(OffsetDateTime, Option<T>)>,
}

impl<T> Versioned<T> {
    /// Comes into being at `at`.
    pub(super) fn new(position: u64, at: OffsetDateTime, value: T) -> Self {
        Self { position, created: at, versions: vec![(at, Some(value))] }
    }

    /// The latest version; none once deleted.
    pub(super) fn current(&self) -> Option<&T> {
        self.versions.last().and_then(|(_, value)| value.as_ref())
    }

    /// The version of `lag` ago.
    pub(super) fn seen(&self, now: OffsetDateTime, lag: Duration) -> Option<&T> {
        let then = now - lag;
        self.versions.iter().rev().find(|(at, _)| *at <= then).and_then(|(_, value)| value.as_ref())
    }

    /// Whether it was created no longer than `lag` ago.
    pub(super) fn younger_than(&self, now: OffsetDateTime, lag: Duration) -> bool {
        self.created > now - lag
    }

    /// Writes a version; `None` deletes.
    pub(super) fn write(&mut self, now: OffsetDateTime, value: Option<T>) {
        let oldest_seen = self.versions.iter().rposition(|(at, _)| *at <= now - KEPT_FOR).unwrap_or(0);
        self.versions.drain(..oldest_seen);
        self.versions.push((now, value));
    }
}
