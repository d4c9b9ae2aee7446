//! Everybody in an instance: read at once, and compared with what rules want.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_connect::types::UserSearchSummary;

use super::directory::Kind;
use super::plan::UserFields;
use super::provision::{Groups, Held, Provision};
use super::words::or_unread;
use super::{Connect, Error, Preview, wire};
use crate::model::{Patience, Placement, Priority, UserId};

/// How long one call of a command may wait for its turn. Nobody waits for a page.
const PATIENCE: Duration = Duration::from_mins(5);

/// Every user of an instance, as an index had them some seconds before.
pub struct Index {
    users: Vec<Held>,
    by_folded_name: HashMap<String, Vec<usize>>,
}

/// One user of an [`Index`], with names in the place of ids. Personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its name.
    pub username: String,
    /// Its id.
    pub id: UserId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Security profiles, by name.
    pub security_profiles: BTreeSet<String>,
    /// Routing profile.
    pub routing_profile: Option<String>,
    /// Hierarchy group, as the path from the top; or its id, where paths may not be read.
    pub hierarchy: Vec<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the gateway signs nobody in as this user: its name or one of its security profiles is protected, or can't
    /// be told.
    pub is_protected: bool,
    /// Whether the user holds the security profile of those who left, and signs in no more.
    pub is_parked: bool,
    /// Whether nothing of the parking is left to do: exactly the two profiles of those who left.
    pub has_left: bool,
}

impl Index {
    fn of(users: Vec<UserSearchSummary>) -> Self {
        let mut index = Self { users: Vec::new(), by_folded_name: HashMap::new() };
        for (id, username, fields) in users.into_iter().filter_map(wire::searched) {
            let position = index.users.len();
            index.by_folded_name.entry(username.to_ascii_lowercase()).or_default().push(position);
            index.users.push(Held::indexed(id, username, fields));
        }
        index
    }

    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The id of the user with exactly this name, else of the only one whose name differs in case only.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<&str> {
        self.user(name).map(|user| user.id.as_str())
    }

    fn user(&self, name: &str) -> Option<&Held> {
        let named = self.by_folded_name.get(&name.to_ascii_lowercase())?;
        let users = || named.iter().filter_map(|position| self.users.get(*position));
        let exact = users().find(|user| user.username == name);
        exact.or_else(|| users().next().filter(|_| named.len() == 1))
    }
}

impl Connect {
    /// Reads every user, and the paths of hierarchy groups where that is allowed: 500 users a call, 100 groups a call.
    /// `progress` is told how many users were read, of how many. Needs `connect:SearchUsers`.
    ///
    /// # Errors
    /// When a call fails for good.
    pub async fn index(&self, progress: &mut (dyn FnMut(usize, usize) + Send)) -> Result<Index, Error> {
        let users = self.provision.calls.search_users(upkeep(), progress).await?;
        // One by one they would be hundreds of calls.
        or_unread(self.provision.directory.learn_groups(upkeep()).await, ())?;
        Ok(Index::of(users))
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// When a listing can't be read.
    pub async fn people(&self, index: &Index) -> Result<Vec<Person>, Error> {
        let mut people = Vec::new();
        for user in &index.users {
            people.push(self.provision.person(user, upkeep()).await?);
        }
        people.sort_by(|one, other| one.username.cmp(&other.username));
        Ok(people)
    }

    /// What a sign-in would do to the user of this placement; `None` when that is nothing. A user whom the index shows
    /// as the rules want it is not asked for; any other is described.
    ///
    /// # Errors
    /// When AWS does not answer or lets us not look. What would refuse the sign-in is part of the answer.
    pub async fn difference(&self, placement: &Placement, index: &Index) -> Result<Option<Preview>, Error> {
        if let Some(user) = index.user(placement.username.as_str())
            && self.provision.is_in_place(user.clone(), placement, upkeep()).await?
        {
            return Ok(None);
        }
        let preview = self.preview(placement, upkeep()).await?;
        let is_something = preview.refused.is_some() || preview.user.is_none() || !preview.calls.is_empty();
        Ok(is_something.then_some(preview))
    }
}

impl Provision {
    async fn is_in_place(
        &self,
        mut user: Held,
        placement: &Placement,
        patience: Patience,
    ) -> Result<bool, Error> {
        let checked = match self.check_allowed(placement) {
            Ok(()) => self.check_held(&user, patience).await,
            refused => refused,
        };
        let planned = match checked {
            Ok(()) => self.changes(&mut user, placement, Groups::Tell, patience).await,
            Err(refusal) => Err(refusal),
        };
        match planned {
            Ok(changes) => Ok(changes.is_empty()),
            Err(error) => error.if_refusal().map(|_| false),
        }
    }

    async fn person(&self, user: &Held, patience: Patience) -> Result<Person, Error> {
        let UserFields { identity, security_profiles, routing_profile, hierarchy_group, tags, .. } =
            user.fields.clone();
        let (is_protected, is_parked) = match self.check_held(user, patience).await {
            Ok(()) => (false, false),
            Err(Error::Parked(_)) => (false, true),
            Err(error) => error.if_refusal().map(|_| (true, false))?,
        };
        let mut profiles = BTreeSet::new();
        for id in &security_profiles {
            profiles.insert(self.name_or_id(Kind::SecurityProfile, id, patience).await?);
        }
        let routing_profile = match routing_profile {
            Some(id) => Some(self.name_or_id(Kind::RoutingProfile, &id, patience).await?),
            None => None,
        };
        let hierarchy = match hierarchy_group {
            Some(id) => self.names_or_id(&id, patience).await?,
            None => Vec::new(),
        };
        let has_left = is_parked && self.is_parked_whole(&profiles, routing_profile.as_deref());
        Ok(Person {
            username: user.username.clone(),
            id: UserId::new(&*user.id),
            first_name: identity.first_name,
            last_name: identity.last_name,
            security_profiles: profiles,
            routing_profile,
            hierarchy,
            tags,
            is_protected,
            is_parked,
            has_left,
        })
    }
}

fn upkeep() -> Patience {
    Patience::lasting(PATIENCE).as_urgent_as(Priority::Upkeep)
}
