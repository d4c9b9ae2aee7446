//! Puts one user in place.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_connect::types::User;
use tokio::sync::Mutex;

use super::client::Calls;
use super::directory::{Directory, Kind, MISS_AGE, Resolved};
use super::forgotten::Turns;
use super::plan::{Change, NewUser, UserFields, Wanted, new_user, plan, wanted_of_existing, wanted_of_new};
use super::unfinished::Unfinished;
use super::{Error, Provisioning, Settings, wire};
use crate::model::{
    Cause, Clock, ConnectUser, MAX_PROFICIENCIES, Patience, PersonalData, Placement, ProtectedNames, UserId,
    Username,
};

pub(super) struct Provision {
    pub(super) settings: Settings,
    pub(super) calls: Arc<Calls>,
    pub(super) directory: Directory,
    /// Held while hierarchy groups are created.
    pub(super) creating_groups: Mutex<()>,
    /// Users that were created here and still lack what `CreateUser` does not take.
    pub(super) unfinished: Unfinished,
    protected: Arc<ProtectedNames>,
    /// What audit lines tell of users; unset: nothing.
    pub(super) personal: OnceLock<PersonalData>,
    pub(super) clock: Arc<dyn Clock>,
}

/// A user that exists, as Connect describes it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) username: String,
    /// Without its proficiencies, until they are read.
    pub(super) fields: UserFields,
    has_proficiencies: bool,
}

impl Held {
    /// As a search shows it.
    pub(super) fn indexed(id: String, username: String, fields: UserFields) -> Self {
        Self { id, username, fields, has_proficiencies: false }
    }

    /// None for a user without a name.
    pub(super) fn of(id: &str, user: User) -> Option<Self> {
        let username = user.username.clone()?;
        let (id, fields) = (id.to_owned(), wire::current(user));
        Some(Self { id, username, fields, has_proficiencies: false })
    }
}

/// What becomes of hierarchy groups that are missing, where the instance allows them to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Groups {
    /// They are created.
    Create,
    /// They are only told: their id is [`NEW_GROUP`].
    Tell,
}

/// A value that is refused is more often the person's own than an id that is gone: names are read again for it once in
/// so long, however many values are refused.
const REFUSED_AGE: Duration = Duration::from_mins(1);
/// The id of a group that a sign-in would create.
pub(super) const NEW_GROUP: &str = "(created at the sign-in)";

impl Provision {
    pub(super) fn new(
        settings: Settings,
        calls: Arc<Calls>,
        protected: Arc<ProtectedNames>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let directory = Directory::new(Arc::clone(&calls), settings.directory_max_age, clock);
        let clock = Arc::clone(clock);
        let (creating_groups, unfinished) = (Mutex::default(), Unfinished::default());
        let personal = OnceLock::new();
        Self { settings, calls, directory, creating_groups, unfinished, protected, personal, clock }
    }

    /// Refuses what may never be federated or granted, before anything is asked of AWS.
    pub(super) fn check_allowed(&self, placement: &Placement) -> Result<(), Error> {
        self.check_username(placement.username.as_str())?;
        if placement.proficiencies.len() > MAX_PROFICIENCIES {
            return Err(Error::TooManyProficiencies(placement.proficiencies.len()));
        }
        placement.security_profiles.iter().try_for_each(|name| {
            self.check_profile(name)?;
            self.check_not_parking(name)
        })
    }

    /// By the names that are listed; when Connect does not take an id from there, by new listings once more.
    pub(super) async fn ensure(&self, placement: &Placement, turns: Turns<'_>) -> Result<ConnectUser, Error> {
        let ensured = self.ensure_as_listed(placement, turns).await;
        let Some(error) = ensured.as_ref().err().filter(|error| !error.doubted().is_empty()) else {
            return ensured;
        };
        let is_gone = error.is(Cause::NotFound);
        let path = placement.hierarchy.as_ref();
        self.directory.doubt(error.doubted(), path, if is_gone { MISS_AGE } else { REFUSED_AGE }).await;
        if is_gone {
            self.ensure_as_listed(placement, turns.lasting(turns.patience.again())).await
        } else {
            ensured
        }
    }

    async fn ensure_as_listed(&self, placement: &Placement, turns: Turns<'_>) -> Result<ConnectUser, Error> {
        if let Some(held) = self.find(placement, turns.patience).await? {
            return self.put_right(held, placement, turns).await;
        }
        let user = self.new_user(placement, Groups::Create, turns.patience).await?;
        self.create(user, placement, turns).await
    }

