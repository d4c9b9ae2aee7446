//! HTTP-Artifact: what the browser brings stands for an answer that the identity provider keeps. Bindings 3.6.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::sha::sha1;

use crate::saml::error::{ArtifactFault, Error};

/// Type code, endpoint index, source and message handle. Bindings 3.6.4.2.
const LENGTH: usize = 2 + 2 + 20 + 20;
/// `urn:oasis:names:tc:SAML:2.0:artifact-04`.
const TYPE: [u8; 2] = [0, 4];

/// An artifact that says it is the asked identity provider's.
#[derive(Clone)]
pub(in crate::saml) struct Artifact {
    /// As it came, for the identity provider.
    pub(in crate::saml) text: String,
    /// Which of its resolution services keeps the answer.
    pub(in crate::saml) endpoint: u16,
}

impl Artifact {
    /// Reads `SAMLart` of the identity provider called `entity_id`.
    ///
    /// # Errors
    /// When it is not an artifact of type 4, or another entity's: nobody else is ever asked.
    pub(in crate::saml) fn read(text: &str, entity_id: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text).map_err(|_| ArtifactFault::Malformed)?;
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| ArtifactFault::Malformed)?;
        check_type(&bytes)?;
        check_source(&bytes, entity_id)?;
        Ok(Self { text: text.to_owned(), endpoint: u16::from_be_bytes([bytes[2], bytes[3]]) })
    }
}

/// The type code is 4. Bindings 3.6.4.
fn check_type(artifact: &[u8; LENGTH]) -> Result<(), Error> {
    if artifact.starts_with(&TYPE) { Ok(()) } else { Err(ArtifactFault::Malformed.into()) }
}

/// `SourceID` is the SHA-1 of the entity id. Bindings 3.6.4.2.
fn check_source(artifact: &[u8; LENGTH], entity_id: &str) -> Result<(), Error> {
    if artifact[4..24] == sha1(entity_id.as_bytes()) { Ok(()) } else { Err(ArtifactFault::Source.into()) }
}
