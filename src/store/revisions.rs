//! Which changes of sessions this process has saved: each is saved once, although it is asked for twice, the second
//! time by the layer around a request.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use time::Duration;
use tower_sessions::session::Record;
use tower_sessions::session_store::Error;

use super::expiring::Expiring;
use crate::model::Clock;
use crate::model::session_record::{CHANGED, REPLACES, REVISION};

/// Longer than any request.
const LIFE: Duration = Duration::minutes(10);
const MOST: usize = 100_000;

/// The changes that were saved. Clones share them.
#[derive(Clone)]
pub(super) struct Revisions {
    clock: Arc<dyn Clock>,
    saved: Arc<Mutex<Expiring<[u8; 32], ()>>>,
}

impl Revisions {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, saved: Arc::default() }
    }

    /// Whether this state of the record was saved before.
    pub(super) fn has(&self, revision: &str) -> bool {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.sweep(self.clock.now());
        saved.contains(&digest(revision))
    }

    /// Notes that it was.
    pub(super) fn note(&self, revision: &str) {
        let now = self.clock.now();
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.sweep(now);
        while saved.len() >= MOST {
            saved.drop_oldest();
        }
        saved.insert(digest(revision), (), now + LIFE);
    }
}

fn digest(revision: &str) -> [u8; 32] {
    Sha256::digest(revision.as_bytes()).into()
}

/// This state of the record.
///
/// # Errors
/// When it has none: then nobody could tell whether it was saved.
pub(super) fn revision(record: &Record) -> Result<&str, Error> {
    word(record, REVISION).ok_or_else(|| Error::Encode("a session without a revision".to_owned()))
}

/// The state that it takes the place of.
pub(super) fn replaces(record: &Record) -> &str {
    word(record, REPLACES).unwrap_or_default()
}

/// The answer to whoever comes too late.
pub(super) fn changed() -> Error {
    Error::Backend(CHANGED.to_owned())
}

fn word<'r>(record: &'r Record, key: &str) -> Option<&'r str> {
    record.data.get(key)?.as_str()
}
