//! Why a user could not be put in place.

use std::time::Duration;

use super::directory::Kind;
use crate::model::{
    Blamed, Busy, CallError, Cause, Code, MAX_PROFICIENCIES, StateUnavailable, Stopped, Username, code,
};

/// Of the provisioning role, by the client itself when a call needs its credentials.
const ASSUME_ROLE: &str = "AssumeRole";

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
    /// The user holds the security profile of those who left, or the rules grant it.
    #[error(
        "the user is parked: they hold, or the rules grant, the security profile {0:?} of people who left"
    )]
    Parked(String),
    /// Nobody has exactly this name.
    #[error("the instance has no user of exactly that name")]
    NotThere,
    /// Nobody has exactly this name, and one user has it in another case: this one. The text does not name it, as it may be
    /// logged.
    #[error("the instance has no user of exactly that name, but one whose name differs in case only")]
    OtherCase(Username),
    /// The configuration does not say what becomes of people who leave.
    #[error(
        "the configuration does not say what becomes of people who leave: choose instance.<name>.removal.policy"
    )]
    NoRemovalPolicy,
    /// Somebody gave the user other profiles while they were parked.
    #[error("somebody changes the user's profiles at the same time: the user is not parked yet")]
    Unparked,
    /// The user is absent and may not be created.
    #[error("the user does not exist and provisioning is off")]
    NoUser,
    /// Several users differ from the wanted name in case only.
    #[error("{0} users differ from the wanted name in case only")]
    AmbiguousUser(usize),
    /// The rules leave out what `CreateUser` needs.
    #[error("the user can't be created: the rules set no {0}")]
    Incomplete(&'static str),
    /// The rules want more proficiencies than Connect lets a user have.
    #[error("the rules want {0} proficiencies, more than {MAX_PROFICIENCIES}")]
    TooManyProficiencies(usize),
    /// A configured name is not in the instance.
    #[error("the instance has no {kind} named {name:?}")]
    UnknownName {
        /// What was looked for.
        kind: &'static str,
        /// The name in the rules.
        name: String,
    },
    /// The rules want a hierarchy group deeper than the instance has levels.
    #[error("the rules want a hierarchy group {wanted} levels deep, and the instance has {levels}")]
    NoLevel {
        /// How deep.
        wanted: usize,
        /// How many levels there are.
        levels: usize,
    },
    /// Connect said that the hierarchy group exists, and does not show it in its place.
    #[error(
        "a hierarchy group of that name exists already, and Connect does not show it below the wanted parent: names may \
         have to differ in the whole instance"
    )]
    GroupNotShown,
    /// Connect said that the user exists and did not show it in time.
    #[error("the user exists already but Connect does not show it yet")]
    Unsettled,
    /// The user was removed, or their sessions ended, while this was under way.
    #[error(
        "the user was removed, or their sessions were ended, while this was under way: nothing more was changed"
    )]
    Forgotten,
    /// AWS says that nobody can be federated into the instance as it is configured.
    #[error("{0}")]
    Unusable(String),
    /// The task that did the work died: a bug of ours.
    #[error("the work was interrupted")]
    Interrupted,
    /// A call failed.
    #[error("{0}")]
    Call(#[from] CallError),
    /// The call budget is used up.
    #[error("{0}")]
    Busy(#[from] Busy),
    /// What replicas share can't be asked.
    #[error("{0}")]
    State(#[from] StateUnavailable),
}

impl Error {
    /// The error, when it is about the person and the rules: AWS answered, and a sign-in would be refused.
    pub(super) fn if_refusal(self) -> Result<Self, Self> {
        match self {
            Self::Unsettled
            | Self::Forgotten
            | Self::Unparked
            | Self::GroupNotShown
            | Self::Interrupted
            | Self::Call(_)
            | Self::Busy(_)
            | Self::State(_) => Err(self),
            Self::ProtectedUsername
            | Self::ProtectedProfile(_)
            | Self::UnlistedProfile(_)
            | Self::Parked(_)
            | Self::NotThere
            | Self::OtherCase(_)
            | Self::NoRemovalPolicy
            | Self::NoUser
            | Self::AmbiguousUser(_)
            | Self::Incomplete(_)
            | Self::TooManyProficiencies(_)
            | Self::NoLevel { .. }
            | Self::Unusable(_)
            | Self::UnknownName { .. } => Ok(self),
        }
    }

    /// Whether the same question a moment later would get the same answer: AWS was asked, and said no.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Call(call) => call.cause.is_final(),
            error => error.clone().if_refusal().is_ok(),
        }
    }

    /// Whether a command that goes from person to person had better stop: what failed for this one would fail for the
    /// next one. AWS that does not answer is told by [`Self::is_silence`].
    #[must_use]
    pub fn concerns_everybody(&self) -> bool {
        match self {
            Self::Busy(_) | Self::State(_) => true,
            Self::Call(call) => match call.cause {
                Cause::AccessDenied
                | Cause::NoCredentials
                | Cause::ExpiredCredentials
                | Cause::WrongCredentials
                | Cause::ClockOff
                | Cause::Quota
                | Cause::Throttled => true,
                Cause::NotFound => *self.code() == code::CONNECT_NO_INSTANCE,
                Cause::Duplicate | Cause::Refused | Cause::Unavailable => false,
            },
            _ => false,
        }
    }

    /// Whether the user or one of its profiles is protected, or can't be told not to be.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        matches!(self, Self::ProtectedUsername | Self::UnlistedProfile(_))
            || matches!(self, Self::ProtectedProfile(_))
    }

    /// Whether AWS did not answer: a fault of its own, for one person or for all of them.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        self.is(Cause::Unavailable)
    }

    /// The permission that our own AWS identity lacks.
    #[must_use]
    pub fn missing_permission(&self) -> Option<String> {
        match self {
            Self::Call(call) if call.cause == Cause::AccessDenied => {
                let service = if call.operation == ASSUME_ROLE { "sts" } else { "connect" };
                Some(format!("{service}:{}", call.operation))
            }
            _ => None,
        }
    }

    /// What Connect may have refused an id of: what had it can be gone since it was listed. Nothing, where the call that
    /// was refused carries no id, or failed for another reason.
    pub(super) fn doubted(&self) -> &'static [Kind] {
        match self {
            Self::Call(call) if matches!(call.cause, Cause::NotFound | Cause::Refused) => {
                match call.operation {
                    "CreateUser" => &[Kind::SecurityProfile, Kind::RoutingProfile, Kind::HierarchyGroup],
                    "UpdateUserSecurityProfiles" => &[Kind::SecurityProfile],
                    "UpdateUserRoutingProfile" => &[Kind::RoutingProfile],
                    "UpdateUserHierarchy" | "CreateUserHierarchyGroup" => &[Kind::HierarchyGroup],
                    _ => &[],
                }
            }
            _ => &[],
        }
    }

    /// Whether Connect refused to delete what is in use.
    pub(super) fn is_in_use(&self) -> bool {
        matches!(self, Self::Call(call) if call.code == "ResourceInUseException")
    }

    /// Whether a call failed in this way.
    pub(super) fn is(&self, cause: Cause) -> bool {
        matches!(self, Self::Call(call) if call.cause == cause)
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Busy(busy) => Self::Busy(busy),
            Stopped::Unavailable(why) => Self::State(why),
            Stopped::Failed(call) => Self::Call(call),
        }
    }
}

