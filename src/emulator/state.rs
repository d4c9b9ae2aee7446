//! Everything that exists in the emulated account.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use time::OffsetDateTime;

use super::clock::seeded_id;
use super::error::{ApiError, ApiResult};
use super::policy::Policy;
use super::principal::{AccessKey, Principal};
use super::proficiencies::Proficiency;
use super::seed::{Seed, SeedInstance, SeedKey, SeedProvider, SeedQuickConnect, SeedRole, SeedUser};
use super::shapes::{ChannelConfigs, IdentityInfo, PhoneConfig, PhoneType};
use super::trust::TrustPolicy;
use super::versions::Versioned;

/// Everything that exists.
#[derive(Debug)]
pub(super) struct World {
    pub(super) instances: Vec<Instance>,
    pub(super) roles: Vec<Role>,
    pub(super) providers: Vec<SeedProvider>,
    pub(super) keys: HashMap<String, AccessKey>,
}

/// A Connect instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) alias: String,
    pub(super) id: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) identity_management: String,
    pub(super) status: String,
    pub(super) global_sign_in_endpoint: Option<String>,
    pub(super) created: OffsetDateTime,
    pub(super) user_quota: usize,
    pub(super) group_quota: usize,
    pub(super) security_profiles: Vec<Profile>,
    pub(super) routing_profiles: Vec<Profile>,
    /// Values by name.
    pub(super) predefined_attributes: BTreeMap<String, Vec<String>>,
    pub(super) levels: [Option<Level>; 5],
    pub(super) groups: Vec<Versioned<Group>>,
    pub(super) users: Vec<Versioned<User>>,
    pub(super) quick_connects: Vec<QuickConnect>,
    /// Role through which a username federated first.
    pub(super) bindings: HashMap<String, String>,
    next_position: u64,
}

/// A security or routing profile.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) name: String,
}

/// A quick connect.
#[derive(Debug)]
pub(super) struct QuickConnect {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) leads_to: LeadsTo,
}

/// Where a quick connect leads.
#[derive(Debug)]
pub(super) enum LeadsTo {
    /// A user's id.
    User(String),
    /// E.164.
    PhoneNumber(String),
}

/// A hierarchy level.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) modified: OffsetDateTime,
}

/// A hierarchy group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    /// Index of its level: 0 is the top.
    pub(super) level: usize,
    pub(super) parent: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) modified: OffsetDateTime,
}

/// A user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) identity: IdentityInfo,
    pub(super) phone: Option<PhoneConfig>,
    pub(super) channels: ChannelConfigs,
    pub(super) security_profiles: Vec<String>,
    pub(super) routing_profile: String,
    pub(super) hierarchy_group: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) proficiencies: Vec<Proficiency>,
    pub(super) modified: OffsetDateTime,
}

/// An IAM role.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) seed: SeedRole,
    /// Unique id, `AROA...`: first half of a session's `aws:userid`.
    pub(super) id: String,
    pub(super) policy: Policy,
    pub(super) trust: Option<TrustPolicy>,
}

impl World {
    /// What the seed says; an error is a sentence.
    pub(super) fn new(seed: &Seed) -> Result<Self, String> {
        Ok(Self {
            instances: seed.instances.iter().map(Instance::new).collect::<Result<_, _>>()?,
            roles: seed.roles.iter().map(Role::new).collect::<Result<_, _>>()?,
            providers: seed.saml_providers.clone(),
            keys: seed.access_keys.iter().map(base_key).collect::<Result<_, _>>()?,
        })
    }

    /// Adds a base key, or replaces it; an error is a sentence.
    pub(super) fn put_key(&mut self, key: &SeedKey, ends: Option<OffsetDateTime>) -> Result<(), String> {
        let (id, key) = base_key(key)?;
        self.keys.insert(id, AccessKey { expires: ends, ..key });
        Ok(())
    }

    /// The instance with this alias.
    pub(super) fn by_alias(&mut self, alias: &str) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.alias == alias)
    }
}

fn base_key(key: &SeedKey) -> Result<(String, AccessKey), String> {
    let account = key.arn.split(':').nth(4).unwrap_or_default().to_owned();
    let policy = match &key.policy {
        Some(text) => Policy::parse(text).map_err(|error| format!("policy of {}: {error}", key.arn))?,
        None => Policy::allowing(&key.actions),
    };
    let access_key = AccessKey {
        secret: key.secret.clone(),
        session_token: None,
        expires: None,
        principal: Principal {
            root: key.arn.ends_with(":root"),
            user_id: format!("AIDA{}", id_letters(&key.arn)),
            policies: vec![policy],
            arn: key.arn.clone(),
            account,
            session: None,
        },
    };
    Ok((key.id.clone(), access_key))
}

