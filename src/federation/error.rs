//! Why there is no token.

use std::time::Duration;

use crate::model::{Blamed, Busy, CallError, Cause, Code, StateUnavailable, Stopped, Unreadable, code};

/// Why there is no token. The text is for the audit line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The user name may never be federated.
    #[error("the user name is protected")]
    ProtectedUsername,
    /// The gateway session is over: nothing is handed out for it.
    #[error("the gateway session is over")]
    SessionOver,
    /// STS refuses the federation role.
    #[error("{call}: {reason}")]
    Role {
        /// What STS said.
        call: CallError,
        /// What that means for the role.
        reason: &'static str,
    },
    /// The federation role lacks the permission.
    #[error("{0}: the federation role lacks connect:GetFederationToken at this instance")]
    Permission(CallError),
    /// The user was federated through another role before.
    #[error("{0}: the user is bound to another IAM role")]
    RoleBinding(CallError),
    /// Connect knows no user by that name.
    #[error("{0}: no Connect user has the role session's name")]
    NoUser(CallError),
    /// The token is for another user id than the one that was put in place: the user was created anew.
    #[error("GetFederationToken answered for another user id than the one that was put in place")]
    OtherUser,
    /// Connect refuses to federate.
    #[error("{0}")]
    Refused(CallError),
    /// `SignInUrl` is not the instance's own sign-in address.
    #[error("SignInUrl is not the sign-in address of the configured url")]
    SignInUrl,
    /// Credentials come from people's own answers, and there is none (any more): the identity provider is to be asked.
    #[error("a fresh answer of the identity provider is needed")]
    AnswerNeeded,
    /// The identity provider's answer is none that AWS could take; it was not asked.
    #[error("the identity provider's answer is not for AWS: {0}")]
    Assertion(#[from] AssertionFault),
    /// AWS does not take the identity provider's answer.
    #[error("{call}: {reason}")]
    AssertionRefused {
        /// What STS said.
        call: CallError,
        /// What that means.
        reason: &'static str,
    },
    /// The answer names the role session otherwise than the rules name the user; AWS was not asked.
    #[error("RoleSessionName in the identity provider's answer is not exactly the Connect user name")]
    SessionName,
    /// The credentials are those of another session than was asked for.
    #[error("AssumedRoleUser is not the session that was asked for: the credentials were thrown away")]
    OtherSession,
    /// The answer lacks something.
    #[error("{operation} answered without {missing}")]
    IncompleteAnswer {
        /// The operation.
        operation: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// The federation endpoint gave no sign-in token.
    #[error("getSigninToken failed: {0}")]
    SigninToken(&'static str),
    /// The task that did the work died: a bug of ours.
    #[error("the work was interrupted")]
    Interrupted,
    /// Another failed call.
    #[error("{0}")]
    Call(CallError),
    /// The call budget is used up.
    #[error("{0}")]
    Busy(Busy),
    /// What replicas share can't be asked.
    #[error("{0}")]
    State(#[from] StateUnavailable),
}

/// Why an answer is of no use to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionFault {
    /// AWS can't read it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// More than STS takes.
    #[error("it has more than 100000 characters")]
    TooLong,
    /// It lets another role be assumed, or none.
    #[error("its Role attribute has no value that is exactly role_arn,saml_provider_arn")]
    Role,
}

impl Error {
    /// Whether the same question a moment later would get the same answer: AWS was asked, and said no.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Role { .. }
            | Self::Permission(_)
            | Self::RoleBinding(_)
            | Self::NoUser(_)
            | Self::OtherUser
            | Self::Refused(_)
            | Self::SignInUrl => true,
            Self::Call(call) => call.cause.is_final(),
            // Another answer of the identity provider may be a better one.
            Self::AnswerNeeded
            | Self::Assertion(_)
            | Self::AssertionRefused { .. }
            | Self::SessionName
            | Self::OtherSession
            | Self::ProtectedUsername
            | Self::SessionOver
            | Self::IncompleteAnswer { .. }
            | Self::SigninToken(_)
            | Self::Interrupted
            | Self::Busy(_)
            | Self::State(_) => false,
        }
    }

    /// What a stopped `AssumeRole` means. `denied_action` is the IAM action that AWS named as denied.
    pub(super) fn of_assume_role(stopped: Stopped, denied_action: Option<&'static str>) -> Self {
        match stopped {
            Stopped::Busy(busy) => Self::Busy(busy),
            Stopped::Unavailable(why) => Self::State(why),
            Stopped::Failed(call) => match call.cause {
                Cause::NoCredentials
                | Cause::ExpiredCredentials
                | Cause::WrongCredentials
                | Cause::ClockOff
                | Cause::Throttled
                | Cause::Unavailable => Self::Call(call),
                Cause::AccessDenied => Self::Role { call, reason: denied_action.unwrap_or(DENIED) },
                _ if call.code == "RegionDisabledException" => Self::Role { call, reason: REGION },
                _ => Self::Role { call, reason: "the request for the role was refused" },
            },
        }
    }

    /// What a stopped `GetFederationToken` means.
    pub(super) fn of_federation_token(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Busy(busy) => Self::Busy(busy),
            Stopped::Unavailable(why) => Self::State(why),
            Stopped::Failed(call) => match (call.cause, call.code.as_str()) {
                (Cause::NotFound, "UserNotFoundException") => Self::NoUser(call),
                (Cause::Duplicate, _) => Self::RoleBinding(call),
                (Cause::Refused, _) => Self::Refused(call),
                (Cause::AccessDenied, _) => Self::Permission(call),
                _ => Self::Call(call),
            },
        }
    }
}