    /// The user that this placement is for, if there is one.
    pub(super) async fn find(
        &self,
        placement: &Placement,
        patience: Patience,
    ) -> Result<Option<Held>, Error> {
        let mut resolved = self.directory.user(&placement.username, patience).await?;
        if let Resolved::User(id) = &resolved {
            if let Some(held) = self.describe(id, &placement.username, patience).await? {
                return Ok(Some(held));
            }
            self.directory.forget_user(id).await;
            resolved = self.directory.user_now(&placement.username, patience).await?;
        }
        match resolved {
            Resolved::Several(count) => Err(Error::AmbiguousUser(count)),
            Resolved::Nobody => Ok(None),
            Resolved::User(id) => {
                let held = self.describe(&id, &placement.username, patience).await?;
                held.map(Some).ok_or(Error::Unsettled)
            }
        }
    }

    /// None when it was deleted, has another name, or is not visible yet.
    pub(super) async fn describe(
        &self,
        id: &str,
        wanted: &Username,
        patience: Patience,
    ) -> Result<Option<Held>, Error> {
        let held = self.described(id, patience).await?;
        Ok(held.filter(|held| held.username.eq_ignore_ascii_case(wanted.as_str())))
    }

    /// The user with that id, whatever its name; none when it was deleted or is not visible yet.
    pub(super) async fn described(&self, id: &str, patience: Patience) -> Result<Option<Held>, Error> {
        let described = match self.calls.describe_user(id, patience).await {
            Err(error) if may_be_unseen(&error) => return Ok(None),
            answer => answer?,
        };
        Ok(described.and_then(|user| Held::of(id, user)))
    }

    /// Refuses a user that may never be federated, by Connect's own spelling and profiles, and one that is parked.
    pub(super) async fn check_held(&self, held: &Held, patience: Patience) -> Result<(), Error> {
        let profiles = self.unprotected_profiles(held, patience).await?;
        profiles.iter().try_for_each(|name| self.check_not_parking(name))
    }

    /// Refuses a user that is never touched; the names of the security profiles that any other holds, as
    /// [`Self::profile_names`] tells them.
    pub(super) async fn unprotected_profiles(
        &self,
        held: &Held,
        patience: Patience,
    ) -> Result<Vec<String>, Error> {
        self.check_username(&held.username)?;
        let names = self.profile_names(held, patience).await?;
        names.iter().try_for_each(|name| self.check_profile(name))?;
        Ok(names)
    }

    /// What has to change of a user that exists.
    pub(super) async fn changes(
        &self,
        held: &mut Held,
        placement: &Placement,
        groups: Groups,
        patience: Patience,
    ) -> Result<Vec<Change>, Error> {
        self.check_judged(held, placement, patience).await?;
        let mut wanted = match self.settings.provisioning {
            Provisioning::Sync => wanted_of_existing(placement, self.settings.send_email),
            Provisioning::Create | Provisioning::Off => Wanted::default(),
        };
        // Where an existing user's proficiencies are left alone, only those that are missing since the creation are given.
        let completes = wanted.proficiencies.is_empty() && self.unfinished.has(&held.id);
        if completes {
            wanted.proficiencies = wanted_of_new(placement, self.settings.send_email).proficiencies;
        }
        if wanted == Wanted::default() {
            return Ok(Vec::new());
        }
        let desired = self.resolve(wanted, groups, patience).await?;
        if !desired.proficiencies.is_empty() {
            self.read_proficiencies(held, patience).await?;
        }
        let mut current = held.fields.clone();
        if !self.settings.send_email {
            current.identity.email = None;
        }
        let mut changes = plan(&current, desired);
        changes.retain(|change| !(completes && change.takes_proficiencies()));
        Ok(changes)
    }

    /// Once is enough.
    pub(super) async fn read_proficiencies(&self, held: &mut Held, patience: Patience) -> Result<(), Error> {
        if !held.has_proficiencies {
            held.fields.proficiencies = self.calls.proficiencies(&held.id, patience).await?;
            held.has_proficiencies = true;
        }
        Ok(())
    }

    /// The user to create.
    pub(super) async fn new_user(
        &self,
        placement: &Placement,
        groups: Groups,
        patience: Patience,
    ) -> Result<NewUser, Error> {
        if self.settings.provisioning == Provisioning::Off {
            return Err(Error::NoUser);
        }
        let wanted = wanted_of_new(placement, self.settings.send_email);
        new_user(placement.username.clone(), self.resolve(wanted, groups, patience).await?)
    }

