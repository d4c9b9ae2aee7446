//! What the guard and the allow-lists forbid.

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
    /// Octets after the end of a deflated message.
    #[error("something after the end of the message")]
    Trailing,
    /// An element that claims another type than its own.
    #[error("a SAML element of another type than its own")]
    Types,
    /// An encrypted part with other parts than the plain ones, or in the wrong place.
    #[error("an encrypted part with unusual parts, or in the wrong place")]
    Encryption,
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
    /// `EncryptionMethod` of `EncryptedData`.
    #[error("the encryption method of the content")]
    Encryption,
    /// AES-CBC, which proves nothing by itself.
    #[error("AES-CBC, without allow_cbc or outside a verified signature,")]
    Cbc,
    /// `EncryptionMethod` of `EncryptedKey`.
    #[error("the encryption method of the key")]
    KeyTransport,
}
