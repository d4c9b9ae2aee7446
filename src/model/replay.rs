//! An assertion is used once.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::StateUnavailable;

/// One assertion: its issuer's entity id and its `ID`. SAML profiles 4.1.4.5.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplayKey {
    /// The issuer's entity id.
    pub issuer: String,
    /// The assertion's `ID`.
    pub assertion_id: String,
}

/// What a store remembers of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It was used before.
    Again,
    /// It was not used since the store began to remember. `None`: a store that has never lost anything, as far as it knows.
    First {
        /// What was used before that may be forgotten.
        remembered_since: Option<OffsetDateTime>,
    },
}

/// Shared state: assertions that were used.
#[async_trait]
pub trait ReplayGuard: Send + Sync {
    /// Remembers the assertion until `until`, atomically: [`Use::First`] the first time, [`Use::Again`] after that.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell; the caller refuses the sign-in.
    async fn first_use(&self, key: ReplayKey, until: OffsetDateTime) -> Result<Use, StateUnavailable>;
}
