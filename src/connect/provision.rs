//! Puts one user in place.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;

use super::client::Calls;
use super::directory::{Directory, Kind, Resolved};
use super::plan::{
    Change, Proficiencies, UserFields, Wanted, new_user, plan, wanted_of_existing, wanted_of_new,
};
use super::{Error, Provisioning, Settings, wire};
use crate::model::{
    Cause, Clock, ConnectUser, MAX_PROFICIENCIES, Patience, Placement, ProtectedNames, UserId, Username,
};

/// Pause before looking again for a user that Connect says it has.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Provision {
    pub(super) settings: Settings,
    pub(super) calls: Arc<Calls>,
    pub(super) directory: Directory,
    /// Held while hierarchy groups are created.
    pub(super) creating_groups: Mutex<()>,
    protected: Arc<ProtectedNames>,
    clock: Arc<dyn Clock>,
}

/// What became of a user that was listed.
enum Found {
    InPlace(ConnectUser),
    /// Deleted, or not visible yet.
    Gone,
}

impl Provision {
    pub(super) fn new(
        settings: Settings,
        calls: Arc<Calls>,
        protected: Arc<ProtectedNames>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let directory = Directory::new(Arc::clone(&calls), settings.directory_max_age, clock);
        let clock = Arc::clone(clock);
        Self { settings, calls, directory, creating_groups: Mutex::default(), protected, clock }
    }

    /// Refuses what may never be federated or granted, before anything is asked of AWS.
    pub(super) fn check_allowed(&self, placement: &Placement) -> Result<(), Error> {
        self.check_username(placement.username.as_str())?;
        if placement.proficiencies.len() > MAX_PROFICIENCIES {
            return Err(Error::TooManyProficiencies(placement.proficiencies.len()));
        }
        placement.security_profiles.iter().try_for_each(|name| self.check_profile(name))
    }

    pub(super) async fn ensure(&self, placement: &Placement) -> Result<ConnectUser, Error> {
        let patience = Patience::lasting(self.settings.patience);
        let mut resolved = self.directory.user(&placement.username, patience).await?;
        if let Resolved::User(id) = &resolved {
            if let Found::InPlace(user) = self.existing(id, placement, patience).await? {
                return Ok(user);
            }
            self.directory.forget_user(id).await;
            resolved = self.directory.user_now(&placement.username, patience).await?;
        }
        match resolved {
            Resolved::Several(count) => Err(Error::AmbiguousUser(count)),
            Resolved::Nobody => self.create(placement, patience).await,
            Resolved::User(id) => match self.existing(&id, placement, patience).await? {
                Found::InPlace(user) => Ok(user),
                Found::Gone => Err(Error::Unsettled),
            },
        }
    }

    async fn existing(&self, id: &str, placement: &Placement, patience: Patience) -> Result<Found, Error> {
        let described = match self.calls.describe_user(id, patience).await {
            Err(error) if may_be_unseen(&error) => return Ok(Found::Gone),
            answer => answer?,
        };
        let named = described.and_then(|user| user.username.clone().zip(Some(user)));
        let Some((username, user)) = named else { return Ok(Found::Gone) };
        if !username.eq_ignore_ascii_case(placement.username.as_str()) {
            return Ok(Found::Gone);
        }
        self.check_username(&username)?;
        let current = wire::current(user);
        self.check_held(&current.security_profiles, patience).await?;
        if self.settings.provisioning == Provisioning::Sync {
            self.correct(id, current, placement, patience).await?;
        }
        // Differs from the wanted name in case at most, so it is as good a user name.
        let username = Username::new(username).unwrap_or_else(|_| placement.username.clone());
        Ok(Found::InPlace(self.user(id, username)))
    }

    async fn correct(
        &self,
        id: &str,
        mut current: UserFields,
        placement: &Placement,
        patience: Patience,
    ) -> Result<(), Error> {
        if !self.settings.send_email {
            current.identity.email = None;
        }
        let wanted = wanted_of_existing(placement, self.settings.send_email);
        let desired = self.resolve(wanted, patience).await?;
        if !desired.proficiencies.is_empty() {
            current.proficiencies = self.calls.proficiencies(id, patience).await?;
        }
        for change in plan(&current, desired) {
            self.calls.apply(id, &change, patience).await?;
            self.note(change.word());
        }
        Ok(())
    }

