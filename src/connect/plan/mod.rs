//! What has to change so that a user is as the rules want it. Pure.

mod after;
mod channels;
mod phone;
mod proficiencies;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use crate::model::{HierarchyPath, Placement, Proficiency, SyncWhen, Username};
pub(super) use channels::ChannelConfigs;
pub(super) use phone::PhoneConfig;
pub(super) use proficiencies::Proficiencies;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// What the rules want of a user, by names: only the fields that may be written for this purpose.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) hierarchy_is_written: bool,
    pub(super) phone: Option<PhoneConfig>,
    pub(super) channels: ChannelConfigs,
    pub(super) tags: Tags,
    pub(super) proficiencies: Proficiencies,
}

/// A user by ids: as Connect describes it (its proficiencies only when some are wanted), or as the rules want it (what
/// is `None` or empty is left as it is).
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct UserFields {
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy_group: Option<String>,
    pub(super) phone: Option<PhoneConfig>,
    pub(super) channels: ChannelConfigs,
    pub(super) tags: Tags,
    pub(super) proficiencies: Proficiencies,
}

/// `UserIdentityInfo`. What is `None` is left as it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct IdentityInfo {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) secondary_email: Option<String>,
    pub(super) mobile: Option<String>,
}

/// One API call.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// `UpdateUserSecurityProfiles`: the whole new set.
    SecurityProfiles(BTreeSet<String>),
    /// `UpdateUserRoutingProfile`.
    RoutingProfile(String),
    /// `UpdateUserHierarchy`.
    Hierarchy(String),
    /// `UpdateUserIdentityInfo`: replaces all of it, so it repeats what stays.
    IdentityInfo(IdentityInfo),
    /// `UpdateUserPhoneConfig`: replaces all of it.
    PhoneConfig(PhoneConfig),
    /// `UpdateUserConfig`: whole lists; what is empty is not sent.
    ChannelConfigs(ChannelConfigs),
    /// `TagResource`: the tags that differ.
    Tags(Tags),
    /// `DisassociateUserProficiencies`.
    Disassociate(BTreeSet<Proficiency>),
    /// `UpdateUserProficiencies`: those whose level differs.
    UpdateProficiencies(Proficiencies),
    /// `AssociateUserProficiencies`: those that are missing.
    Associate(Proficiencies),
}

impl Change {
    /// The changed field, as `[mapping.sync]` names it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::SecurityProfiles(_) => "security_profiles",
            Self::RoutingProfile(_) => "routing_profile",
            Self::Hierarchy(_) => "hierarchy",
            Self::IdentityInfo(_) => "names",
            Self::PhoneConfig(_) => "phone",
            Self::ChannelConfigs(_) => "channels",
            Self::Tags(_) => "tags",
            Self::Disassociate(_) | Self::UpdateProficiencies(_) | Self::Associate(_) => "proficiencies",
        }
    }

    /// Whether the user loses a proficiency by it, or the level of one.
    pub(super) fn takes_proficiencies(&self) -> bool {
        matches!(self, Self::Disassociate(_) | Self::UpdateProficiencies(_))
    }

    /// The operation that makes it.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::SecurityProfiles(_) => "UpdateUserSecurityProfiles",
            Self::RoutingProfile(_) => "UpdateUserRoutingProfile",
            Self::Hierarchy(_) => "UpdateUserHierarchy",
            Self::IdentityInfo(_) => "UpdateUserIdentityInfo",
            Self::PhoneConfig(_) => "UpdateUserPhoneConfig",
            Self::ChannelConfigs(_) => "UpdateUserConfig",
            Self::Tags(_) => "TagResource",
            Self::Disassociate(_) => "DisassociateUserProficiencies",
            Self::UpdateProficiencies(_) => "UpdateUserProficiencies",
            Self::Associate(_) => "AssociateUserProficiencies",
        }
    }
}

/// `CreateUser`, and the proficiencies that it does not take.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NewUser {
    pub(super) username: Username,
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: String,
    pub(super) hierarchy_group: Option<String>,
    pub(super) phone: Option<PhoneConfig>,
    pub(super) channels: ChannelConfigs,
    pub(super) tags: Tags,
    pub(super) proficiencies: Proficiencies,
}

impl NewUser {
    /// What `CreateUser` does not take.
    pub(super) fn afterwards(&self) -> Option<Change> {
        (!self.proficiencies.is_empty()).then(|| Change::Associate(self.proficiencies.clone()))
    }
}

/// What may be written to a user that exists: the fields that always follow the rules.
pub(super) fn wanted_of_existing(placement: &Placement, send_email: bool) -> Wanted {
    let sync = placement.sync;
    let always = |when| when == SyncWhen::Always;
    Wanted {
        identity: identity(placement, send_email, always(sync.names)),
        security_profiles: kept(always(sync.security_profiles), &placement.security_profiles),
        routing_profile: kept(always(sync.routing_profile), &placement.routing_profile),
        hierarchy: kept(always(sync.hierarchy), &placement.hierarchy),
        hierarchy_is_written: kept(always(sync.hierarchy), &placement.hierarchy_is_written),
        phone: kept(always(sync.phone), &placement.phone).map(PhoneConfig::from),
        channels: ChannelConfigs::of(&kept(always(sync.channels), &placement.channels)),
        tags: kept(always(sync.tags), &placement.tags),
        proficiencies: kept(always(sync.proficiencies), &placement.proficiencies),
    }
}

