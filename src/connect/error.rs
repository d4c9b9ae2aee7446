//! Why a user could not be put in place.

use std::time::Duration;

use crate::model::{Blamed, Busy, Code, code};

/// Why a user could not be put in place. The text is for the audit line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The user name may never be federated.
    #[error("the user name is protected")]
    ProtectedUsername,
    /// The rules grant, or the existing user holds, a protected security profile.
    #[error("the security profile {0:?} is protected")]
    ProtectedProfile(String),
    /// The user holds a security profile whose name is not listed, so nobody can say what it is.
    #[error("the user holds security profile {0}, which ListSecurityProfiles does not list")]
    UnlistedProfile(String),
    /// The user is absent and may not be created.
    #[error("the user does not exist and provisioning is off")]
    NoUser,
    /// Several users differ from the wanted name in case only.
    #[error("{0} users differ from the wanted name in case only")]
    AmbiguousUser(usize),
    /// The rules leave out what `CreateUser` needs.
    #[error("the user can't be created: the rules set no {0}")]
    Incomplete(&'static str),
    /// A configured name is not in the instance.
    #[error("the instance has no {kind} named {name:?}")]
    UnknownName {
        /// What was looked for.
        kind: &'static str,
        /// The name in the rules.
        name: String,
    },
    /// Connect said that the user exists and did not show it in time.
    #[error("the user exists already but Connect does not show it yet")]
    Unsettled,
    /// The task that did the work died: a bug of ours.
    #[error("the work was interrupted")]
    Interrupted,
    /// A call failed.
    #[error("{0}")]
    Call(#[from] CallError),
    /// The call budget is used up.
    #[error("{0}")]
    Busy(#[from] Busy),
}

/// An AWS call that failed. AWS's own message is left out: it may quote personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {code}{}", request_id.as_ref().map(|id| format!(" (AWS request id {id})")).unwrap_or_default())]
pub struct CallError {
    /// The operation.
    pub operation: &'static str,
    /// What kind of failure.
    pub cause: Cause,
    /// AWS's error code, or our word for a missing answer.
    pub code: String,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// Kinds of failed calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The resource does not exist (yet).
    NotFound,
    /// The name is taken.
    Duplicate,
    /// A resource quota is full.
    Quota,
    /// The caller may not do this.
    AccessDenied,
    /// The caller's credentials are missing, expired or wrong.
    Credentials,
    /// A value or state was refused.
    Refused,
    /// No usable answer.
    Unavailable,
}

impl Error {
    /// Whether a call failed in this way.
    pub(super) fn is(&self, cause: Cause) -> bool {
        matches!(self, Self::Call(call) if call.cause == cause)
    }
}

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::ProtectedUsername => &code::CONNECT_PROTECTED_USER,
            Self::ProtectedProfile(_) => &code::CONNECT_PROTECTED_PROFILE,
            Self::UnlistedProfile(_) => &code::CONNECT_REFUSED,
            Self::NoUser => &code::CONNECT_NO_USER,
            Self::AmbiguousUser(_) => &code::CONNECT_AMBIGUOUS_USER,
            Self::Incomplete(_) => &code::CONNECT_INCOMPLETE,
            Self::UnknownName { .. } => &code::CONNECT_UNKNOWN_NAME,
            Self::Unsettled => &code::CONNECT_UNAVAILABLE,
            Self::Interrupted => &code::GATEWAY_INTERNAL,
            Self::Call(call) => call.page(),
            Self::Busy(_) => &code::BUSY,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(busy) => Some(busy.retry_after),
            _ => None,
        }
    }
}

impl CallError {
    fn page(&self) -> &'static Code {
        match self.cause {
            Cause::NotFound if !self.operation.contains("User") || self.operation.starts_with("List") => {
                &code::CONNECT_NO_INSTANCE
            }
            Cause::NotFound | Cause::Duplicate | Cause::Refused => &code::CONNECT_REFUSED,
            Cause::Quota => &code::CONNECT_QUOTA,
            Cause::AccessDenied => &code::CONNECT_ACCESS_DENIED,
            Cause::Credentials => &code::FEDERATION_CREDENTIALS,
            Cause::Unavailable => &code::CONNECT_UNAVAILABLE,
        }
    }
}