    async fn create(&self, placement: &Placement, patience: Patience) -> Result<ConnectUser, Error> {
        if self.settings.provisioning == Provisioning::Off {
            return Err(Error::NoUser);
        }
        let wanted = wanted_of_new(placement, self.settings.send_email);
        let user = new_user(placement.username.clone(), self.resolve(wanted, patience).await?)?;
        match self.calls.create_user(&user, patience).await {
            Err(error) if error.is(Cause::Duplicate) => self.created_elsewhere(placement).await,
            answer => {
                let id = answer?.ok_or(Error::Unsettled)?;
                self.directory.remember_user(&user.username, &id).await;
                self.note("created");
                self.associate(&id, user.proficiencies, patience).await?;
                let created_at = Some(self.clock.now());
                Ok(ConnectUser { created_at, ..self.user(&id, user.username) })
            }
        }
    }

    /// Gives a user that was created a moment ago its proficiencies. Connect may not know the user yet.
    async fn associate(
        &self,
        id: &str,
        proficiencies: Proficiencies,
        patience: Patience,
    ) -> Result<(), Error> {
        if proficiencies.is_empty() {
            return Ok(());
        }
        let change = Change::Associate(proficiencies);
        match self.calls.apply(id, &change, patience).await {
            Err(error) if may_be_unseen(&error) => {
                self.wait_until_shown(id).await?;
                self.calls.apply(id, &change, patience).await?;
            }
            answer => answer?,
        }
        self.note(change.word());
        Ok(())
    }

    async fn wait_until_shown(&self, id: &str) -> Result<(), Error> {
        let settle = Patience::lasting(self.settings.settle_within);
        loop {
            match self.calls.describe_user(id, settle).await {
                Err(error) if may_be_unseen(&error) && settle.left() < SETTLE_PAUSE => {
                    return Err(Error::Unsettled);
                }
                Err(error) if may_be_unseen(&error) => sleep(SETTLE_PAUSE).await,
                answer => return answer.map(drop),
            }
        }
    }

    /// Somebody else created the user a moment ago: waits until Connect shows it.
    async fn created_elsewhere(&self, placement: &Placement) -> Result<ConnectUser, Error> {
        let settle = Patience::lasting(self.settings.settle_within);
        loop {
            if let Resolved::User(id) = self.directory.user_now(&placement.username, settle).await?
                && let Found::InPlace(user) = self.existing(&id, placement, settle).await?
            {
                return Ok(user);
            }
            if settle.left() < SETTLE_PAUSE {
                return Err(Error::Unsettled);
            }
            sleep(SETTLE_PAUSE).await;
        }
    }

    async fn resolve(&self, wanted: Wanted, patience: Patience) -> Result<UserFields, Error> {
        let mut security_profiles = BTreeSet::new();
        for name in &wanted.security_profiles {
            security_profiles.insert(self.directory.id(Kind::SecurityProfile, name, patience).await?);
        }
        let routing_profile = match &wanted.routing_profile {
            Some(name) => Some(self.directory.id(Kind::RoutingProfile, name, patience).await?),
            None => None,
        };
        let hierarchy_group = match &wanted.hierarchy {
            Some(path) => Some(self.ensure_group(path, wanted.hierarchy_is_written, patience).await?),
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

    /// Refuses a user that holds a protected profile, or one whose name nobody can tell.
    async fn check_held(&self, profiles: &BTreeSet<String>, patience: Patience) -> Result<(), Error> {
        if !self.protected.has_security_profiles() {
            return Ok(());
        }
        for id in profiles {
            match self.directory.name(Kind::SecurityProfile, id, patience).await? {
                Some(name) => self.check_profile(&name)?,
                None => return Err(Error::UnlistedProfile(id.clone())),
            }
        }
        Ok(())
    }

    /// One audit line for each change of a user. Who it was is in AWS's own trail of the call.
    fn note(&self, change: &'static str) {
        tracing::info!(target: "audit", event = "user", instance = %self.settings.instance, change, "ok");
    }

    fn check_username(&self, name: &str) -> Result<(), Error> {
        if self.protected.is_username(name) { Err(Error::ProtectedUsername) } else { Ok(()) }
    }

    fn check_profile(&self, name: &str) -> Result<(), Error> {
        if self.protected.is_security_profile(name) {
            return Err(Error::ProtectedProfile(name.to_owned()));
        }
        Ok(())
    }

    fn user(&self, id: &str, username: Username) -> ConnectUser {
        ConnectUser {
            instance: self.settings.instance.clone(),
            id: UserId::new(id),
            username,
            created_at: None,
        }
    }
}

/// A user that is still being created may be answered for in either way.
fn may_be_unseen(error: &Error) -> bool {
    error.is(Cause::NotFound) || error.is(Cause::Refused)
}