/// What a new user gets. `Never` leaves out what the API lets us leave out. Without a word of the rules,
/// the phone is a soft phone.
pub(super) fn wanted_of_new(placement: &Placement, send_email: bool) -> Wanted {
    let sync = placement.sync;
    let ever = |when| when != SyncWhen::Never;
    let mut channels = ChannelConfigs::of(&kept(ever(sync.channels), &placement.channels));
    let phone = match &placement.phone {
        _ if !ever(sync.phone) => None,
        Some(phone) => Some(PhoneConfig::from(phone.clone())),
        None if channels.has_twins() => {
            channels.ring_somewhere();
            None
        }
        None => Some(PhoneConfig::soft_phone()),
    };
    Wanted {
        identity: identity(placement, send_email, true),
        security_profiles: placement.security_profiles.clone(),
        routing_profile: placement.routing_profile.clone(),
        hierarchy: kept(ever(sync.hierarchy), &placement.hierarchy),
        hierarchy_is_written: kept(ever(sync.hierarchy), &placement.hierarchy_is_written),
        phone,
        channels,
        tags: kept(ever(sync.tags), &placement.tags),
        proficiencies: kept(ever(sync.proficiencies), &placement.proficiencies),
    }
}

/// The changes that make `current` what `desired` says; nothing for what is equal or not said.
pub(super) fn plan(current: &UserFields, desired: UserFields) -> Vec<Change> {
    let identity = current.identity.overlaid(desired.identity);
    let profiles = Some(desired.security_profiles).filter(|ids| !ids.is_empty());
    let mut tags = desired.tags;
    tags.retain(|key, value| current.tags.get(key) != Some(value));
    [
        profiles.filter(|ids| *ids != current.security_profiles).map(Change::SecurityProfiles),
        desired
            .routing_profile
            .filter(|id| differs(id, current.routing_profile.as_ref()))
            .map(Change::RoutingProfile),
        desired
            .hierarchy_group
            .filter(|id| differs(id, current.hierarchy_group.as_ref()))
            .map(Change::Hierarchy),
        Some(identity).filter(|identity| *identity != current.identity).map(Change::IdentityInfo),
    ]
    .into_iter()
    .chain(phone::changes(current, desired.phone, desired.channels))
    .chain([Some(tags).filter(|tags| !tags.is_empty()).map(Change::Tags)])
    .chain(proficiencies::changes(&current.proficiencies, desired.proficiencies))
    .flatten()
    .collect()
}

/// Checks that nothing is missing that `CreateUser` needs on an instance that uses SAML.
pub(super) fn new_user(username: Username, desired: UserFields) -> Result<NewUser, Error> {
    let identity = &desired.identity;
    for (value, field) in [(&identity.first_name, "first name"), (&identity.last_name, "last name")] {
        if value.as_ref().is_none_or(String::is_empty) {
            return Err(Error::Incomplete(field));
        }
    }
    if desired.security_profiles.is_empty() {
        return Err(Error::Incomplete("security profile"));
    }
    let (phone, channels) = phone::in_one_place(desired.phone, desired.channels);
    let routing_profile = desired.routing_profile.ok_or(Error::Incomplete("routing profile"))?;
    Ok(NewUser {
        username,
        identity: desired.identity,
        security_profiles: desired.security_profiles,
        routing_profile,
        hierarchy_group: desired.hierarchy_group,
        phone,
        channels,
        tags: desired.tags,
        proficiencies: desired.proficiencies,
    })
}

impl IdentityInfo {
    fn overlaid(&self, over: Self) -> Self {
        let or = |new: Option<String>, old: &Option<String>| new.or_else(|| old.clone());
        Self {
            first_name: or(over.first_name, &self.first_name),
            last_name: or(over.last_name, &self.last_name),
            email: or(over.email, &self.email),
            secondary_email: or(over.secondary_email, &self.secondary_email),
            mobile: or(over.mobile, &self.mobile),
        }
    }
}

fn identity(placement: &Placement, send_email: bool, write: bool) -> IdentityInfo {
    if !write {
        return IdentityInfo::default();
    }
    IdentityInfo {
        first_name: placement.first_name.clone(),
        last_name: placement.last_name.clone(),
        email: placement.email.clone().filter(|_| send_email),
        ..IdentityInfo::default()
    }
}

fn kept<T: Clone + Default>(keep: bool, value: &T) -> T {
    if keep { value.clone() } else { T::default() }
}

fn differs<T: PartialEq>(wanted: &T, current: Option<&T>) -> bool {
    current != Some(wanted)
}
