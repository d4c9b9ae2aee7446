//! What has to change so that a user is as the rules want it. Pure.

use std::collections::BTreeSet;

use super::Error;
use crate::model::{HierarchyPath, Phone, PhoneType, Placement, SyncWhen, Username};

/// What the rules want of a user, by names: only the fields that may be written for this purpose.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) phone: Option<PhoneConfig>,
}

/// The same, by ids.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Desired {
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy_group: Option<String>,
    pub(super) phone: Option<PhoneConfig>,
}

/// A user as Connect describes it, by ids.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Current {
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy_group: Option<String>,
    pub(super) phone: Option<PhoneConfig>,
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

/// `UserPhoneConfig`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PhoneConfig {
    pub(super) kind: PhoneType,
    pub(super) auto_accept: bool,
    pub(super) after_contact_work_seconds: u32,
    pub(super) desk_number: Option<String>,
    pub(super) persistent_connection: Option<bool>,
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
        }
    }
}

/// `CreateUser`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NewUser {
    pub(super) username: Username,
    pub(super) identity: IdentityInfo,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: String,
    pub(super) hierarchy_group: Option<String>,
    pub(super) phone: Option<PhoneConfig>,
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
        phone: kept(always(sync.phone), &placement.phone).map(PhoneConfig::from),
    }
}

/// What a new user gets. `Never` leaves out what the API lets us leave out: hierarchy and phone.
pub(super) fn wanted_of_new(placement: &Placement, send_email: bool) -> Wanted {
    let sync = placement.sync;
    let ever = |when| when != SyncWhen::Never;
    let phone = placement.phone.clone().map_or_else(PhoneConfig::soft_phone, PhoneConfig::from);
    Wanted {
        identity: identity(placement, send_email, true),
        security_profiles: placement.security_profiles.clone(),
        routing_profile: placement.routing_profile.clone(),
        hierarchy: kept(ever(sync.hierarchy), &placement.hierarchy),
        phone: ever(sync.phone).then_some(phone),
    }
}

