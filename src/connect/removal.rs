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

impl Removal {
    /// The security profile of people who left, where they are parked.
    #[must_use]
    pub fn parking_profile(&self) -> Option<&str> {
        match self {
            Self::Delete => None,
            Self::Park { security_profile, .. } => Some(security_profile),
        }
    }
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
    /// Whether the user was parked before; what is left is to end sessions once more.
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

/// One step of a parking.
enum Act {
    Change(Change),
    EndSessions,
}

impl Act {
    fn operation(&self) -> &'static str {
        match self {
            Self::Change(change) => change.operation(),
            Self::EndSessions => END_SESSIONS,
        }
    }
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
    /// [`Error::NotThere`] when nobody has this name in whatever case, [`Error::OtherCase`] or [`Error::AmbiguousUser`] when
    /// somebody has it in another one; [`Error::ProtectedUsername`] or
    /// [`Error::ProtectedProfile`] for who is never touched; [`Error::NoRemovalPolicy`]; AWS.
    pub async fn leaving(&self, username: &Username, patience: Patience) -> Result<Leaving, Error> {
        let leaving = self.leaver(username, patience).await?;
        let quick_connects = self.provision.quick_connects_to(leaving.id.as_str()).await?;
        Ok(Leaving { quick_connects, ..leaving })
    }

    /// The same without the quick connects, which cost a listing of all of them: for whom no plan is shown.
    ///
    /// # Errors
    /// As [`Self::leaving`].
    pub async fn leaver(&self, username: &Username, patience: Patience) -> Result<Leaving, Error> {
        self.provision.leaver(username, patience).await
    }

    /// Removes the user, who is looked at again first. What was done before, by a run that was broken off or by somebody
    /// else, is not done twice. Needs the permissions named like [`Leaving::calls`].
    ///
    /// # Errors
    /// As [`Self::leaving`]; [`Error::Unparked`] when somebody gives the user other profiles meanwhile. The same again
    /// goes on where it was broken off.
    pub async fn remove(&self, leaving: &Leaving, patience: Patience) -> Result<Removed, Error> {
        let removed = self.provision.remove(leaving, patience).await;
        self.forget(&leaving.id, &leaving.username).await;
        if matches!(removed, Ok(Removed::Deleted | Removed::Gone)) {
            self.provision.directory.forget_user(leaving.id.as_str()).await;
        }
        removed
    }

