//! Amazon Connect's users. (Signatures fixed; bodies being built.)

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Blamed, CallBudget, Clock, Code, ConnectUser, InstanceArn, InstanceName, Placement, ProtectedNames,
    UserId,
};

/// One instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in our configuration.
    pub instance: InstanceName,
    /// Its ARN.
    pub arn: InstanceArn,
    /// What may be done to users.
    pub provisioning: Provisioning,
    /// Whether `Email` is sent (refused by SAML instances, so off by default).
    pub send_email: bool,
    /// How old the name-to-id directory may be before it is read again.
    pub directory_max_age: Duration,
    /// For how long a user that was found in place is not described again.
    pub known_for: Duration,
    /// How long to wait for Connect to show what was just created.
    pub settle_within: Duration,
    /// How long one sign-in may wait for the call budget.
    pub patience: Duration,
}

/// What the gateway may do to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioning {
    /// Nothing: users exist or sign-in is refused.
    Off,
    /// Create missing users; leave existing ones alone.
    Create,
    /// Create missing users and correct existing ones.
    Sync,
}

/// Why a user could not be put in place. (Becomes an enum in `error.rs`.)
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct Error;

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        &crate::model::code::GATEWAY_INTERNAL
    }
}

/// One instance's users.
pub struct Connect {}

impl Connect {
    /// `client` comes from [`client`].
    #[must_use]
    pub fn new(
        _settings: Settings,
        _client: aws_sdk_connect::Client,
        _budget: Arc<dyn CallBudget>,
        _protected: Arc<ProtectedNames>,
        _clock: Arc<dyn Clock>,
    ) -> Self {
        Self {}
    }

    /// Resolve, plan, apply: afterwards the user exists and is placed as the rules want.
    ///
    /// # Errors
    /// See [`Error`].
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn ensure(&self, _placement: &Placement) -> Result<ConnectUser, Error> {
        Err(Error)
    }

    /// Forgets what is cached about this user.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn forget(&self, _user: &UserId) {}
}
