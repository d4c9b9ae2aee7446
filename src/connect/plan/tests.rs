use super::*;
use crate::model::{
    Channel, ChannelPhone, ChannelSettings, Phone, PhoneType, ProficiencyLevel, SyncPolicy, VoiceEnhancement,
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

fn current() -> UserFields {
    UserFields {
        identity: IdentityInfo { mobile: Some("+441".into()), ..names("Ada", "King") },
        security_profiles: set(&["agent"]),
        routing_profile: Some("basic".into()),
        hierarchy_group: Some("north".into()),
        phone: Some(PhoneConfig { persistent_connection: Some(true), ..PhoneConfig::soft_phone() }),
        ..UserFields::default()
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
        hierarchy_is_written: true,
        phone: None,
        landing: None,
        proficiencies: BTreeMap::new(),
        tags: BTreeMap::new(),
        channels: BTreeMap::new(),
        sync,
    }
}

fn furnished(sync: SyncPolicy) -> Placement {
    let chat = ChannelSettings { after_contact_work_seconds: Some(60), ..ChannelSettings::default() };
    Placement {
        proficiencies: proficiencies(&[("German", 3.0)]),
        tags: BTreeMap::from([("team".into(), "north".into())]),
        channels: BTreeMap::from([(Channel::Chat, chat)]),
        ..placement(sync)
    }
}

fn proficiencies(levels: &[(&str, f64)]) -> Proficiencies {
    levels
        .iter()
        .map(|(value, level)| {
            (Proficiency::new("Language", *value).unwrap(), ProficiencyLevel::new(*level).unwrap())
        })
        .collect()
}

fn work(limits: &[(Channel, u32)]) -> ChannelConfigs {
    ChannelConfigs { after_contact_work: limits.iter().copied().collect(), ..ChannelConfigs::default() }
}

fn enhanced() -> ChannelConfigs {
    let voice_enhancement = BTreeMap::from([(Channel::Voice, VoiceEnhancement::VoiceIsolation)]);
    ChannelConfigs { voice_enhancement, ..ChannelConfigs::default() }
}

fn all(when: SyncWhen) -> SyncPolicy {
    SyncPolicy {
        names: when,
        security_profiles: when,
        routing_profile: when,
        hierarchy: when,
        phone: when,
        proficiencies: when,
        tags: when,
        channels: when,
    }
}

#[test]
fn a_user_in_place_is_left_alone() {
    let same = UserFields {
        identity: names("Ada", "King"),
        security_profiles: set(&["agent"]),
        routing_profile: Some("basic".into()),
        hierarchy_group: Some("north".into()),
        phone: Some(PhoneConfig::soft_phone()),
        ..UserFields::default()
    };
    assert!(plan(&current(), same).is_empty());
    assert!(plan(&current(), UserFields::default()).is_empty(), "what no rule sets is left alone");
}

#[test]
fn each_difference_is_one_change_and_keeps_what_it_does_not_mean() {
    let desired = UserFields {
        identity: names("Ada", "Lovelace"),
        security_profiles: set(&["agent", "supervisor"]),
        routing_profile: Some("sales".into()),
        hierarchy_group: Some("south".into()),
        phone: Some(PhoneConfig { auto_accept: true, ..PhoneConfig::soft_phone() }),
        ..UserFields::default()
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
        assert!(wanted_of_existing(&furnished(all(when)), true) == Wanted::default());
    }
    let wanted = wanted_of_existing(&furnished(all(SyncWhen::Always)), true);
    assert!(wanted.channels.has_twins() && wanted.tags.len() == 1 && wanted.proficiencies.len() == 1);
    let wanted = wanted_of_existing(&placement(all(SyncWhen::Always)), true);
    assert!(wanted.hierarchy.is_some() && wanted.identity.email.is_some() && wanted.phone.is_none());
}

#[test]
fn a_new_user_gets_what_the_api_demands_even_where_sync_says_never() {
    let never = wanted_of_new(&placement(all(SyncWhen::Never)), false);
    assert!(never.routing_profile.is_some() && !never.security_profiles.is_empty());
    assert!(never.identity == names("Ada", "Lovelace"), "and no e-mail address");
    assert!(never.hierarchy.is_none() && never.phone.is_none());
    let never = wanted_of_new(&furnished(all(SyncWhen::Never)), false);
    assert!(never.channels == ChannelConfigs::default() && never.tags.is_empty());
    assert!(never.proficiencies.is_empty());
    let create = wanted_of_new(&placement(all(SyncWhen::Create)), false);
    assert!(create.hierarchy.is_some() && create.phone == Some(PhoneConfig::soft_phone()));
}

#[test]
fn a_user_is_not_created_without_what_saml_instances_need() {
    let whole = UserFields {
        identity: names("Ada", "King"),
        security_profiles: set(&["agent"]),
        routing_profile: Some("basic".into()),
        ..UserFields::default()
    };
    let ada = || Username::new("ada").unwrap();
    assert!(new_user(ada(), whole.clone()).is_ok());
    for broken in [
        UserFields { identity: names("", "King"), ..whole.clone() },
        UserFields { identity: IdentityInfo { last_name: None, ..names("Ada", "") }, ..whole.clone() },
        UserFields { security_profiles: set(&[]), ..whole.clone() },
        UserFields { routing_profile: None, ..whole },
    ] {
        assert!(matches!(new_user(ada(), broken), Err(Error::Incomplete(_))));
    }
}

#[test]
fn proficiencies_go_before_others_come_and_those_in_place_are_left_alone() {
    let current =
        UserFields { proficiencies: proficiencies(&[("A", 1.0), ("B", 2.0), ("C", 3.0)]), ..current() };
    let desired = |levels| UserFields { proficiencies: proficiencies(levels), ..UserFields::default() };
    let gone = BTreeSet::from([Proficiency::new("Language", "C").unwrap()]);
    let expected = [
        Change::Disassociate(gone),
        Change::UpdateProficiencies(proficiencies(&[("B", 2.5)])),
        Change::Associate(proficiencies(&[("D", 4.0)])),
    ];
    assert!(plan(&current, desired(&[("A", 1.0), ("B", 2.5), ("D", 4.0)])) == expected);
    assert!(plan(&current, desired(&[("A", 1.0), ("B", 2.0), ("C", 3.0)])).is_empty());
    assert!(plan(&current, desired(&[])).is_empty(), "no rule said anything");
}

#[test]
fn only_tags_that_differ_are_set_and_others_stay() {
    let tags = |pairs: &[(&str, &str)]| -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let current =
        UserFields { tags: tags(&[("team", "north"), ("site", "1"), ("theirs", "x")]), ..current() };
    let desired = UserFields { tags: tags(&[("team", "south"), ("site", "1")]), ..UserFields::default() };
    assert!(plan(&current, desired) == [Change::Tags(tags(&[("team", "south")]))]);
}

#[test]
fn a_phone_config_is_never_sent_to_a_user_who_has_or_gets_its_twin() {
    let phone = || Some(PhoneConfig { after_contact_work_seconds: 30, ..PhoneConfig::soft_phone() });
    let by_hand = UserFields { channels: work(&[(Channel::Chat, 60)]), phone: None, ..current() };
    for (current, channels, chat) in
        [(current(), work(&[(Channel::Chat, 60)]), 60), (by_hand, ChannelConfigs::default(), 30)]
    {
        let changes = plan(&current, UserFields { phone: phone(), channels, ..UserFields::default() });
        let expected =
            Channel::ALL.map(|channel| (channel, if channel == Channel::Chat { chat } else { 30 }));
        let [Change::ChannelConfigs(sent)] = changes.as_slice() else {
            unreachable!("one change, and by channel");
        };
        assert!(sent.after_contact_work == BTreeMap::from(expected));
    }
}

#[test]
fn what_the_phone_config_says_already_is_not_said_again_by_channel() {
    let soft_phone = ChannelPhone { kind: PhoneType::SoftPhone, number: None };
    let voice = ChannelConfigs {
        auto_accept: BTreeMap::from([(Channel::Voice, false)]),
        phone_number: BTreeMap::from([(Channel::Voice, soft_phone)]),
        persistent_connection: BTreeMap::from([(Channel::Voice, true)]),
        ..work(&[(Channel::Task, 0)])
    };
    assert!(plan(&current(), UserFields { channels: voice, ..UserFields::default() }).is_empty());
}

#[test]
fn what_has_no_twin_goes_beside_a_phone_config() {
    let phone = PhoneConfig { auto_accept: true, ..PhoneConfig::soft_phone() };
    let desired = UserFields { phone: Some(phone.clone()), channels: enhanced(), ..UserFields::default() };
    let kept = PhoneConfig { persistent_connection: Some(true), ..phone };
    assert!(plan(&current(), desired) == [Change::PhoneConfig(kept), Change::ChannelConfigs(enhanced())]);
}

#[test]
fn lists_that_the_user_has_go_along_and_nothing_goes_where_nothing_differs() {
    let held = ChannelConfigs { callback_after_contact_work: Some(5), ..work(&[(Channel::Voice, 10)]) };
    let current = UserFields { channels: held.clone(), ..current() };
    let desired = |channels| UserFields { channels, ..UserFields::default() };
    let expected = ChannelConfigs { voice_enhancement: enhanced().voice_enhancement, ..held };
    assert!(plan(&current, desired(enhanced())) == [Change::ChannelConfigs(expected)]);
    assert!(plan(&current, desired(work(&[(Channel::Voice, 10)]))).is_empty());
}

#[test]
fn a_new_user_is_told_phone_settings_in_one_place() {
    let created = |placement: &Placement| {
        let Wanted { identity, security_profiles, routing_profile, phone, channels, .. } =
            wanted_of_new(placement, false);
        let desired = UserFields {
            identity,
            security_profiles,
            routing_profile,
            phone,
            channels,
            ..UserFields::default()
        };
        new_user(placement.username.clone(), desired).unwrap()
    };
    let furnished = furnished(all(SyncWhen::Always));
    let user = created(&furnished);
    let soft_phone = ChannelPhone { kind: PhoneType::SoftPhone, number: None };
    assert!(user.phone.is_none() && user.channels.auto_accept.is_empty());
    assert!(user.channels.after_contact_work == BTreeMap::from([(Channel::Chat, 60)]));
    assert!(user.channels.phone_number == BTreeMap::from([(Channel::Voice, soft_phone)]));

    let phone = Phone {
        kind: PhoneType::DeskPhone,
        auto_accept: true,
        after_contact_work_seconds: 10,
        desk_number: Some("+442071838750".into()),
    };
    let user = created(&Placement { phone: Some(phone), ..furnished });
    assert!(user.phone.is_none() && user.channels.auto_accept == BTreeMap::from([(Channel::Voice, true)]));
    assert!(user.channels.after_contact_work.get(&Channel::Chat) == Some(&60));
    assert!(user.channels.after_contact_work.get(&Channel::Task) == Some(&10));
    assert!(user.channels.phone_number.values().all(|phone| phone.kind == PhoneType::DeskPhone));
}
