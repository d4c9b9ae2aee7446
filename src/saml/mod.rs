//! The SAML 2.0 service provider. (Signatures fixed; bodies being built.)

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::model::{
    Blamed, Clock, Code, Departure, Identity, IdpName, PendingSignIn, Random, ReplayGuard, RequestId, Secret,
};

/// Who we are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our entity id.
    pub entity_id: String,
    /// Public base URL; the ACS is `<public_url>/saml/acs`. Never taken from a request.
    pub public_url: Url,
    /// Name for people, in the metadata.
    pub display_name: String,
    /// PEM private key (RSA >= 2048 or P-256/P-384) that signs our requests.
    pub signing_key: Secret,
    /// PEM certificate of that key, published in the metadata.
    pub signing_certificate: String,
    /// Tolerated clock difference, both ways.
    pub clock_skew: Duration,
    /// Longest acceptable assertion lifetime.
    pub max_assertion_lifetime: Duration,
}

/// One identity provider.
#[derive(Debug, Clone)]
pub struct IdpSettings {
    /// Its name in our configuration.
    pub name: IdpName,
    /// Where its metadata comes from.
    pub metadata: MetadataSource,
    /// Its entity id, when the metadata holds several or must match one.
    pub entity_id: Option<String>,
    /// The binding for our requests; by default what its metadata offers, Redirect first.
    pub request_binding: Option<Binding>,
}

/// Where an identity provider's metadata comes from.
#[derive(Debug, Clone)]
pub enum MetadataSource {
    /// A file's content, read by the configuration.
    Xml(String),
    /// An https URL (http on loopback only), fetched at start and refreshed in the background.
    Url(Url),
}

/// Bindings of an `AuthnRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct AuthnRequest {
    /// Its `ID`.
    pub id: RequestId,
    /// How the browser carries it.
    pub departure: Departure,
}

/// An assertion that passed every check. Only [`ServiceProvider::verify`] makes one.
#[derive(Debug)]
pub struct VerifiedAssertion {
    identity: Identity,
}

impl VerifiedAssertion {
    /// Who it speaks of.
    #[must_use]
    pub fn into_identity(self) -> Identity {
        self.identity
    }
}

/// Why a message was refused. (Becomes an enum in `error.rs`.)
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct Error;

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        &crate::model::code::GATEWAY_INTERNAL
    }
}

/// The service provider.
pub struct ServiceProvider {}

impl ServiceProvider {
    /// Checks keys and metadata files; metadata URLs are fetched later by [`Self::refresh_metadata`].
    ///
    /// # Errors
    /// When our key, or an identity provider's metadata, can't be used.
    pub fn new(
        _settings: Settings,
        _idps: Vec<IdpSettings>,
        _clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
        _replay: Arc<dyn ReplayGuard>,
    ) -> Result<Self, Error> {
        Err(Error)
    }

    /// Our metadata document.
    #[must_use]
    pub fn metadata(&self) -> &str {
        ""
    }

    /// Fetches every metadata URL that is due; keeps the last good copy. Called at start and then in the background.
    pub async fn refresh_metadata(&self) {}

    /// A signed request to `idp`.
    ///
    /// # Errors
    /// When that identity provider is unknown or its metadata is not there yet.
    pub fn authn_request(
        &self,
        _idp: &IdpName,
        _force_authn: bool,
        _relay_state: &str,
    ) -> Result<AuthnRequest, Error> {
        Err(Error)
    }

    /// Runs every check on the base64 `SAMLResponse` form field; CPU work off the async threads.
    ///
    /// # Errors
    /// The first check that fails.
    #[expect(clippy::unused_async, reason = "stub")]
    pub async fn verify(
        &self,
        _saml_response: String,
        _pending: &PendingSignIn,
    ) -> Result<VerifiedAssertion, Error> {
        Err(Error)
    }
}