impl Blamed for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::ProtectedUsername => &code::CONNECT_PROTECTED_USER,
            Self::ProtectedProfile(_) => &code::CONNECT_PROTECTED_PROFILE,
            Self::UnlistedProfile(_)
            | Self::TooManyProficiencies(_)
            | Self::GroupNotShown
            | Self::NoRemovalPolicy
            | Self::Unparked => &code::CONNECT_REFUSED,
            Self::Parked(_) => &code::CONNECT_PARKED,
            Self::NoUser | Self::NotThere | Self::OtherCase(_) => &code::CONNECT_NO_USER,
            Self::AmbiguousUser(_) => &code::CONNECT_AMBIGUOUS_USER,
            Self::Incomplete(_) => &code::CONNECT_INCOMPLETE,
            Self::UnknownName { .. } => &code::CONNECT_UNKNOWN_NAME,
            Self::NoLevel { .. } => &code::CONNECT_NO_LEVEL,
            Self::Unsettled | Self::Forgotten => &code::CONNECT_UNAVAILABLE,
            Self::Unusable(_) => &code::CONNECT_INSTANCE_UNUSABLE,
            Self::Interrupted => &code::GATEWAY_INTERNAL,
            Self::Call(call) => page(call),
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

fn page(call: &CallError) -> &'static Code {
    let about_a_user = match call.operation {
        "ListUsers"
        | "ListUserHierarchyGroups"
        | "SearchUserHierarchyGroups"
        | "SearchUsers"
        | "UpdateUserHierarchyStructure"
        | "DescribeUserHierarchyStructure" => false,
        operation => {
            operation.contains("User") || matches!(operation, "TagResource" | "DeleteAllEntitySessions")
        }
    };
    match call.cause {
        Cause::AccessDenied | Cause::NotFound | Cause::Refused if call.operation == ASSUME_ROLE => {
            &code::CONNECT_PROVISIONING_ROLE
        }
        // The user was there a moment ago: what is not there is the predefined attribute.
        Cause::NotFound if call.operation == "AssociateUserProficiencies" => &code::CONNECT_UNKNOWN_NAME,
        Cause::NotFound if !about_a_user => &code::CONNECT_NO_INSTANCE,
        Cause::NotFound | Cause::Duplicate | Cause::Refused => &code::CONNECT_REFUSED,
        Cause::Quota if call.operation == "CreateUserHierarchyGroup" => &code::CONNECT_GROUP_QUOTA,
        Cause::Quota => &code::CONNECT_QUOTA,
        Cause::AccessDenied => &code::CONNECT_ACCESS_DENIED,
        Cause::NoCredentials => &code::FEDERATION_NO_CREDENTIALS,
        Cause::ExpiredCredentials => &code::FEDERATION_EXPIRED_CREDENTIALS,
        Cause::WrongCredentials => &code::FEDERATION_CREDENTIALS,
        Cause::ClockOff => &code::GATEWAY_CLOCK,
        Cause::Throttled | Cause::Unavailable => &code::CONNECT_UNAVAILABLE,
    }
}
