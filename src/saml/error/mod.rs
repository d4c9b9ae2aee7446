//! Why a sign-in can't start, or a message was refused. Texts are for the audit line and name no value of a person.

mod artifact;
mod metadata;
mod rule;
mod status;

use std::time::Duration;

use crate::model::{Blamed, Code, IdpName, StateUnavailable, code};

pub use artifact::ArtifactFault;
pub use metadata::MetadataError;
pub use rule::{Algorithm, Rule};
pub use status::StatusCode;

/// Every cause, in the order the message meets the checks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // -- set-up --
    /// Our key or certificate can't be used.
    #[error("our signing key or certificate can't be used: {0}")]
    OwnKey(String),
    /// Our keys for decryption can't be used.
    #[error("a decryption key or its certificate can't be used: {0}")]
    DecryptionKeys(String),
    /// The machinery under us does not work: a self-test or a set-up step failed.
    #[error("the SAML machinery does not work here: {0}")]
    Machinery(String),
    /// An identity provider's metadata can't be used.
    #[error("the metadata of {idp} can't be used: {reason}")]
    Metadata {
        /// Whose.
        idp: IdpName,
        /// Why.
        reason: MetadataError,
    },
    /// No identity provider has that name.
    #[error("no identity provider is called {0}")]
    UnknownIdp(IdpName),
    /// The metadata URL has not answered yet.
    #[error("the metadata of {0} was not loaded yet")]
    MetadataNotLoaded(IdpName),
    /// The metadata's `validUntil` has passed and no newer copy came.
    #[error("the metadata of {0} is no longer valid")]
    MetadataExpired(IdpName),
    /// The metadata has no single sign-on service for the configured binding.
    #[error("the metadata of {0} has no single sign-on service for the wanted binding")]
    NoEndpoint(IdpName),

    /// Artifacts are wanted, and the metadata has no service that resolves them.
    #[error("the metadata of {0} has no artifact resolution service")]
    NoArtifactService(IdpName),

    // -- artifacts --
    /// The artifact led to no answer.
    #[error(transparent)]
    Artifact(ArtifactFault),
    /// The identity provider can't be reached, or is too slow.
    #[error("the artifact resolution service does not answer: {0}")]
    BackChannel(String),

    // -- before any XML engine --
    /// More bytes than a response can need.
    #[error("the message is too large")]
    TooLarge,
    /// `SAMLResponse` is not base64.
    #[error("SAMLResponse is not base64")]
    NotBase64,
    /// The query of the Redirect binding can't be read.
    #[error("the query can't be read: {0}")]
    Query(&'static str),
    /// The message in the query is not deflated.
    #[error("the message is not deflated")]
    NotDeflated,
    /// Not UTF-8, a NUL, or another declared encoding or XML version.
    #[error("the message is not plain UTF-8")]
    NotUtf8,
    /// Not well-formed.
    #[error("the message is not well-formed XML")]
    NotXml,
    /// A rule of the guard forbids this shape.
    #[error("the message has a forbidden shape: {0}")]
    Forbidden(Rule),
    /// Nothing that covers the assertion is signed.
    #[error("neither the response nor the assertion is signed")]
    Unsigned,
    /// Another part is signed than the configuration wants.
    #[error("not everything is signed that want_signed asks of this identity provider")]
    NotSignedAsWanted,
    /// An algorithm is not on the allow-list.
    #[error("{0} is not an accepted algorithm")]
    Algorithm(Algorithm),
    /// The assertion, its subject or an attribute is encrypted, and we have no key for it.
    #[error("the assertion, its subject or an attribute is encrypted, and there is no decryption key")]
    Encrypted,
    /// Whatever stops a decryption: one error, so that nobody learns from it.
    #[error("an encrypted part can't be decrypted")]
    Decryption,
    /// A plain text that needs what stands around its cipher text, such as namespace prefixes, or is not XML.
    #[error("the plain text of an encrypted part is not XML that stands by itself")]
    PlainText,
    /// A successful response without an assertion.
    #[error("the response holds no assertion")]
    NoAssertion,

    /// The verification panicked: a bug of ours that this message found.
    #[error("the verification stopped unexpectedly")]
    Stopped,
    /// As much as we let wait for a core waits already.
    #[error("too many sign-ins wait for a core")]
    Busy,

    /// Nobody asked for it, and its issuer is none that may begin a sign-in.
    #[error("nobody asked for this answer, and its issuer may not begin a sign-in")]
    Unsolicited,

    // -- signatures --
    /// Neither engine accepts a signature with this identity provider's keys.
    #[error("a signature does not verify with the keys of the identity provider's metadata")]
    Signature,
    /// One engine accepts what the other refuses, or they read different bytes.
    #[error("the two signature engines disagree")]
    EnginesDisagree,
    /// What was verified is not what the guard saw.
    #[error("the verified bytes are not the element that the signature names")]
    VerifiedOther,

    // -- the rules of SAML --
    /// `Version` is not 2.0.
    #[error("the version is not 2.0")]
    Version,
    /// `Destination` is missing in a signed response, or is not our ACS.
    #[error("Destination is not our assertion consumer service")]
    Destination,
    /// An `Issuer` is not the identity provider that was asked.
    #[error("the issuer is not the identity provider that was asked")]
    Issuer,
    /// The identity provider refused.
    #[error("the identity provider answered {0}")]
    Status(StatusCode),
    /// `InResponseTo` is missing or names another request.
    #[error("InResponseTo does not name the pending request")]
    InResponseTo,
    /// `IssueInstant` is unreadable, in the future, or before our request.
    #[error("IssueInstant is outside the time of this sign-in")]
    IssueInstant,
    /// No bearer confirmation is usable.
    #[error("no usable bearer SubjectConfirmation: {0}")]
    SubjectConfirmation(&'static str),
    /// The bearer confirmation is over.
    #[error("the bearer SubjectConfirmation is over")]
    ConfirmationExpired,
    /// `Conditions` are missing, unreadable or contain something unknown.
    #[error("the conditions can't be met: {0}")]
    Conditions(&'static str),
    /// `NotBefore` is ahead.
    #[error("the assertion is not valid yet")]
    NotYetValid,
    /// `NotOnOrAfter` has passed.
    #[error("the assertion is no longer valid")]
    Expired,
    /// Not every audience restriction names us.
    #[error("an audience restriction does not name us, or there is none")]
    Audience,
    /// Valid for longer than we accept.
    #[error("the assertion is valid for too long")]
    Lifetime,
    /// No usable authentication statement.
    #[error("no usable authentication statement: {0}")]
    AuthnStatement(&'static str),
    /// The authentication is older than the request that asked for a new one.
    #[error("the authentication is older than the forced request")]
    StaleAuthentication,
    /// The authentication is of another class than was requested.
    #[error("the authentication context is none of the requested ones")]
    AuthnContext,
    /// `NameID` is missing or has another format than was requested.
    #[error("the format of NameID is not the requested one")]
    NameIdFormat,
    /// The identity provider's session is over.
    #[error("SessionNotOnOrAfter has passed")]
    SessionOver,
    /// The subject or the attributes can't be read.
    #[error("the subject or the attributes can't be read: {0}")]
    Content(&'static str),
    /// The assertion was used before.
    #[error("the assertion was used before")]
    Replay,
    /// The assertion was issued before the store began to remember what was used, and nobody asked for it after that.
    #[error("the assertion may have been used before: the store has not remembered for long enough to tell")]
    NotRemembered,
    // -- single logout --
    /// A logout message in a form carries no signature over the whole of it, or one in a query none at all.
    #[error("the logout message is not signed")]
    LogoutUnsigned,
    /// `Destination` is missing, or is not our single logout service.
    #[error("Destination is not our single logout service")]
    LogoutDestination,
    /// `IssueInstant` is unreadable, ahead, old, or before our request, or `NotOnOrAfter` has passed.
    #[error("IssueInstant or NotOnOrAfter is outside the time of this logout")]
    LogoutExpired,
    /// The logout request was used before.
    #[error("the logout request was used before")]
    LogoutReplay,
    /// The replay store can't tell.
    #[error("the replay store can't tell: {0}")]
    ReplayUnknown(#[from] StateUnavailable),
}

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::OwnKey(_) | Self::DecryptionKeys(_) | Self::Machinery(_) => &code::GATEWAY_INTERNAL,
            Self::Metadata { .. }
            | Self::MetadataNotLoaded(_)
            | Self::MetadataExpired(_)
            | Self::NoEndpoint(_)
            | Self::NoArtifactService(_) => &code::SAML_METADATA,
            Self::Artifact(_) => &code::SAML_ARTIFACT,
            Self::BackChannel(_) => &code::SAML_BACK_CHANNEL,
            Self::UnknownIdp(_) => &code::SIGN_IN_UNKNOWN_IDP,
            Self::TooLarge => &code::WEB_TOO_LARGE,
            Self::NotBase64
            | Self::Query(_)
            | Self::NotDeflated
            | Self::NotUtf8
            | Self::NotXml
            | Self::NoAssertion
            | Self::PlainText
            | Self::Stopped
            | Self::Version
            | Self::Content(_) => &code::SAML_MALFORMED,
            Self::Forbidden(_) => &code::SAML_FORBIDDEN_SHAPE,
            Self::Busy => &code::SAML_BUSY,
            Self::Unsigned | Self::NotSignedAsWanted => &code::SAML_UNSIGNED,
            Self::Algorithm(_) => &code::SAML_ALGORITHM,
            Self::Unsolicited => &code::SIGN_IN_UNSOLICITED,
            Self::Encrypted => &code::SAML_ENCRYPTED,
            Self::Decryption => &code::SAML_DECRYPTION,
            Self::Signature => &code::SAML_SIGNATURE,
            Self::EnginesDisagree | Self::VerifiedOther => &code::SAML_ENGINES_DISAGREE,
            Self::Destination => &code::SAML_DESTINATION,
            Self::Issuer => &code::SAML_ISSUER,
            Self::Status(status) => status.code(),
            Self::AuthnContext => &code::SAML_AUTHN_CONTEXT,
            Self::NameIdFormat => &code::SAML_NAME_ID,
            Self::InResponseTo => &code::SAML_IN_RESPONSE_TO,
            Self::SubjectConfirmation(_) => &code::SAML_SUBJECT_CONFIRMATION,
            Self::Conditions(_) => &code::SAML_CONDITIONS,
            Self::IssueInstant
            | Self::ConfirmationExpired
            | Self::NotYetValid
            | Self::Expired
            | Self::SessionOver => &code::SAML_EXPIRED,
            Self::Audience => &code::SAML_AUDIENCE,
            Self::Lifetime => &code::SAML_LIFETIME,
            Self::AuthnStatement(_) | Self::StaleAuthentication => &code::SAML_AUTHN_STATEMENT,
            Self::Replay => &code::SAML_REPLAY,
            Self::NotRemembered => &code::SAML_NOT_REMEMBERED,
            Self::LogoutUnsigned => &code::SAML_LOGOUT_UNSIGNED,
            Self::LogoutDestination => &code::SAML_LOGOUT_DESTINATION,
            Self::LogoutExpired => &code::SAML_LOGOUT_EXPIRED,
            Self::LogoutReplay => &code::SAML_LOGOUT_REPLAY,
            Self::ReplayUnknown(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(5)),
            Self::ReplayUnknown(error) => error.retry_after(),
            _ => None,
        }
    }
}
