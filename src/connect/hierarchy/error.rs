//! Why a step could not be made, and who must act.

use crate::connect::Error;
use crate::model::Cause;

/// Why a plan was broken off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct BrokenOff {
    /// How many steps were made before.
    pub done: usize,
    /// Why the next one was not.
    pub error: StepError,
}

/// Why a step could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The levels are not those that the plan was made for.
    #[error("somebody else changed the levels in the meantime: run this again to see what is there now")]
    LevelsChanged,
    /// The group above is not there.
    #[error("the group above it is not there (any more): run this again to see what is there now")]
    NoParent,
    /// The group to rename is gone.
    #[error("the group is not there any more: run this again to see what is there now")]
    Gone,
    /// The new name is taken.
    #[error("a group of that name is there already: run this again to see what is there now")]
    NameTaken,
    /// The group to delete has people or groups in it.
    #[error(
        "Amazon Connect does not delete it: there are groups or people in it (SearchUsers finds {people}). Move them, then \
         run this again"
    )]
    InUse {
        /// How many people are found in it and below.
        people: usize,
    },
    /// A call failed.
    #[error("{0}{advice}", advice = advice(.0))]
    Call(Error),
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

/// What to do about a failed call of a command.
pub(super) fn advice(error: &Error) -> String {
    let Error::Call(call) = error else { return String::new() };
    let advice = match call.cause {
        Cause::AccessDenied => {
            return format!(". The AWS identity of this command needs connect:{}", call.operation);
        }
        Cause::ClockOff => "The clock of this machine is wrong: AWS does not take its signatures",
        Cause::NoCredentials | Cause::ExpiredCredentials | Cause::WrongCredentials => {
            "Check the AWS identity of this command"
        }
        Cause::Quota => {
            "The instance has no room for more groups: ask AWS for a higher quota, or remove some"
        }
        Cause::Throttled => {
            "AWS throttles this call: lower its rate in [budget], or wait for what else uses the account"
        }
        Cause::Unavailable => "AWS does not answer: run this again in a minute; it goes on where it stopped",
        Cause::NotFound if call.operation == "DeleteUserHierarchyGroup" => "It is gone already",
        Cause::NotFound => "Check the instance's ARN in the configuration",
        Cause::Duplicate | Cause::Refused => {
            "Amazon Connect refuses it: CloudTrail has the reason under the request id"
        }
    };
    format!(". {advice}")
}
