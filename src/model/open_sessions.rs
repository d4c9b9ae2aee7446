//! Every session at once, for whoever runs the gateway.

use async_trait::async_trait;

use super::{SessionId, StateUnavailable};

/// Shared state: which sessions there are.
#[async_trait]
pub trait OpenSessions: Send + Sync {
    /// The ids of all that have not ended.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell.
    async fn ids(&self) -> Result<Vec<SessionId>, StateUnavailable>;

    /// How many there are, or were half a minute ago: for monitoring.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell.
    async fn count(&self) -> Result<usize, StateUnavailable>;
}