    /// Ends every session that the user of exactly this name has in Amazon Connect. `false` when there is no such user.
    /// Needs `connect:DeleteAllEntitySessions`.
    ///
    /// # Errors
    /// [`Error::ProtectedUsername`] for a name that never came in through here; [`Error::OtherCase`] or
    /// [`Error::AmbiguousUser`] when only others have it in another case; AWS.
    pub async fn end_sessions(&self, username: &Username, patience: Patience) -> Result<bool, Error> {
        self.provision.check_username(username.as_str())?;
        match self.provision.somebody(username, patience).await {
            Err(Error::NotThere) => Ok(false),
            held => self.provision.end_sessions(&held?.id, patience).await,
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
    async fn leaver(&self, username: &Username, patience: Patience) -> Result<Leaving, Error> {
        let removal = self.settings.removal.clone().ok_or(Error::NoRemovalPolicy)?;
        self.check_username(username.as_str())?;
        self.check_parking(&removal)?;
        let held = self.somebody(username, patience).await?;
        self.unprotected_profiles(&held, patience).await?;
        let acts = self.parking(&held.fields, &removal, patience).await?;
        let is_parked = acts.as_ref().is_some_and(Vec::is_empty);
        let calls = match acts.as_deref() {
            None => vec![END_SESSIONS, "DeleteUser"],
            Some([]) => vec![END_SESSIONS],
            Some(acts) => acts.iter().map(Act::operation).collect(),
        };
        let (username, quick_connects) = (username.clone(), Vec::new());
        Ok(Leaving { username, id: UserId::new(held.id), removal, is_parked, calls, quick_connects })
    }

    /// The user of exactly this name, by a listing that is read anew when who is listed is gone.
    async fn somebody(&self, username: &Username, patience: Patience) -> Result<Held, Error> {
        let listed = self.directory.user(username, patience).await?;
        if let Some(held) = self.listed(listed, username, patience).await? {
            return Ok(held);
        }
        let listed = self.directory.user_now(username, patience).await?;
        self.listed(listed, username, patience).await?.ok_or(Error::NotThere)
    }

    /// None when the user is gone.
    async fn listed(
        &self,
        listed: Resolved,
        username: &Username,
        patience: Patience,
    ) -> Result<Option<Held>, Error> {
        let id = match listed {
            Resolved::User(id) => id,
            Resolved::Nobody => return Err(Error::NotThere),
            Resolved::Several(count) => return Err(Error::AmbiguousUser(count)),
        };
        match self.with_id(&id, patience).await? {
            Some(held) if held.username == username.as_str() => Ok(Some(held)),
            Some(held) if held.username.eq_ignore_ascii_case(username.as_str()) => {
                Err(Error::OtherCase(Username::new(held.username).unwrap_or_else(|_| username.clone())))
            }
            // Gone, or the id is somebody else's by now.
            _ => {
                self.directory.forget_user(&id).await;
                Ok(None)
            }
        }
    }

    async fn remove(&self, leaving: &Leaving, patience: Patience) -> Result<Removed, Error> {
        self.check_parking(&leaving.removal)?;
        for round in 0..ROUNDS {
            let held = self.held(leaving.id.as_str(), &leaving.username, patience).await?;
            let Some(held) = held else { return Ok(Removed::Gone) };
            self.unprotected_profiles(&held, patience).await?;
            match self.parking(&held.fields, &leaving.removal, patience).await? {
                None => return self.delete(&held.id, patience).await,
                Some(acts) if acts.is_empty() => {
                    if round == 0 {
                        self.end_sessions(&held.id, patience).await?;
                    }
                    return Ok(Removed::Parked);
                }
                Some(acts) => self.park(&held.id, &acts, patience).await?,
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
                self.note("deleted", None);
                Ok(Removed::Deleted)
            }
        }
    }

    async fn park(&self, id: &str, acts: &[Act], patience: Patience) -> Result<(), Error> {
        for act in acts {
            match act {
                Act::Change(change) => {
                    self.calls.apply(id, change, patience).await?;
                    self.note(change.word(), None);
                }
                Act::EndSessions => _ = self.end_sessions(id, patience).await?,
            }
        }
        Ok(())
    }

    /// `false` when the user is gone.
    async fn end_sessions(&self, id: &str, patience: Patience) -> Result<bool, Error> {
        match self.calls.end_sessions(id, patience).await {
            Err(error) if error.is(Cause::NotFound) => Ok(false),
            answer => {
                answer?;
                self.note("sessions ended", None);
                Ok(true)
            }
        }
    }

    /// The user with that id, who must have exactly this name; none when it is gone.
    async fn held(&self, id: &str, username: &Username, patience: Patience) -> Result<Option<Held>, Error> {
        match self.with_id(id, patience).await? {
            Some(held) if held.username != username.as_str() => Err(Error::NotThere),
            held => Ok(held),
        }
    }

    async fn with_id(&self, id: &str, patience: Patience) -> Result<Option<Held>, Error> {
        let described = match self.calls.describe_user(id, patience).await {
            Err(error) if error.is(Cause::NotFound) => None,
            answer => answer?,
        };
        Ok(described.and_then(|user| Held::of(id, user)))
    }

    /// What parks a user who has these fields, the powers first; none where users are deleted. Sessions end before the
    /// last change: whoever looks parked has none.
    async fn parking(
        &self,
        fields: &UserFields,
        removal: &Removal,
        patience: Patience,
    ) -> Result<Option<Vec<Act>>, Error> {
        let Removal::Park { security_profile, routing_profile } = removal else { return Ok(None) };
        let security_profile = self.directory.id(Kind::SecurityProfile, security_profile, patience).await?;
        let routing_profile = self.directory.id(Kind::RoutingProfile, routing_profile, patience).await?;
        let security_profiles = BTreeSet::from([security_profile]);
        let has_powers = fields.security_profiles != security_profiles;
        let has_work = fields.routing_profile.as_ref() != Some(&routing_profile);
        let powers = Act::Change(Change::SecurityProfiles(security_profiles));
        let work = Act::Change(Change::RoutingProfile(routing_profile));
        Ok(Some(match (has_powers, has_work) {
            (true, true) => vec![powers, Act::EndSessions, work],
            (false, true) => vec![Act::EndSessions, work],
            // Nothing else would tell a run that was broken off in between.
            (true, false) => vec![Act::EndSessions, powers, Act::EndSessions],
            (false, false) => Vec::new(),
        }))
    }

    /// Whether these profiles are exactly those of people who left.
    pub(super) fn is_parked_whole(&self, profiles: &BTreeSet<String>, routing: Option<&str>) -> bool {
        match &self.settings.removal {
            Some(Removal::Park { security_profile, routing_profile }) => {
                profiles.iter().eq([security_profile]) && routing == Some(routing_profile)
            }
            Some(Removal::Delete) | None => false,
        }
    }

    fn check_parking(&self, removal: &Removal) -> Result<(), Error> {
        removal.parking_profile().map_or(Ok(()), |profile| self.check_profile(profile))
    }

    async fn quick_connects_to(&self, id: &str) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> =
            self.calls.quick_connects().await?.iter().filter_map(|found| wire::leads_to(found, id)).collect();
        names.sort();
        Ok(names)
    }
}
