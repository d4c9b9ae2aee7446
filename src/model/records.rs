//! What replicas know together of one user of one instance, and which of them finds it out.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{InstanceName, StateUnavailable};

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// The user was found, or put, in place.
    User,
    /// The user's federation token.
    Token,
    /// Somebody's page waits, and the work goes on meanwhile. Nothing is kept.
    Waiting,
}

impl RecordKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Waiting => "waiting",
        }
    }
}

/// Finds a record.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordKey {
    /// What it says.
    pub kind: RecordKind,
    /// In which instance.
    pub instance: InstanceName,
    /// Of whom.
    pub name: String,
}

/// What is asked of a record: an answer serves its own question only.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The question, by [`digest_of`].
    pub digest: [u8; 32],
    /// An answer that is good for no longer than this is not taken.
    pub at_least: Duration,
    /// Where nothing is kept, nothing is to be found out.
    pub only_if_kept: bool,
}

impl Question {
    /// What is good now, or is found out.
    #[must_use]
    pub fn now(asked: &impl Hash) -> Self {
        Self { digest: digest_of(asked), at_least: Duration::ZERO, only_if_kept: false }
    }
}

/// The right to find something out, for some seconds. Whoever has it renews it while they work.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Whoever asked.
    pub owner: String,
    /// The record's generation as the work began: what is found out for an older one is not kept.
    pub generation: String,
    /// Whether the answer to another question was kept.
    pub replaces_another: bool,
}

/// What there is.
pub enum Found {
    /// The answer.
    Kept(Zeroizing<Vec<u8>>),
    /// None: find it out.
    Yours(Lease),
    /// None yet: somebody is finding it out.
    Theirs,
    /// None, and none is wanted.
    Nothing,
}

/// Shared state: records of users, each found out by one replica at a time.
#[async_trait]
pub trait SharedRecords: Send + Sync {
    /// Reads the record, or gets the right to write it. `owner` is the caller's own random word: whoever asks again with
    /// it has what they had.
    ///
    /// # Errors
    /// [`StateUnavailable`] when nobody can tell.
    async fn begin(
        &self,
        key: &RecordKey,
        question: &Question,
        owner: &str,
    ) -> Result<Found, StateUnavailable>;

    /// Whether the right still holds; it does for some more seconds then.
    ///
    /// # Errors
    /// [`StateUnavailable`] when nobody can tell.
    async fn renew(&self, key: &RecordKey, lease: &Lease) -> Result<bool, StateUnavailable>;

    /// Keeps the answer for `good_for`, and gives the right back. `false`, and nothing is kept, when the record was
    /// purged since it was begun.
    ///
    /// # Errors
    /// [`StateUnavailable`] when it can't be kept.
    async fn keep(
        &self,
        key: &RecordKey,
        lease: &Lease,
        question: &Question,
        answer: &[u8],
        good_for: Duration,
    ) -> Result<bool, StateUnavailable>;

    /// Gives the right back without an answer.
    ///
    /// # Errors
    /// [`StateUnavailable`] when it runs out by itself.
    async fn release(&self, key: &RecordKey, lease: &Lease) -> Result<(), StateUnavailable>;

    /// Drops the record and whatever is being found out for it.
    ///
    /// # Errors
    /// [`StateUnavailable`] when it may still be there.
    async fn purge(&self, key: &RecordKey) -> Result<(), StateUnavailable>;

    /// Whether an answer is kept, to whichever question.
    ///
    /// # Errors
    /// [`StateUnavailable`] when nobody can tell.
    async fn is_kept(&self, key: &RecordKey) -> Result<bool, StateUnavailable>;

    /// A random word for [`Self::begin`].
    fn owner(&self) -> String;
}

/// A digest that is the same in every process of the same build.
pub fn digest_of(value: &impl Hash) -> [u8; 32] {
    struct Digest(Sha256);
    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digest(Sha256::new());
    value.hash(&mut digest);
    digest.0.finalize().into()
}
