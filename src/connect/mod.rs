//! Amazon Connect's users: `ensure` = resolve, plan, apply.

mod aged;
mod client;
mod directory;
mod error;
mod hierarchy;
mod named;
mod plan;
mod provision;
mod report;
mod wire;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

pub use client::client;
pub use error::Error;
pub use hierarchy::{
    Allowed, BrokenOff, Conflict, GROUP_QUOTA, Group, Hierarchy, LevelChange, Made, Note, Plan, Step,
    StepError, Tree, Wanted, WantedGroup,
};
pub use named::UnknownName;
pub use report::InstanceReport;

use crate::model::{
    CallBudget, Clock, ConnectUser, InstanceArn, InstanceName, Patience, Placement, ProtectedNames, UserId,
};
use aged::Aged;
use client::Calls;
use provision::Provision;

/// How many users are remembered as found in place.
const KNOWN_USERS: u64 = 100_000;

/// One instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in our configuration.
    pub instance: InstanceName,
    /// Its ARN.
    pub arn: InstanceArn,
    /// What may be done to users.
    pub provisioning: Provisioning,
    /// Which hierarchy groups are created that rules want and the instance lacks.
    pub group_creation: GroupCreation,
    /// Whether `Email` is sent (refused by SAML instances, so off by default).
    pub send_email: bool,
    /// How old the name-to-id directory may be before it is read again.
    pub directory_max_age: Duration,
    /// For how long a user that was found in place is not described again.
    pub known_for: Duration,
    /// How long to wait for Connect to show what was just created.
    pub settle_within: Duration,
    /// How long one sign-in may wait for the call budget.
    pub patience: Duration,
}

/// What the gateway may do to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioning {
    /// Nothing: users exist or sign-in is refused.
    Off,
    /// Create missing users; leave existing ones alone.
    Create,
    /// Create missing users and correct existing ones.
    Sync,
}

/// Which hierarchy groups are created at a sign-in. Levels never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupCreation {
    /// None: a path that is not there is refused.
    Never,
    /// Those whose path is written out in a rule.
    WrittenOut,
    /// Those too whose path is copied or computed from what was sent: whoever writes that can fill the quota of groups.
    Any,
}

/// One instance's users.
pub struct Connect {
    provision: Arc<Provision>,
    /// By user name without its case, so that two spellings never create two users. The question is the
    /// placement's fingerprint, the exact name in it: one spelling's user may not be another's.
    known: Aged<String, u64, ConnectUser>,
    fingerprints: RandomState,
}

impl Connect {
    /// `client` comes from [`client`].
    #[must_use]
    pub fn new(
        settings: Settings,
        client: aws_sdk_connect::Client,
        budget: Arc<dyn CallBudget>,
        protected: Arc<ProtectedNames>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let calls = Arc::new(Calls::new(client, budget, settings.arn.clone()));
        let provision = Arc::new(Provision::new(settings, calls, protected, &clock));
        Self { provision, known: Aged::new(KNOWN_USERS, clock), fingerprints: RandomState::new() }
    }

    /// Resolve, plan, apply: afterwards the user exists and is placed as the rules want. One piece of work
    /// at a time for each user; those who want the same share it, and it goes on when they go away.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ensure(&self, placement: &Placement) -> Result<ConnectUser, Error> {
        self.provision.check_allowed(placement)?;
        let work = || {
            let (provision, placement) = (Arc::clone(&self.provision), placement.clone());
            Box::pin(async move { provision.ensure(&placement).await })
        };
        let known_for = self.provision.settings.known_for;
        let fingerprint = self.fingerprints.hash_one(placement);
        self.known.read(placement.username.folded(), fingerprint, known_for, work).await
    }

    /// Forgets what is cached about this user.
    pub async fn forget(&self, user: &UserId) {
        self.known.drop_where(|known| known.id == *user).await;
    }

    /// Asks AWS what the instance is, for a check before deployment. Needs `connect:DescribeInstance`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self) -> Result<InstanceReport, Error> {
        let patience = Patience::lasting(self.provision.settings.patience);
        let instance = self.provision.calls.describe_instance(patience).await?;
        Ok(InstanceReport::of(instance))
    }
}
