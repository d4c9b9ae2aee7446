//! Who we are and whom we ask.

use std::time::Duration;

use url::Url;

use crate::model::{IdpName, RequestOptions, Secret};
use crate::outbound::Outbound;

use super::metadata::AboutUs;

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
    /// Keys that identity providers encrypt for, at most three: all are published and tried, the first one first. Without one,
    /// encrypted answers are refused.
    pub decryption_keys: Vec<DecryptionKey>,
    /// Tolerated clock difference, both ways.
    pub clock_skew: Duration,
    /// Longest acceptable assertion lifetime.
    pub max_assertion_lifetime: Duration,
    /// What our metadata says beside keys and addresses.
    pub about: AboutUs,
    /// Where people choose their identity provider, instead of at our own page.
    pub discovery_service: Option<Url>,
    /// The way to metadata and to artifact resolution services.
    pub outbound: Outbound,
}

/// A key that identity providers encrypt for.
#[derive(Debug, Clone)]
pub struct DecryptionKey {
    /// PEM private key (RSA >= 2048).
    pub key: Secret,
    /// PEM certificate of that key, published in the metadata.
    pub certificate: String,
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
    /// The binding for its answers.
    pub response_binding: ResponseBinding,
    /// What it must sign.
    pub want_signed: WantSigned,
    /// Tolerated clock difference to it, when not [`Settings::clock_skew`].
    pub clock_skew: Option<Duration>,
    /// Whether people may be offered to end its session too, when its metadata has a single logout service.
    pub single_logout: bool,
    /// What is asked of it for instances that don't say otherwise.
    pub request: RequestOptions,
    /// Whether it may encrypt with AES-CBC, inside its signature.
    pub allow_cbc: bool,
    /// What its answers may do that nobody here asked for.
    pub idp_initiated: IdpInitiated,
    /// What its metadata must be like to be believed.
    pub trust: MetadataTrust,
}

/// What an identity provider's metadata must be like to be believed, beside coming from its file or address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataTrust {
    /// PEM certificates, at most four: the root of the document must be signed with one of their keys.
    pub certificates: Option<String>,
    /// How far `validUntil` may be ahead; without it any time.
    pub max_lifetime: Option<Duration>,
    /// Whether there must be a `validUntil`. Without it, an old signed document can be served for ever.
    pub needs_valid_until: bool,
}

/// What must be signed for an answer to count. Profiles 4.1.3.5 leaves it to both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantSigned {
    /// The response, the assertion, or both.
    Either,
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// The response and the assertion.
    Both,
}

/// Where an identity provider's metadata comes from.
#[derive(Debug, Clone)]
pub enum MetadataSource {
    /// A file's content, read by the configuration.
    Xml(String),
    /// An https URL (http on loopback only), fetched at start and refreshed in the background.
    Url(Url),
}

/// What becomes of an answer that no request of ours asked for. Profiles 4.1.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdpInitiated {
    /// It is refused.
    #[default]
    Off,
    /// It is verified, and the person is asked whether they are who it says.
    Confirm,
    /// It is not believed: it makes us send a request of our own to its sender.
    Restart,
}

/// Bindings of an `AuthnRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// Bindings of a `Response`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseBinding {
    /// HTTP-POST.
    Post,
    /// HTTP-Artifact, with SOAP for the artifact's resolution.
    Artifact,
}

impl IdpSettings {
    /// An identity provider of which nothing but its metadata is set.
    #[must_use]
    pub fn new(name: IdpName, metadata: MetadataSource) -> Self {
        Self {
            name,
            metadata,
            entity_id: None,
            request_binding: None,
            response_binding: ResponseBinding::Post,
            want_signed: WantSigned::Either,
            clock_skew: None,
            single_logout: true,
            request: RequestOptions::default(),
            allow_cbc: false,
            idp_initiated: IdpInitiated::Off,
            trust: MetadataTrust::default(),
        }
    }
}

impl Settings {
    /// The address of our assertion consumer service.
    #[must_use]
    pub fn acs_url(&self) -> String {
        self.at("/saml/acs")
    }

    /// The address of our metadata.
    pub(super) fn metadata_url(&self) -> String {
        self.at("/saml/metadata")
    }

    /// The address of our single logout service.
    pub(super) fn logout_url(&self) -> String {
        self.at("/saml/logout")
    }

    /// Where a discovery service sends browsers back to, up to the query.
    pub(super) fn discovery_response_url(&self) -> String {
        self.at("/discovery")
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}
