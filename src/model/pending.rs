//! A sign-in that has left for the identity provider and has not come back.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::{
    ConsolePath, Destination, Identity, IdpName, InstanceName, RequestId, Requested, SessionId,
    StateUnavailable, TestSignIn, Username,
};

/// Where a sign-in leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Into this instance, and where in it when that is not the instance's default.
    Instance(InstanceName, Option<Destination>),
    /// To this page of the administrators' console, which needs no place in Amazon Connect.
    Console(ConsolePath),
}

impl Target {
    /// The instance, when it is one.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceName> {
        match self {
            Self::Instance(instance, _) => Some(instance),
            Self::Console(_) => None,
        }
    }
}

/// What a request is made for. Only a sign-in has a [`Target`], and only a target can get a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign somebody in.
    SignIn(Target),
    /// To see what a sign-in would do.
    Test(TestSignIn),
}

/// What we remember about one `AuthnRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSignIn {
    /// The `ID` of the request: the only `InResponseTo` that will be accepted.
    pub request_id: RequestId,
    /// Who was asked: the only `Issuer` that will be accepted.
    pub idp: IdpName,
    /// What it was made for.
    pub purpose: Purpose,
    /// What the request asked for.
    pub requested: Requested,
    /// When the request was made, to the millisecond.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub started_at: OffsetDateTime,
    /// Where this browser's session had been handed over to when it left: the answer comes without the session's
    /// cookie, and the new session must be able to end these too.
    pub handed_over: BTreeSet<(InstanceName, Username)>,
    /// That session, which ends when the new one begins.
    pub session: Option<SessionId>,
}

/// A verified answer that nobody asked for, until the person has said that it is about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingConfirmation {
    /// Who the identity provider says the person is.
    pub identity: Identity,
    /// Where the answer leads, when it or the configuration says so.
    pub instance: Option<InstanceName>,
    /// Where in the instance, when it is not the instance's default.
    pub destination: Option<Destination>,
}

/// Finds what is pending only for whoever holds both halves: the `RelayState` that went through the identity
/// provider, or the token on a page of ours, and the secret in the cookie of the browser that began.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingKey([u8; 32]);

impl PendingKey {
    /// Both halves are 40 hex characters of our own making; the separator keeps them apart.
    #[must_use]
    pub fn new(relay_state: &str, browser_secret: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(relay_state.as_bytes());
        hash.update([0]);
        hash.update(browser_secret.as_bytes());
        Self(hash.finalize().into())
    }

    /// For whoever has the link with this token, in any browser.
    #[must_use]
    pub fn of_link(token: &str) -> Self {
        Self::new(token, "link")
    }

    /// The key's bytes, for a store that needs them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for PendingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PendingKey(..)")
    }
}

/// Shared state: what is under way in browsers.
#[async_trait]
pub trait Pending<T: Send>: Send + Sync {
    /// Waits until the store knows since when it remembers: whatever begins after this, it remembers.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store does not answer.
    async fn ready(&self) -> Result<(), StateUnavailable> {
        Ok(())
    }

    /// Keeps `pending` until `expires_at`.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't keep it.
    async fn put(
        &self,
        key: PendingKey,
        pending: T,
        expires_at: OffsetDateTime,
    ) -> Result<(), StateUnavailable>;

    /// Reads once and removes, atomically. `None` when absent, expired or taken before.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell.
    async fn take(&self, key: &PendingKey) -> Result<Option<T>, StateUnavailable>;
}
