//! Why metadata is refused.

/// Why metadata can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Could not be fetched.
    #[error("it could not be fetched: {0}")]
    Fetch(String),
    /// A redirect to another host, or one too many.
    #[error("its address leads to another host, or in circles: configure the address where it ends")]
    Redirect,
    /// The certificate that was pinned.
    #[error(
        "metadata_certificate_file does not hold one to four PEM certificates with RSA keys of 2048 bits or keys of P-256 or P-384"
    )]
    Certificate,
    /// A key is pinned, and nothing is signed.
    #[error("it is not signed, and metadata_certificate_file wants it signed")]
    Unsigned,
    /// A key is pinned, and the signature is not one that counts.
    #[error("its signature does not count: {0}")]
    Signature(String),
    /// Reading it panicked: a bug of ours.
    #[error("reading it stopped unexpectedly")]
    Stopped,
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
    #[error(
        "it is not SAML metadata that describes exactly the wanted entity: look at the document, or set its entity_id"
    )]
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
    /// No `validUntil`, where there must be one.
    #[error(
        "it has no validUntil: a signed copy could be served for ever. If that is accepted, set require_valid_until = false"
    )]
    NoValidUntil,
    /// `validUntil` is further ahead than it is trusted.
    #[error("its validUntil is further ahead than max_metadata_days")]
    Lifetime,
}
