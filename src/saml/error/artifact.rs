//! Why an artifact led to no answer.

use super::Error;

/// Why an artifact led to no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactFault {
    /// This identity provider is not configured to send any.
    #[error("the identity provider is not configured for artifacts: set its response_binding")]
    NotWanted,
    /// Not base64 of 44 octets of type 4.
    #[error("SAMLart is not an artifact of type 4")]
    Malformed,
    /// `SourceID` is not the identity provider that was asked.
    #[error("the artifact is not of the identity provider that was asked")]
    Source,
    /// The metadata has no resolution service with that index.
    #[error("the metadata has no artifact resolution service with the artifact's index")]
    Endpoint,
    /// Another HTTP status than 200.
    #[error("the artifact resolution service answered with status {0}")]
    HttpStatus(u16),
    /// Not an envelope with one message, or with a header that must be understood.
    #[error("the artifact resolution service did not answer with a SOAP envelope of one message")]
    Envelope,
    /// A SOAP fault.
    #[error("the artifact resolution service answered with a SOAP fault")]
    SoapFault,
    /// It has no answer for that artifact.
    #[error("the identity provider keeps no answer for the artifact: it is unknown or was resolved before")]
    NoMessage,
}

impl From<ArtifactFault> for Error {
    fn from(fault: ArtifactFault) -> Self {
        Self::Artifact(fault)
    }
}
