use super::*;
use crate::model::{
    Channel, ChannelPhone, ChannelSettings, PhoneType, ProficiencyLevel, SyncPolicy, VoiceEnhancement,
};

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
        sync,
    }
}

fn all(when: SyncWhen) -> SyncPolicy {
    SyncPolicy { names: when, security_profiles: when, routing_profile: when, hierarchy: when, phone: when }
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
