//! Amazon Connect's users: `ensure` = resolve, plan, apply. `preview` leaves out the last.

mod aged;
mod browse;
mod client;
mod creation;
mod directory;
mod error;
mod forgotten;
mod hierarchy;
mod named;
mod people;
mod plan;
mod preview;
mod provision;
mod removal;
mod report;
mod shared;
mod standing;
mod unfinished;
mod wire;
mod words;

use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use url::Url;

pub use aws_sdk_connect::Client;
pub use browse::{GroupListing, GroupNode, InUse, Listed, Listings, Read, UserView};
pub use client::client;
pub use error::Error;
pub use hierarchy::{
    Allowed, BrokenOff, Conflict, GROUP_QUOTA, Group, Hierarchy, LevelChange, Made, Note, Plan, Step,
    StepError, Tree, Wanted, WantedGroup,
};
pub use named::UnknownName;
pub use people::{Index, Person};
pub use preview::{Fate, Preview, PreviewField};
pub use removal::{Leaving, Removal, Removed};
pub use report::InstanceReport;
pub use standing::Standing;

use crate::model::{
    Busy, Clock, ConnectUser, InstanceArn, InstanceName, Pace, Patience, PersonalData, Placement, Priority,
    ProtectedNames, SharedRecords, Ticket, UserId, Username,
};
use aged::Aged;
use client::Calls;
use forgotten::{Forgotten, Turns};
use provision::Provision;
use shared::Shared;

/// A piece of work, its many types forgotten.
type Work<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// When to come back for work that has had its turn.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How many users are remembered as found in place.
const KNOWN_USERS: u64 = 100_000;

/// One instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in our configuration.
    pub instance: InstanceName,
    /// Its ARN.
    pub arn: InstanceArn,
    /// Its access URL, as it is configured.
    pub url: Url,
    /// What may be done to users.
    pub provisioning: Provisioning,
    /// Which hierarchy groups are created that rules want and the instance lacks.
    pub group_creation: GroupCreation,
    /// What becomes of users who leave; none: nobody chose, and nobody is removed.
    pub removal: Option<Removal>,
    /// Whether `Email` is sent (refused by SAML instances, so off by default).
    pub send_email: bool,
    /// How old the name-to-id directory may be before it is read again.
    pub directory_max_age: Duration,
    /// For how long a user that was found in place is not described again.
    pub known_for: Duration,
    /// For how long a refusal is answered again without asking AWS.
    pub refusal_for: Duration,
    /// How long to wait for Connect to show what was just created.
    pub settle_within: Duration,
    /// How long one request of a browser may wait for the call budget; and everything that no person waits for.
    pub patience: Duration,
    /// For how long a person's place in the line is kept, request after request.
    pub place_kept_for: Duration,
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

impl Provisioning {
    /// As the configuration writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Create => "create",
            Self::Sync => "sync",
        }
    }
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
    /// What was refused for good, by the same key and question.
    refused: Aged<String, u64, Error>,
    fingerprints: RandomState,
    /// How often a name was forgotten is part of the question: work that was under way then answers nobody afterwards.
    forgotten: Arc<Forgotten>,
    shared: Option<Shared>,
    pace: Pace,
    standing: standing::Kept,
    clock: Arc<dyn Clock>,
}

impl Connect {
    /// `client` comes from [`client`].
    #[must_use]
    pub fn new(
        settings: Settings,
        client: aws_sdk_connect::Client,
        pace: Pace,
        protected: Arc<ProtectedNames>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let calls = Arc::new(Calls::new(client, pace.clone(), settings.arn.clone()));
        let provision = Arc::new(Provision::new(settings, calls, protected, &clock));
        Self {
            provision,
            known: Aged::new(KNOWN_USERS, Arc::clone(&clock)),
            refused: Aged::new(KNOWN_USERS, Arc::clone(&clock)),
            fingerprints: RandomState::new(),
            forgotten: Arc::default(),
            shared: None,
            pace,
            standing: standing::Kept::default(),
            clock,
        }
    }

    /// The same, where other replicas put the same users in place: one of them at a time does, and what it found is asked
    /// for anew each time.
    #[must_use]
    pub fn sharing(self, records: Arc<dyn SharedRecords>) -> Self {
        let settings = &self.provision.settings;
        let shared = Shared::new(records, settings.instance.clone(), settings.known_for);
        Self { shared: Some(shared), ..self }
    }