const REGION: &str = "STS is not activated for the account in the instance's Region";
/// STS does not tell by which side.
const DENIED: &str = "one of: the role's trust policy does not have this caller, this external id or this session name; or the \
                      caller's own policy lacks sts:AssumeRole on the role";

impl Error {
    /// The permission that is lacking, and whose role lacks it, when that stopped it.
    #[must_use]
    pub fn missing_permission(&self) -> Option<String> {
        match self {
            Self::Permission(_) => Some("connect:GetFederationToken".to_owned()),
            Self::Role { call, reason } if call.cause == Cause::AccessDenied => {
                let set = reason.contains(SET_SOURCE_IDENTITY).then_some(SET_SOURCE_IDENTITY);
                Some(set.unwrap_or("sts:AssumeRole").to_owned())
            }
            _ => None,
        }
    }
}

const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::ProtectedUsername => &code::CONNECT_PROTECTED_USER,
            Self::SessionOver => &code::SIGN_IN_NOT_PENDING,
            Self::AnswerNeeded => &code::FEDERATION_ANSWER_NEEDED,
            Self::Assertion(_) | Self::AssertionRefused { .. } => &code::FEDERATION_ASSERTION,
            Self::SessionName | Self::OtherSession => &code::FEDERATION_SESSION_NAME,
            Self::Role { .. } => &code::FEDERATION_ROLE,
            Self::Permission(_) => &code::FEDERATION_PERMISSION,
            Self::RoleBinding(_) => &code::FEDERATION_ROLE_BINDING,
            Self::NoUser(_) | Self::OtherUser => &code::FEDERATION_NO_USER,
            Self::Refused(_) => &code::FEDERATION_REFUSED,
            Self::SignInUrl => &code::FEDERATION_SIGN_IN_URL,
            Self::IncompleteAnswer { .. } | Self::SigninToken(_) => &code::FEDERATION_UNAVAILABLE,
            Self::Interrupted => &code::GATEWAY_INTERNAL,
            Self::Call(call) => match call.cause {
                Cause::NoCredentials => &code::FEDERATION_NO_CREDENTIALS,
                Cause::ExpiredCredentials => &code::FEDERATION_EXPIRED_CREDENTIALS,
                Cause::WrongCredentials => &code::FEDERATION_CREDENTIALS,
                Cause::ClockOff => &code::GATEWAY_CLOCK,
                Cause::NotFound => &code::CONNECT_NO_INSTANCE,
                _ => &code::FEDERATION_UNAVAILABLE,
            },
            Self::Busy(_) => &code::BUSY,
            Self::State(why) => why.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy(busy) => Some(busy.retry_after),
            Self::State(why) => why.retry_after(),
            _ => None,
        }
    }
}