    pub(super) async fn put_right(
        &self,
        mut held: Held,
        placement: &Placement,
        turns: Turns<'_>,
    ) -> Result<ConnectUser, Error> {
        self.check_held(&held, turns.patience).await?;
        for change in self.changes(&mut held, placement, Groups::Create, turns.patience).await? {
            self.calls.apply(&held.id, &change, turns).await?;
            self.note(change.word(), Some(&held.username));
        }
        self.unfinished.remove(&held.id);
        // Differs from the wanted name in case at most, so it is as good a user name.
        let username = Username::new(held.username).unwrap_or_else(|_| placement.username.clone());
        Ok(self.user(&held.id, username))
    }

    async fn resolve(&self, wanted: Wanted, groups: Groups, patience: Patience) -> Result<UserFields, Error> {
        let mut security_profiles = BTreeSet::new();
        for name in &wanted.security_profiles {
            security_profiles.insert(self.directory.id(Kind::SecurityProfile, name, patience).await?);
        }
        let routing_profile = match &wanted.routing_profile {
            Some(name) => Some(self.directory.id(Kind::RoutingProfile, name, patience).await?),
            None => None,
        };
        let hierarchy_group = match &wanted.hierarchy {
            Some(path) => Some(self.group(path, wanted.hierarchy_is_written, groups, patience).await?),
            None => None,
        };
        let Wanted { identity, phone, channels, tags, proficiencies, .. } = wanted;
        Ok(UserFields {
            identity,
            security_profiles,
            routing_profile,
            hierarchy_group,
            phone,
            channels,
            tags,
            proficiencies,
        })
    }

    /// The names of the security profiles that a user holds, where one of them could stand in its way. A profile whose
    /// name nobody can tell does.
    async fn profile_names(&self, held: &Held, patience: Patience) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        if !self.protected.has_security_profiles() && self.parking_profile().is_none() {
            return Ok(names);
        }
        for id in &held.fields.security_profiles {
            let name = self.directory.name(Kind::SecurityProfile, id, patience).await?;
            names.push(name.ok_or_else(|| Error::UnlistedProfile(id.clone()))?);
        }
        Ok(names)
    }

    /// The security profile of people who left.
    fn parking_profile(&self) -> Option<&str> {
        self.settings.removal.as_ref()?.parking_profile()
    }

    /// Where the instance has no profile of the parking profile's name (any more), nobody can tell who is parked: refuses
    /// whoever holds a profile that the rules do not grant.
    async fn check_judged(
        &self,
        held: &Held,
        placement: &Placement,
        patience: Patience,
    ) -> Result<(), Error> {
        let Some(parking) = self.parking_profile() else { return Ok(()) };
        let names = self.profile_names(held, patience).await?;
        if names.iter().all(|name| placement.security_profiles.contains(name)) {
            return Ok(());
        }
        self.directory.id(Kind::SecurityProfile, parking, patience).await.map(drop)
    }

    fn check_not_parking(&self, profile: &str) -> Result<(), Error> {
        if self.parking_profile() == Some(profile) { Err(Error::Parked(profile.to_owned())) } else { Ok(()) }
    }

    /// One audit line for each change of a user, whom it names as far as that is wanted. Who it was is in AWS's own trail
    /// of the call in any case.
    pub(super) fn note(&self, change: &'static str, user: Option<&str>) {
        let user = self.personal.get().zip(user).and_then(|(personal, user)| personal.shown(user));
        tracing::info!(target: "audit", event = "user", instance = %self.settings.instance, change, user, "ok");
    }

    /// Whether a name of this kind is one that is never granted or signed in.
    pub(super) fn is_protected(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::User => self.protected.is_username(name),
            Kind::SecurityProfile => self.protected.is_security_profile(name),
            Kind::RoutingProfile | Kind::HierarchyGroup => false,
        }
    }

    pub(super) fn check_username(&self, name: &str) -> Result<(), Error> {
        if self.protected.is_username(name) { Err(Error::ProtectedUsername) } else { Ok(()) }
    }

    pub(super) fn check_profile(&self, name: &str) -> Result<(), Error> {
        if self.protected.is_security_profile(name) {
            return Err(Error::ProtectedProfile(name.to_owned()));
        }
        Ok(())
    }

    pub(super) fn user(&self, id: &str, username: Username) -> ConnectUser {
        ConnectUser {
            instance: self.settings.instance.clone(),
            id: UserId::new(id),
            username,
            created_at: None,
        }
    }
}

/// A user that is still being created may be answered for in either way.
pub(super) fn may_be_unseen(error: &Error) -> bool {
    error.is(Cause::NotFound) || error.is(Cause::Refused)
}