    /// The same, whose audit lines name users as `personal` lets them.
    #[must_use]
    pub fn telling(self, personal: PersonalData) -> Self {
        // Only the first one counts, and this is it.
        let _ = self.provision.personal.set(personal);
        self
    }

    /// Resolve, plan, apply: afterwards the user exists and is placed as the rules want. One piece of work
    /// at a time for each user; those who want the same share it, and it goes on when they go away: whoever comes back
    /// finds it where it is in the line.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Busy`] says when to come back.
    pub async fn ensure(&self, placement: &Placement) -> Result<ConnectUser, Error> {
        self.ensure_for(placement, Priority::Person).await
    }

    /// The same where it may be less urgent.
    ///
    /// # Errors
    /// The same.
    pub async fn ensure_for(&self, placement: &Placement, priority: Priority) -> Result<ConnectUser, Error> {
        let patience = self.provision.settings.patience;
        if let Ok(ensured) = timeout(patience, self.ensured(placement, priority)).await {
            return ensured;
        }
        let turn = self.pace.budget().outlook(self.ticket(placement), priority).await;
        Err(Error::Busy(Busy { retry_after: turn.unwrap_or(UNDER_WAY) }))
    }

    /// The same as [`Self::ensure`], however long its turn takes: the same piece of work, and the same place in the line.
    ///
    /// # Errors
    /// The same.
    pub async fn ensure_in_turn(&self, placement: &Placement) -> Result<ConnectUser, Error> {
        self.ensured(placement, Priority::Person).await
    }

    async fn ensured(&self, placement: &Placement, priority: Priority) -> Result<ConnectUser, Error> {
        self.provision.check_allowed(placement)?;
        self.check_standing()?;
        let settings = &self.provision.settings;
        let (name, ticket) = (placement.username.folded(), self.ticket(placement));
        let length = if priority == Priority::Person { settings.place_kept_for } else { settings.patience };
        let remembered = self.forgotten.remembered(&placement.username);
        let fingerprint = self.fingerprints.hash_one((placement, remembered.times));
        let work = || -> Work<ConnectUser> {
            let (provision, placement) = (Arc::clone(&self.provision), placement.clone());
            let (refused, name, remembered) = (self.refused.clone(), name.clone(), remembered.clone());
            let (shared, forgotten) = (self.shared.clone(), Arc::clone(&self.forgotten));
            let patience = Patience::lasting(length).as_urgent_as(priority).under(ticket);
            Box::pin(async move {
                if let Some(again) = refused.peek(&name, fingerprint, provision.settings.refusal_for).await {
                    return Err(again);
                }
                let turns = Turns::while_remembered(patience, &remembered);
                let work = Box::pin(provision.ensure(&placement, turns));
                let ensured = match &shared {
                    Some(shared) => {
                        let forget = || forgotten.forget(&placement.username);
                        shared.ensured(&placement, patience.until(), forget, work).await
                    }
                    None => work.await,
                };
                if let Some(error) = ensured.as_ref().err().filter(|error| error.is_final()) {
                    refused.put(name, fingerprint, error.clone()).await;
                }
                ensured
            })
        };
        // What is shared is asked for each time: it may have been forgotten elsewhere.
        let known_for = if self.shared.is_some() { Duration::ZERO } else { settings.known_for };
        self.known.read(name.clone(), fingerprint, known_for, work).await
    }

    fn ticket(&self, placement: &Placement) -> Ticket {
        let instance = &self.provision.settings.instance;
        self.pace.tickets().ticket("user", instance, &placement.username.folded())
    }

    /// Forgets what is cached about this user.
    pub async fn forget(&self, user: &UserId, username: &Username) {
        self.known.drop_where(|known| known.id == *user).await;
        if let Some(shared) = &self.shared {
            shared.forget(username).await;
        }
    }

    /// Forgets that the user of this name, in whatever case, was found in place, or is about to be: what is under way for
    /// them makes no change any more, and ends with [`Error::Forgotten`].
    pub async fn forget_name(&self, username: &Username) {
        self.forgotten.forget(username);
        if let Some(shared) = &self.shared {
            shared.forget(username).await;
        }
    }
}
