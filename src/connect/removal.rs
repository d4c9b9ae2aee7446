//! People who leave: deleted, or parked. Never somebody whose name differs in a letter, and never who is protected.

use std::collections::BTreeSet;
use std::fmt;

use tokio::time::sleep;

use super::creation::SETTLE_PAUSE;
use super::directory::{Kind, Resolved};
use super::plan::{Change, UserFields};
use super::provision::{Held, Provision};
use super::{Connect, Error, wire};
use crate::model::{Cause, Patience, UserId, Username};

const END_SESSIONS: &str = "DeleteAllEntitySessions";
/// How often a user is parked anew while Connect shows, or somebody gives, other profiles.
const ROUNDS: usize = 4;

/// What becomes of a user who leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// `DeleteUser`: for good.
    Delete,
    /// The user stays, with these profiles and no others, and is refused at every sign-in.
    Park {
        /// The name of the security profile that everybody who left holds, and nobody else.
        security_profile: String,
        /// The name of the routing profile.
        routing_profile: String,
    },
}

/// Somebody who is to leave, and what that takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The user's name, letter by letter.
    pub username: Username,
    /// The user's id.
    pub id: UserId,
    /// What becomes of the user.
    pub removal: Removal,
    /// Whether the user has the profiles of the parked already; what is left is to end sessions.
    pub is_parked: bool,
    /// The operations that would be called to change something, in their order.
    pub calls: Vec<&'static str>,
    /// Names of the quick connects that lead to the user. They are left as they are.
    pub quick_connects: Vec<String>,
}

impl fmt::Debug for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaving").field("id", &self.id).field("calls", &self.calls).finish_non_exhaustive()
    }
}

/// How a removal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// The user is deleted.
    Deleted,
    /// The user is parked, and no session of theirs is left.
    Parked,
    /// The user was gone before.
    Gone,
}

impl Connect {
    /// What becomes of people who leave, where that was chosen.
    #[must_use]
    pub fn removal(&self) -> Option<&Removal> {
        self.provision.settings.removal.as_ref()
    }

    /// What removing this user takes. Calls only what reads; needs `connect:SearchQuickConnects`,
    /// `connect:ListUsers`, `connect:DescribeUser` and the listings of profiles.
    ///
    /// # Errors
    /// [`Error::NotThere`] when nobody has exactly this name; [`Error::ProtectedUsername`] or
    /// [`Error::ProtectedProfile`] for who is never touched; [`Error::NoRemovalPolicy`]; AWS.
    pub async fn leaving(&self, username: &Username, patience: Patience) -> Result<Leaving, Error> {
        self.provision.leaving(username, patience).await
    }

    /// Removes the user, who is looked at again first. What was done before, by a run that was broken off or by somebody
    /// else, is not done twice. Needs the permissions named like [`Leaving::calls`].
    ///
    /// # Errors
    /// As [`Self::leaving`]; [`Error::Unparked`] when somebody gives the user other profiles meanwhile. The same again
    /// goes on where it was broken off.
    pub async fn remove(&self, leaving: &Leaving, patience: Patience) -> Result<Removed, Error> {
        let removed = self.provision.remove(leaving, patience).await;
        self.forget(&leaving.id).await;
        if matches!(removed, Ok(Removed::Deleted | Removed::Gone)) {
            self.provision.directory.forget_user(leaving.id.as_str()).await;
        }
        removed
    }

    /// Ends every session that the user of exactly this name has in Amazon Connect. `false` when there is no such user.
    /// Needs `connect:DeleteAllEntitySessions`.
    ///
    /// # Errors
    /// [`Error::ProtectedUsername`] for a name that never came in through here; AWS.
    pub async fn end_sessions(&self, username: &Username, patience: Patience) -> Result<bool, Error> {
        self.provision.check_username(username.as_str())?;
        let Resolved::User(id) = self.provision.directory.user(username, patience).await? else {
            return Ok(false);
        };
        let held = match self.provision.held(&id, username, patience).await {
            Err(Error::NotThere) => None,
            held => held?,
        };
        match held {
            None => Ok(false),
            Some(held) => self.provision.end_sessions(&held.id, patience).await,
        }
    }

    /// The same for the user with this id.
    ///
    /// # Errors
    /// AWS.
    pub async fn end_sessions_of(&self, id: &UserId, patience: Patience) -> Result<bool, Error> {
        self.provision.end_sessions(id.as_str(), patience).await
    }
}

