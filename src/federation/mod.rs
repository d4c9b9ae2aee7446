//! Credentials and tokens for one user. (Signatures fixed; bodies being built.)

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use crate::model::{
    Blamed, CallBudget, Clock, Code, ConnectUser, FederationToken, HandOff, InstanceArn, InstanceName,
    ProtectedNames, Secret, Username,
};

/// One instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in our configuration.
    pub instance: InstanceName,
    /// Its ARN.
    pub arn: InstanceArn,
    /// Its access URL, such as `https://acme.my.connect.aws`: the only origin tokens are sent to.
    pub url: Url,
    /// The federation role.
    pub role_arn: String,
    /// `ExternalId` of the trust policy.
    pub external_id: Option<Secret>,
    /// Whether `SourceIdentity` is set.
    pub source_identity: bool,
    /// How the browser enters.
    pub hand_off: HandOffMode,
    /// AWS federation endpoint, `https://signin.aws.amazon.com/federation` (console mode).
    pub signin_endpoint: Url,
    /// Base of the console, `https://<region>.console.aws.amazon.com` (console mode).
    pub console_url: Url,
    /// `Issuer` of the console login: where AWS sends people whose session ended.
    pub issuer_url: Url,
    /// A token is not served during the last part of its life.
    pub token_margin: Duration,
    /// A token is asked for again this long before it stops being served.
    pub refresh_ahead: Duration,
    /// A token is never served longer than this after it was issued.
    pub max_token_age: Duration,
    /// How long one sign-in may wait for the call budget.
    pub patience: Duration,
}

/// How the browser enters the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOffMode {
    /// A form posted to the instance.
    Instance,
    /// The AWS federation endpoint.
    Console,
}

/// Why there is no token. (Becomes an enum in `error.rs`.)
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct Error;

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        &crate::model::code::GATEWAY_INTERNAL
    }
}

/// Federation into one instance.
pub struct Federation {}

impl Federation {
    /// `sdk` carries the base identity (the gateway's own role) and the endpoints.
    #[must_use]
    pub fn new(
        _settings: Settings,
        _sdk: &aws_config::SdkConfig,
        _endpoints: Endpoints,
        _budget: Arc<dyn CallBudget>,
        _protected: Arc<ProtectedNames>,
        _clock: Arc<dyn Clock>,
    ) -> Self {
        Self {}
    }

    /// The user's token, from the cache or fresh; never served past `not_after` (the gateway session's end).
    ///
    /// # Errors
    /// See [`Error`].
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn token_for(
        &self,
        _user: &ConnectUser,
        _not_after: OffsetDateTime,
    ) -> Result<Arc<FederationToken>, Error> {
        Err(Error)
    }

    /// What the browser needs to enter at `destination` (a path in the instance).
    ///
    /// # Errors
    /// See [`Error`].
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn hand_off(
        &self,
        _user: &ConnectUser,
        _destination: &str,
        _not_after: OffsetDateTime,
    ) -> Result<HandOff, Error> {
        Err(Error)
    }

    /// Users whose cached token is due for replacement now.
    #[must_use]
    pub fn refresh_due(&self) -> Vec<Username> {
        Vec::new()
    }

    /// Replaces the user's cached token by a fresh one, single-flight; keeps the old one when that fails.
    ///
    /// # Errors
    /// See [`Error`].
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn refresh(&self, _user: &ConnectUser, _not_after: OffsetDateTime) -> Result<(), Error> {
        Err(Error)
    }

    /// Drops the user's cached token.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn purge(&self, _username: &Username) {}

    /// Where the instance ends its own session.
    #[must_use]
    pub fn logout_url(&self) -> Option<Url> {
        None
    }
}

/// Endpoints other than the AWS default ones, for the emulator, VPC endpoints and tests.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// Amazon Connect.
    pub connect: Option<Url>,
    /// STS.
    pub sts: Option<Url>,
}
