//! How an identity provider says no.

use crate::model::{Code, code};

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

impl StatusCode {
    /// What our request asked for and the identity provider can't do has a page of its own. Core 3.2.2.2.
    pub(super) fn code(self) -> &'static Code {
        match self {
            Self::Known("NoPassive") => &code::SAML_NO_PASSIVE,
            Self::Known("NoAuthnContext") => &code::SAML_AUTHN_CONTEXT,
            Self::Known("InvalidNameIDPolicy") => &code::SAML_NAME_ID,
            _ => &code::SAML_STATUS,
        }
    }
}