/// The changes that make `current` what `desired` says; nothing for what is equal or not said.
pub(super) fn plan(current: &Current, desired: Desired) -> Vec<Change> {
    let identity = current.identity.overlaid(desired.identity);
    let phone = desired.phone.map(|phone| phone.keeping(current.phone.as_ref()));
    let profiles = Some(desired.security_profiles).filter(|ids| !ids.is_empty());
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
        phone.filter(|phone| differs(phone, current.phone.as_ref())).map(Change::PhoneConfig),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Checks that nothing is missing that `CreateUser` needs on an instance that uses SAML.
pub(super) fn new_user(username: Username, desired: Desired) -> Result<NewUser, Error> {
    let identity = &desired.identity;
    for (value, field) in [(&identity.first_name, "first name"), (&identity.last_name, "last name")] {
        if value.as_ref().is_none_or(String::is_empty) {
            return Err(Error::Incomplete(field));
        }
    }
    if desired.security_profiles.is_empty() {
        return Err(Error::Incomplete("security profile"));
    }
    let routing_profile = desired.routing_profile.ok_or(Error::Incomplete("routing profile"))?;
    Ok(NewUser {
        username,
        identity: desired.identity,
        security_profiles: desired.security_profiles,
        routing_profile,
        hierarchy_group: desired.hierarchy_group,
        phone: desired.phone,
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

impl PhoneConfig {
    fn soft_phone() -> Self {
        Self {
            kind: PhoneType::SoftPhone,
            auto_accept: false,
            after_contact_work_seconds: 0,
            desk_number: None,
            persistent_connection: None,
        }
    }

    fn keeping(self, current: Option<&Self>) -> Self {
        let Some(current) = current else { return self };
        Self {
            desk_number: self.desk_number.or_else(|| current.desk_number.clone()),
            persistent_connection: self.persistent_connection.or(current.persistent_connection),
            ..self
        }
    }
}

impl From<Phone> for PhoneConfig {
    fn from(phone: Phone) -> Self {
        Self {
            kind: phone.kind,
            auto_accept: phone.auto_accept,
            after_contact_work_seconds: phone.after_contact_work_seconds,
            desk_number: phone.desk_number,
            persistent_connection: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SyncPolicy;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn names(first: &str, last: &str) -> IdentityInfo {
        IdentityInfo {
            first_name: Some(first.to_owned()),
            last_name: Some(last.to_owned()),
            ..IdentityInfo::default()
        }
    }

    fn current() -> Current {
        Current {
            identity: IdentityInfo { mobile: Some("+441".into()), ..names("Ada", "King") },
            security_profiles: set(&["agent"]),
            routing_profile: Some("basic".into()),
            hierarchy_group: Some("north".into()),
            phone: Some(PhoneConfig { persistent_connection: Some(true), ..PhoneConfig::soft_phone() }),
        }
    }

    fn placement(sync: SyncPolicy) -> Placement {
        Placement {
            username: Username::new("ada").unwrap(),
            first_name: Some("Ada".into()),
            last_name: Some("Lovelace".into()),
            email: Some("ada@example.org".into()),
            security_profiles: set(&["Agent"]),
            routing_profile: Some("Basic".into()),
            hierarchy: Some(HierarchyPath(vec!["North".into()])),
            phone: None,
            landing: None,
            sync,
        }
    }

    fn all(when: SyncWhen) -> SyncPolicy {
        SyncPolicy {
            names: when,
            security_profiles: when,
            routing_profile: when,
            hierarchy: when,
            phone: when,
        }
    }

    #[test]
    fn a_user_in_place_is_left_alone() {
        let same = Desired {
            identity: names("Ada", "King"),
            security_profiles: set(&["agent"]),
            routing_profile: Some("basic".into()),
            hierarchy_group: Some("north".into()),
            phone: Some(PhoneConfig::soft_phone()),
        };
        assert!(plan(&current(), same).is_empty());
        assert!(plan(&current(), Desired::default()).is_empty(), "what no rule sets is left alone");
    }

    #[test]
    fn each_difference_is_one_change_and_keeps_what_it_does_not_mean() {
        let desired = Desired {
            identity: names("Ada", "Lovelace"),
            security_profiles: set(&["agent", "supervisor"]),
            routing_profile: Some("sales".into()),
            hierarchy_group: Some("south".into()),
            phone: Some(PhoneConfig { auto_accept: true, ..PhoneConfig::soft_phone() }),
        };
        let renamed = IdentityInfo { mobile: Some("+441".into()), ..names("Ada", "Lovelace") };
        let phone =
            PhoneConfig { auto_accept: true, persistent_connection: Some(true), ..PhoneConfig::soft_phone() };
        let expected = [
            Change::SecurityProfiles(set(&["agent", "supervisor"])),
            Change::RoutingProfile("sales".into()),
            Change::Hierarchy("south".into()),
            Change::IdentityInfo(renamed),
            Change::PhoneConfig(phone),
        ];
        assert!(plan(&current(), desired) == expected);
    }

    #[test]
    fn an_existing_user_gets_only_the_fields_that_always_follow_the_rules() {
        for when in [SyncWhen::Create, SyncWhen::Never] {
            assert!(wanted_of_existing(&placement(all(when)), true) == Wanted::default());
        }
        let wanted = wanted_of_existing(&placement(all(SyncWhen::Always)), true);
        assert!(wanted.hierarchy.is_some() && wanted.identity.email.is_some() && wanted.phone.is_none());
    }

    #[test]
    fn a_new_user_gets_what_the_api_demands_even_where_sync_says_never() {
        let never = wanted_of_new(&placement(all(SyncWhen::Never)), false);
        assert!(never.routing_profile.is_some() && !never.security_profiles.is_empty());
        assert!(never.identity == names("Ada", "Lovelace"), "and no e-mail address");
        assert!(never.hierarchy.is_none() && never.phone.is_none());
        let create = wanted_of_new(&placement(all(SyncWhen::Create)), false);
        assert!(create.hierarchy.is_some() && create.phone == Some(PhoneConfig::soft_phone()));
    }

    #[test]
    fn a_user_is_not_created_without_what_saml_instances_need() {
        let whole = Desired {
            identity: names("Ada", "King"),
            security_profiles: set(&["agent"]),
            routing_profile: Some("basic".into()),
            ..Desired::default()
        };
        let ada = || Username::new("ada").unwrap();
        assert!(new_user(ada(), whole.clone()).is_ok());
        for broken in [
            Desired { identity: names("", "King"), ..whole.clone() },
            Desired { identity: IdentityInfo { last_name: None, ..names("Ada", "") }, ..whole.clone() },
            Desired { security_profiles: set(&[]), ..whole.clone() },
            Desired { routing_profile: None, ..whole },
        ] {
            assert!(matches!(new_user(ada(), broken), Err(Error::Incomplete(_))));
        }
    }
}
