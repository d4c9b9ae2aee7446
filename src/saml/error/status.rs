//! How an identity provider says no.

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