impl Role {
    fn new(seed: &SeedRole) -> Result<Self, String> {
        Ok(Self {
            id: format!("AROA{}", id_letters(&seed.arn)),
            policy: Policy::parse(&seed.policy)
                .map_err(|error| format!("policy of {}: {error}", seed.arn))?,
            trust: seed
                .trust_policy
                .as_deref()
                .map(TrustPolicy::parse)
                .transpose()
                .map_err(|error| format!("trust policy of {}: {error}", seed.arn))?,
            seed: seed.clone(),
        })
    }

    /// The last part of its ARN.
    pub(super) fn name(&self) -> &str {
        self.seed.arn.rsplit('/').next().unwrap_or_default()
    }
}

/// Seventeen capitals and digits that stay the same for the same text.
fn id_letters(text: &str) -> String {
    seeded_id(&["unique id", text]).replace('-', "").to_uppercase().chars().take(17).collect()
}

impl Instance {
    fn new(seed: &SeedInstance) -> Result<Self, String> {
        let created = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        if seed.levels.len() > 5 {
            return Err(format!("instance {} has more than five hierarchy levels", seed.alias));
        }
        let mut levels = seed.levels.iter().map(|name| Level {
            id: seeded_id(&[&seed.id, "level", name]),
            name: name.clone(),
            modified: created,
        });
        let mut instance = Self {
            alias: seed.alias.clone(),
            id: seed.id.clone(),
            account: seed.account.clone(),
            region: seed.region.clone(),
            identity_management: seed.identity_management.clone(),
            status: seed.status.clone(),
            global_sign_in_endpoint: seed.global_sign_in_endpoint.clone(),
            created,
            user_quota: seed.user_quota,
            group_quota: seed.group_quota,
            security_profiles: profiles(&seed.id, "security-profile", &seed.security_profiles),
            routing_profiles: profiles(&seed.id, "routing-profile", &seed.routing_profiles),
            predefined_attributes: seed.predefined_attributes.clone(),
            levels: std::array::from_fn(|_| levels.next()),
            groups: Vec::new(),
            users: Vec::new(),
            quick_connects: Vec::new(),
            bindings: HashMap::new(),
            next_position: 1,
        };
        for path in &seed.groups {
            instance.seed_group(path)?;
        }
        for user in &seed.users {
            instance.seed_user(user, created)?;
        }
        for quick_connect in &seed.quick_connects {
            instance.seed_quick_connect(quick_connect)?;
        }
        Ok(instance)
    }

    fn seed_group(&mut self, path: &str) -> Result<(), String> {
        let (parent, name) = match path.rsplit_once('/') {
            Some((parent, name)) => {
                let id = self.group_at(parent).ok_or(format!("group {path} stands before its parent"))?;
                (Some(id), name)
            }
            None => (None, path),
        };
        let level = path.matches('/').count();
        if self.levels.get(level).is_none_or(Option::is_none) {
            return Err(format!("group {path} is deeper than the levels"));
        }
        let id = seeded_id(&[&self.id, "agent-group", path]);
        let modified = self.created;
        let group = Group { id, name: name.to_owned(), level, parent, tags: BTreeMap::new(), modified };
        self.add_group(group, modified);
        Ok(())
    }

    /// Adds a user by names rather than ids.
    pub(super) fn seed_user(&mut self, seed: &SeedUser, at: OffsetDateTime) -> Result<(), String> {
        let who = &seed.username;
        let routing_profile = id_of(&self.routing_profiles, &seed.routing_profile)
            .ok_or(format!("routing profile of {who} does not exist"))?;
        let security_profiles = self.security_profile_ids(&seed.security_profiles)?;
        let hierarchy_group = match &seed.hierarchy {
            Some(path) => {
                Some(self.group_at(path).ok_or(format!("hierarchy group of {who} does not exist"))?)
            }
            None => None,
        };
        let phone_type =
            if seed.desk_phone_number.is_some() { PhoneType::DeskPhone } else { PhoneType::SoftPhone };
        let user = User {
            id: seeded_id(&[&self.id, "agent", who]),
            username: who.clone(),
            identity: IdentityInfo {
                first_name: Some(seed.first_name.clone()),
                last_name: Some(seed.last_name.clone()),
                ..IdentityInfo::default()
            },
            phone: Some(PhoneConfig {
                phone_type: Some(phone_type),
                auto_accept: Some(seed.auto_accept),
                after_contact_work_time_limit: Some(seed.after_contact_work_seconds),
                desk_phone_number: seed.desk_phone_number.clone(),
                persistent_connection: None,
            }),
            channels: ChannelConfigs::default(),
            security_profiles,
            routing_profile,
            hierarchy_group,
            tags: BTreeMap::new(),
            proficiencies: Vec::new(),
            modified: at,
        };
        self.add_user(user, at);
        Ok(())
    }

