//! Why metadata is refused.

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
