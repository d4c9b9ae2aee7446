//! The pace at which AWS allows calls.

use std::time::Duration;

use async_trait::async_trait;

use super::{InstanceArn, Patience, Priority, StateUnavailable, Ticket};

/// One kind of AWS call, as AWS meters it: per account, Region and operation.
/// <https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// Twelve-digit AWS account id.
    pub account: String,
    /// Region code, such as `eu-west-2`.
    pub region: String,
    /// Operation name of the API model, such as `GetFederationToken`.
    pub operation: &'static str,
}

impl Call {
    /// An operation about this instance.
    #[must_use]
    pub fn about(arn: &InstanceArn, operation: &'static str) -> Self {
        Self { account: arn.account.clone(), region: arn.region.clone(), operation }
    }

    /// `sts` or `connect`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        if is_sts(self.operation) { "sts" } else { "connect" }
    }
}

/// Whether an operation of this name is one of STS.
#[must_use]
pub fn is_sts(operation: &str) -> bool {
    operation.starts_with("AssumeRole") || operation == "GetCallerIdentity"
}

/// The call would have to wait longer than its caller may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the call budget is used up for about {retry_after:?}")]
pub struct Busy {
    /// An honest estimate of when the call's turn comes.
    pub retry_after: Duration,
}

/// Why a call may not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// Its turn is too far away.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The line is shared, and could not be asked.
    #[error(transparent)]
    Unavailable(#[from] StateUnavailable),
}

/// How one kind of call stands, for whoever looks after the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct CallUse {
    /// Which calls.
    pub call: Call,
    /// Calls a second at present: the configured rate, or less after AWS throttled.
    pub per_second: f64,
    /// Calls that could be made at once now.
    pub left: u32,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// How often AWS throttled it since the start.
    pub throttled: u64,
}

/// Paces calls so that AWS never has to throttle them.
#[async_trait]
pub trait CallBudget: Send + Sync {
    /// Waits for this call's turn: by [`Priority`], and among equals first come first served, but for those who
    /// come [`Patience::again`].
    ///
    /// # Errors
    /// [`NotAdmitted::Busy`], without taking a turn: at once when the turn is further away than `patience`, or when
    /// `patience` ends before it comes. [`NotAdmitted::Unavailable`]: nobody knows whose turn it is, and no call is made.
    async fn admit(&self, call: &Call, patience: Patience) -> Result<(), NotAdmitted>;

    /// AWS throttled this call all the same: slow down.
    async fn throttled(&self, call: &Call);

    /// When the turn comes that waits under `ticket`; `None` when none does, or nobody can tell. It waits as `priority`
    /// from now on, if that is higher than its own.
    async fn outlook(&self, ticket: Ticket, priority: Priority) -> Option<Duration>;

    /// The calls that this process has made since its start, in no order, as far as it knows how they stand. Asks nobody.
    fn uses(&self) -> Vec<CallUse>;
}