    fn seed_quick_connect(&mut self, seed: &SeedQuickConnect) -> Result<(), String> {
        let name = &seed.name;
        let leads_to = match (&seed.user, &seed.phone_number) {
            (Some(user), None) => {
                let user = self.user_named(user).and_then(Versioned::current);
                LeadsTo::User(user.ok_or(format!("user of quick connect {name} does not exist"))?.id.clone())
            }
            (None, Some(number)) => LeadsTo::PhoneNumber(number.clone()),
            _ => return Err(format!("quick connect {name} leads to a user or to a number")),
        };
        let id = seeded_id(&[&self.id, "transfer-destination", name]);
        self.quick_connects.push(QuickConnect { id, name: name.clone(), leads_to });
        Ok(())
    }

    /// Ids of security profiles by name.
    pub(super) fn security_profile_ids(&self, names: &[String]) -> Result<Vec<String>, String> {
        let id = |name: &String| {
            id_of(&self.security_profiles, name).ok_or(format!("security profile {name} does not exist"))
        };
        names.iter().map(id).collect()
    }

    fn position(&mut self) -> u64 {
        self.next_position += 1;
        self.next_position
    }

    pub(super) fn add_group(&mut self, group: Group, at: OffsetDateTime) {
        let position = self.position();
        self.groups.push(Versioned::new(position, at, group));
    }

    pub(super) fn add_user(&mut self, user: User, at: OffsetDateTime) {
        let position = self.position();
        self.users.push(Versioned::new(position, at, user));
    }

    /// Id of the group at this path of names.
    pub(super) fn group_at(&self, path: &str) -> Option<String> {
        path.split('/').try_fold(None, |parent: Option<String>, name| {
            let mut groups = self.groups.iter().filter_map(Versioned::current);
            groups
                .find(|group| group.parent == parent && group.name == name)
                .map(|group| Some(group.id.clone()))
        })?
    }

    /// The groups from the top down to this one.
    pub(super) fn group_path(&self, id: &str) -> Vec<&Group> {
        let mut path = Vec::new();
        let mut next = self.group(id);
        while let Some(group) = next {
            path.insert(0, group);
            next = group.parent.as_deref().and_then(|parent| self.group(parent));
        }
        path
    }

    /// The group with this id.
    pub(super) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().filter_map(Versioned::current).find(|group| group.id == id)
    }

    /// The group with this id, unless it is too new to be known everywhere.
    pub(super) fn group_shown(&self, id: &str, now: OffsetDateTime, lag: Duration) -> Option<&Group> {
        let slot = self.groups.iter().find(|slot| slot.current().is_some_and(|group| group.id == id))?;
        slot.current().filter(|_| !slot.younger_than(now, lag))
    }

    /// The user with exactly this username.
    pub(super) fn user_named(&self, username: &str) -> Option<&Versioned<User>> {
        self.users.iter().find(|user| user.current().is_some_and(|user| user.username == username))
    }

    /// The versions of the user with this id.
    pub(super) fn user_slot(&mut self, id: &str) -> ApiResult<&mut Versioned<User>> {
        self.users
            .iter_mut()
            .find(|user| user.current().is_some_and(|user| user.id == id))
            .ok_or_else(|| ApiError::not_found("User not found"))
    }

    /// ARN of the instance.
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:connect:{}:{}:instance/{}", self.region, self.account, self.id)
    }

    /// ARN of something in the instance.
    pub(super) fn arn_of(&self, kind: &str, id: &str) -> String {
        format!("{}/{kind}/{id}", self.arn())
    }
}

fn profiles(instance: &str, kind: &str, names: &[String]) -> Vec<Profile> {
    names.iter().map(|name| Profile { id: seeded_id(&[instance, kind, name]), name: name.clone() }).collect()
}

fn id_of(profiles: &[Profile], name: &str) -> Option<String> {
    profiles.iter().find(|profile| profile.name == name).map(|profile| profile.id.clone())
}