impl Provision {
    async fn leaving(&self, username: &Username, patience: Patience) -> Result<Leaving, Error> {
        let removal = self.settings.removal.clone().ok_or(Error::NoRemovalPolicy)?;
        self.check_username(username.as_str())?;
        self.check_parking(&removal)?;
        let Resolved::User(id) = self.directory.user(username, patience).await? else {
            return Err(Error::NotThere);
        };
        let held = self.held(&id, username, patience).await?.ok_or(Error::NotThere)?;
        self.check_unprotected(&held, patience).await?;
        let changes = self.parking(&held.fields, &removal, patience).await?;
        let is_parked = changes.as_ref().is_some_and(Vec::is_empty);
        let calls = match &changes {
            None => vec![END_SESSIONS, "DeleteUser"],
            Some(changes) => changes.iter().map(Change::operation).chain([END_SESSIONS]).collect(),
        };
        let quick_connects = self.quick_connects_to(&id).await?;
        let username = username.clone();
        Ok(Leaving { username, id: UserId::new(id), removal, is_parked, calls, quick_connects })
    }

    async fn remove(&self, leaving: &Leaving, patience: Patience) -> Result<Removed, Error> {
        self.check_parking(&leaving.removal)?;
        for round in 0..ROUNDS {
            let held = self.held(leaving.id.as_str(), &leaving.username, patience).await?;
            let Some(held) = held else { return Ok(Removed::Gone) };
            self.check_unprotected(&held, patience).await?;
            match self.parking(&held.fields, &leaving.removal, patience).await? {
                None => return self.delete(&held.id, patience).await,
                Some(changes) if changes.is_empty() => {
                    self.end_sessions(&held.id, patience).await?;
                    return Ok(Removed::Parked);
                }
                Some(changes) => self.park(&held.id, &changes, patience).await?,
            }
            if round > 0 {
                sleep(SETTLE_PAUSE).await;
            }
        }
        Err(Error::Unparked)
    }

    /// Nobody gets back in between: sessions end first, and a user without one is deleted.
    async fn delete(&self, id: &str, patience: Patience) -> Result<Removed, Error> {
        self.end_sessions(id, patience).await?;
        match self.calls.delete_user(id, patience).await {
            // Somebody else was faster.
            Err(error) if error.is(Cause::NotFound) => Ok(Removed::Gone),
            answer => {
                answer?;
                self.note("deleted");
                Ok(Removed::Deleted)
            }
        }
    }

    async fn park(&self, id: &str, changes: &[Change], patience: Patience) -> Result<(), Error> {
        for change in changes {
            self.calls.apply(id, change, patience).await?;
            self.note(change.word());
        }
        Ok(())
    }

    /// `false` when the user is gone.
    async fn end_sessions(&self, id: &str, patience: Patience) -> Result<bool, Error> {
        match self.calls.end_sessions(id, patience).await {
            Err(error) if error.is(Cause::NotFound) => Ok(false),
            answer => {
                answer?;
                self.note("sessions ended");
                Ok(true)
            }
        }
    }

    /// The user with that id, who must have exactly this name; none when it is gone.
    async fn held(&self, id: &str, username: &Username, patience: Patience) -> Result<Option<Held>, Error> {
        let described = match self.calls.describe_user(id, patience).await {
            Err(error) if error.is(Cause::NotFound) => None,
            answer => answer?,
        };
        match described.and_then(|user| Held::of(id, user)) {
            Some(held) if held.username != username.as_str() => Err(Error::NotThere),
            held => Ok(held),
        }
    }

    /// What parks a user who has these fields, the powers first; none where users are deleted.
    async fn parking(
        &self,
        fields: &UserFields,
        removal: &Removal,
        patience: Patience,
    ) -> Result<Option<Vec<Change>>, Error> {
        let Removal::Park { security_profile, routing_profile } = removal else { return Ok(None) };
        let security_profile = self.directory.id(Kind::SecurityProfile, security_profile, patience).await?;
        let routing_profile = self.directory.id(Kind::RoutingProfile, routing_profile, patience).await?;
        let (security_profiles, mut changes) = (BTreeSet::from([security_profile]), Vec::new());
        if fields.security_profiles != security_profiles {
            changes.push(Change::SecurityProfiles(security_profiles));
        }
        if fields.routing_profile.as_ref() != Some(&routing_profile) {
            changes.push(Change::RoutingProfile(routing_profile));
        }
        Ok(Some(changes))
    }

    fn check_parking(&self, removal: &Removal) -> Result<(), Error> {
        match removal {
            Removal::Delete => Ok(()),
            Removal::Park { security_profile, .. } => self.check_profile(security_profile),
        }
    }

    async fn quick_connects_to(&self, id: &str) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> =
            self.calls.quick_connects().await?.iter().filter_map(|found| wire::leads_to(found, id)).collect();
        names.sort();
        Ok(names)
    }
}
