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

/// Shared state: assertions that were used.
#[async_trait]
pub trait ReplayGuard: Send + Sync {
    /// Remembers the assertion until `until`, atomically. `true` the first time, `false` after that.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell; the caller refuses the sign-in.
    async fn first_use(&self, key: ReplayKey, until: OffsetDateTime) -> Result<bool, StateUnavailable>;
}
