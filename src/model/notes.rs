//! Lists that replicas keep together, each with an end: what one of them noted all of them read.

use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::StateUnavailable;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteList {
    /// Sign-ins that somebody vouches for.
    SignIns,
    /// The others.
    Refusals,
}

/// What was noted in one list, oldest first.
pub struct Noted {
    /// Each as it was written.
    pub notes: Vec<Zeroizing<Vec<u8>>>,
    /// Where the next look goes on.
    pub place: u64,
    /// Whether there is more already.
    pub has_more: bool,
}

/// Shared state: notes.
#[async_trait]
pub trait SharedNotes: Send + Sync {
    /// Notes something. The `most` newest notes of the list stay, and none for longer than `life`.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store does not take it.
    async fn note(
        &self,
        list: NoteList,
        note: &[u8],
        most: usize,
        life: Duration,
    ) -> Result<(), StateUnavailable>;

    /// What was noted since `place`; 0 is the beginning.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store does not answer.
    async fn since(&self, list: NoteList, place: u64) -> Result<Noted, StateUnavailable>;
}
