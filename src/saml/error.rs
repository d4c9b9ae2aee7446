//! Why a sign-in can't start, or a message was refused. Texts are for the audit line and name no value of a person.

use std::time::Duration;

use crate::model::{Blamed, Code, IdpName, StateUnavailable, code};

/// Every cause, in the order the message meets the checks.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // -- set-up --
    /// Our key or certificate can't be used.
    #[error("our signing key or certificate can't be used: {0}")]
    OwnKey(String),
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

    // -- before any XML engine --
    /// More bytes than a response can need.
    #[error("the message is too large")]
    TooLarge,
    /// `SAMLResponse` is not base64.
    #[error("SAMLResponse is not base64")]
    NotBase64,
    /// Not UTF-8, a byte order mark, a NUL, or another declared encoding or XML version.
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
    /// An algorithm is not on the allow-list.
    #[error("{0} is not an accepted algorithm")]
    Algorithm(Algorithm),
    /// The assertion, its subject or an attribute is encrypted.
    #[error("the assertion, its subject or an attribute is encrypted")]
    Encrypted,
    /// A successful response without an assertion.
    #[error("the response holds no assertion")]
    NoAssertion,

    /// The verification panicked: a bug of ours that this message found.
    #[error("the verification stopped unexpectedly")]
    Stopped,
    /// As much as we let wait for a core waits already.
    #[error("too many sign-ins wait for a core")]
    Busy,

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
    /// Valid for longer than we accept, or without an end.
    #[error("the assertion is valid for too long")]
    Lifetime,
    /// No usable authentication statement.
    #[error("no usable authentication statement: {0}")]
    AuthnStatement(&'static str),
    /// The authentication is older than the request that asked for a new one.
    #[error("the authentication is older than the forced request")]
    StaleAuthentication,
    /// The identity provider's session is over.
    #[error("SessionNotOnOrAfter has passed")]
    SessionOver,
    /// The subject or the attributes can't be read.
    #[error("the subject or the attributes can't be read: {0}")]
    Content(&'static str),
    /// The assertion was used before.
    #[error("the assertion was used before")]
    Replay,
    /// The replay store can't tell.
    #[error("the replay store can't tell: {0}")]
    ReplayUnknown(#[from] StateUnavailable),
}

/// The guard's rules, by what they forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Nesting, tag length, attributes, namespaces in scope or nodes beyond what a response needs.
    #[error("too deep or too many parts")]
    Limits,
    /// A comment, processing instruction, CDATA section or document type.
    #[error("a comment, processing instruction, CDATA section or document type")]
    Markup,
    /// A namespace name outside a strict URI alphabet.
    #[error("a namespace name that is not an absolute URI")]
    NamespaceName,
    /// Elements out of the schema's order, or text between them.
    #[error("elements out of the schema's order, or text between them")]
    Structure,
    /// More than one assertion, or one in the wrong place.
    #[error("more than one assertion, or one in the wrong place")]
    Assertions,
    /// A SAML or signature name in a foreign namespace.
    #[error("a SAML or signature element name in a foreign namespace")]
    ForeignName,
    /// An identifier that is prefixed, malformed, too long or not unique.
    #[error("an identifier that is prefixed, malformed, too long or used twice")]
    Identifiers,
    /// A signature in the wrong place.
    #[error("a signature in the wrong place")]
    SignaturePlace,
    /// A signature with other parts than the plain ones.
    #[error("a signature with unusual parts")]
    SignatureShape,
    /// A reference to anything but the parent of its signature.
    #[error("a signature reference to anything but its own parent")]
    Reference,
    /// Base64 text with something else in it.
    #[error("a signature value, digest or certificate that is not plain base64")]
    Base64Text,
    /// Key material by reference.
    #[error("key material of an unusual kind in KeyInfo")]
    KeyInfo,
    /// SAML or signature content where extensions belong.
    #[error("SAML or signature content inside extensions")]
    Extensions,
}

/// Where an algorithm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Algorithm {
    /// `CanonicalizationMethod`.
    #[error("the canonicalisation method")]
    Canonicalization,
    /// `SignatureMethod`.
    #[error("the signature method")]
    Signature,
    /// `DigestMethod`.
    #[error("the digest method")]
    Digest,
}

/// The identity provider's `StatusCode`, as far as we know the word. Never text from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusCode {
    /// The second-level code is this one of SAML core 3.2.2.2.
    #[error("{0}")]
    Known(&'static str),
    /// Something else than Success.
    #[error("with an unknown status")]
    Unknown,
}

/// Why metadata can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Could not be fetched.
    #[error("it could not be fetched: {0}")]
    Fetch(String),
    /// Neither https nor loopback.
    #[error("its address is neither https nor http on this machine")]
    Address,
    /// More bytes than we read.
    #[error("it is too large")]
    TooLarge,
    /// Not XML that we read.
    #[error("it is not XML, or holds a document type")]
    NotXml,
    /// No entity, or several to choose from.
    #[error("it does not describe exactly the wanted entity: set its entity_id")]
    Entity,
    /// Another entity than before, and the configuration names none.
    #[error("its entity id is not the one it had: set its entity_id, or restart to accept the new one")]
    EntityChanged,
    /// No identity provider role.
    #[error("the entity is not a SAML 2.0 identity provider")]
    Role,
    /// A key that can't be read or is too weak.
    #[error("a signing certificate can't be read, or its key is neither RSA of 2048 bits nor P-256 or P-384")]
    Key,
    /// No key for signatures.
    #[error("it has no signing certificate")]
    NoSigningKey,
    /// More keys than we try.
    #[error("it has more than four signing certificates")]
    TooManyKeys,
    /// No usable single sign-on service.
    #[error("it has no single sign-on service with HTTP-Redirect or HTTP-POST at an https address")]
    NoEndpoint,
    /// `validUntil` has passed or can't be read.
    #[error("its validUntil has passed or can't be read")]
    Expired,
}

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::OwnKey(_) | Self::Machinery(_) => &code::GATEWAY_INTERNAL,
            Self::Metadata { .. }
            | Self::MetadataNotLoaded(_)
            | Self::MetadataExpired(_)
            | Self::NoEndpoint(_) => &code::SAML_METADATA,
            Self::UnknownIdp(_) => &code::SIGN_IN_UNKNOWN_IDP,
            Self::TooLarge => &code::WEB_TOO_LARGE,
            Self::NotBase64
            | Self::NotUtf8
            | Self::NotXml
            | Self::NoAssertion
            | Self::Stopped
            | Self::Version
            | Self::Content(_) => &code::SAML_MALFORMED,
            Self::Forbidden(_) => &code::SAML_FORBIDDEN_SHAPE,
            Self::Busy => &code::SAML_BUSY,
            Self::Unsigned => &code::SAML_UNSIGNED,
            Self::Algorithm(_) => &code::SAML_ALGORITHM,
            Self::Encrypted => &code::SAML_ENCRYPTED,
            Self::Signature => &code::SAML_SIGNATURE,
            Self::EnginesDisagree | Self::VerifiedOther => &code::SAML_ENGINES_DISAGREE,
            Self::Destination => &code::SAML_DESTINATION,
            Self::Issuer => &code::SAML_ISSUER,
            Self::Status(_) => &code::SAML_STATUS,
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
            Self::ReplayUnknown(_) => &code::GATEWAY_STATE_UNAVAILABLE,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy).then_some(Duration::from_secs(5))
    }
}
