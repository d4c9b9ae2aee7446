//! One person and a few rules at a time.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::model::{
    Denial, HierarchyPath, Identity, IdpName, InstanceName, NameId, Placed, Placement, RuleOutcome, Trace,
    Username, code,
};

use RuleOutcome::{Hit, Miss, Shadowed};

use super::{
    Config, GROUPS_OVERAGE, Known, NameSources, NamesConfig, OnMissingGroups, OnNoMatch, Preset, RuleConfig,
    Rules, SetConfig, ValueConfig,
};

/// On the way to the one instance there is.
pub(super) fn place(identity: &Identity, rules: &Rules) -> Placed {
    super::place(identity, &InstanceName::new("prod"), rules)
}

pub(super) fn identity(attributes: &[(&str, &[&str])]) -> Identity {
    let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    Identity {
        idp: IdpName::new("okta"),
        issuer: "https://idp.example.org".to_owned(),
        name_id: Some(name_id("ana@acme.test", None)),
        session_index: None,
        authn_context: None,
        authn_instant: OffsetDateTime::UNIX_EPOCH,
        session_not_on_or_after: None,
        attributes: attributes.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect(),
    }
}

fn name_id(value: &str, format: Option<&str>) -> NameId {
    NameId {
        value: value.to_owned(),
        format: format.map(str::to_owned),
        name_qualifier: None,
        sp_name_qualifier: None,
    }
}

pub(super) fn ana() -> Identity {
    identity(&[
        ("firstName", &["Ana"]),
        ("lastName", &["Lima"]),
        ("email", &["ana@acme.test"]),
        ("groups", &["cc"]),
    ])
}

pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub(super) fn rule(name: &str, groups: &[&str], set: SetConfig) -> RuleConfig {
    let groups = (!groups.is_empty()).then(|| texts(groups));
    RuleConfig { name: name.to_owned(), groups, set: Some(set), ..RuleConfig::default() }
}

pub(super) fn deny(name: &str, groups: &[&str]) -> RuleConfig {
    RuleConfig { set: None, deny: Some("Not you.".to_owned()), ..rule(name, groups, SetConfig::default()) }
}

pub(super) fn profiles(names: &[&str]) -> SetConfig {
    SetConfig { security_profiles: names.iter().map(|&name| name.into()).collect(), ..SetConfig::default() }
}

pub(super) fn path(names: &[&str]) -> Vec<ValueConfig> {
    names.iter().map(|&name| name.into()).collect()
}

fn routing(name: &str) -> SetConfig {
    SetConfig { routing_profile: Some(name.into()), ..profiles(&["Agent"]) }
}

pub(super) fn okta(names: NamesConfig) -> Known {
    Known { idps: BTreeMap::from([(IdpName::new("okta"), names)]), ..Known::default() }
}

pub(super) fn compiled(config: &Config, preset: Preset) -> Rules {
    Rules::new(config, &okta(NamesConfig { preset, ..NamesConfig::default() })).expect("rules")
}

pub(super) fn with_rules(rules: Vec<RuleConfig>) -> Rules {
    compiled(&Config { rules, ..Config::default() }, Preset::Okta)
}

fn agents() -> Config {
    Config { rules: vec![rule("agents", &["cc"], profiles(&["Agent"]))], ..Config::default() }
}

pub(super) fn placed(identity: &Identity, rules: &Rules) -> Placement {
    place(identity, rules).outcome.expect("a placement")
}

pub(super) fn denied(identity: &Identity, rules: &Rules) -> Denial {
    place(identity, rules).outcome.expect_err("a denial")
}

pub(super) fn outcomes(trace: &Trace) -> Vec<RuleOutcome> {
    trace.0.iter().map(|entry| entry.outcome).collect()
}

#[test]
fn a_person_in_a_group_is_placed() {
    let placement = placed(&ana(), &compiled(&agents(), Preset::Okta));
    assert_eq!(placement.username.as_str(), "ana@acme.test");
    assert_eq!(placement.first_name.as_deref(), Some("Ana"));
    assert_eq!(placement.last_name.as_deref(), Some("Lima"));
    assert_eq!(placement.email.as_deref(), Some("ana@acme.test"));
    assert!(placement.security_profiles.contains("Agent"));
    assert!(
        placement.routing_profile.is_none() && placement.hierarchy.is_none() && placement.phone.is_none()
    );
}

#[test]
fn security_profiles_add_up_and_the_first_routing_profile_wins() {
    let rules = with_rules(vec![
        rule("first", &["cc"], routing("Billing")),
        rule("second", &["cc"], SetConfig { hierarchy: Some(path(&["EMEA", "Tech"])), ..routing("Tech") }),
        rule("third", &["cc"], profiles(&["Manager"])),
        rule("fourth", &["cc"], routing("Sales")),
        rule("fifth", &["other"], profiles(&["Other"])),
    ]);
    let placed = place(&ana(), &rules);
    let placement = placed.outcome.expect("a placement");
    assert_eq!(placement.security_profiles.iter().collect::<Vec<_>>(), ["Agent", "Manager"]);
    assert_eq!(placement.routing_profile.as_deref(), Some("Billing"));
    assert_eq!(placement.hierarchy, Some(HierarchyPath(texts(&["EMEA", "Tech"]))));
    assert_eq!(outcomes(&placed.trace), [Hit, Hit, Hit, Shadowed, Miss]);
    assert_eq!(placed.trace.0[0].why, "in \"cc\": sets security_profiles, routing_profile");
    assert_eq!(placed.trace.0[1].why, "in \"cc\": sets hierarchy");
}

#[test]
fn a_deny_rule_beats_every_other_wherever_it_stands() {
    let agents = rule("agents", &["cc"], profiles(&["Agent"]));
    for rules in
        [vec![deny("suspended", &["cc"]), agents.clone()], vec![agents.clone(), deny("suspended", &["cc"])]]
    {
        let placed = place(&ana(), &with_rules(rules));
        assert_eq!(placed.trace.0.len(), 2, "the trace is whole");
        let denial = placed.outcome.expect_err("a denial");
        assert_eq!(denial.code, &code::MAPPING_DENIED);
        assert_eq!(denial.rule.as_deref(), Some("suspended"));
        assert_eq!(denial.message.as_deref(), Some("Not you."));
    }
    let elsewhere = with_rules(vec![deny("suspended", &["other"]), agents]);
    assert!(place(&ana(), &elsewhere).outcome.is_ok());
}

#[test]
fn a_deny_rule_beats_a_user_name_that_can_not_be_used() {
    let mut person = ana();
    person.name_id = None;
    assert_eq!(denied(&person, &with_rules(vec![deny("suspended", &["cc"])])).code, &code::MAPPING_DENIED);
}

#[test]
fn missing_or_empty_groups_are_never_read_as_no_groups() {
    let everyone = Config { rules: vec![rule("all", &[], profiles(&["Agent"]))], ..Config::default() };
    for person in [identity(&[]), identity(&[("groups", &[])]), identity(&[("groups", &["", "  "])])] {
        assert_eq!(denied(&person, &compiled(&everyone, Preset::Okta)).code, &code::MAPPING_NO_GROUPS);
        let lenient = Config { on_missing_groups: OnMissingGroups::NoGroups, ..everyone.clone() };
        assert!(place(&person, &compiled(&lenient, Preset::Okta)).outcome.is_ok());
    }
}

#[test]
fn a_groups_link_is_an_overage_whatever_else_is_sent_or_configured() {
    let mut config = agents();
    config.on_missing_groups = OnMissingGroups::NoGroups;
    for preset in [Preset::Entra, Preset::Okta] {
        let mut person = ana();
        person.attributes.insert(GROUPS_OVERAGE.to_owned(), texts(&["https://graph.example/groups"]));
        let denial = denied(&person, &compiled(&config, preset));
        assert_eq!(denial.code, &code::MAPPING_GROUPS_OVERAGE);
        assert!(!denial.detail.contains("graph.example"));
    }
}

#[test]
fn a_person_whom_no_rule_grants_a_security_profile_has_no_place() {
    let defaults = SetConfig { routing_profile: Some("Basic".into()), ..SetConfig::default() };
    let mut config = Config {
        rules: vec![rule("team", &["other"], profiles(&["Agent"])), rule("defaults", &[], defaults)],
        ..Config::default()
    };
    assert_eq!(denied(&ana(), &compiled(&config, Preset::Okta)).code, &code::MAPPING_NO_MATCH);
    config.on_no_match = OnNoMatch::Keep;
    let placement = placed(&ana(), &compiled(&config, Preset::Okta));
    assert!(placement.security_profiles.is_empty());
    config.rules.clear();
    assert!(placed(&ana(), &compiled(&config, Preset::Okta)).routing_profile.is_none());
}

#[test]
fn an_identity_provider_that_is_no_longer_configured_opens_nothing() {
    let mut person = ana();
    person.idp = IdpName::new("gone");
    assert_eq!(denied(&person, &compiled(&agents(), Preset::Okta)).code, &code::MAPPING_NO_MATCH);
}

#[test]
fn a_rule_for_one_identity_provider_does_not_hit_people_of_another() {
    let idps = ["okta", "entra"].map(|name| (IdpName::new(name), NamesConfig::default())).into();
    let names = Known { idps, ..Known::default() };
    let mut only = rule("entra only", &["cc"], profiles(&["Agent"]));
    only.idps = Some(texts(&["entra"]));
    let rules = Rules::new(&Config { rules: vec![only], ..Config::default() }, &names).expect("rules");
    assert_eq!(place(&ana(), &rules).trace.0[0].why, "not for people from okta");
    let mut person = ana();
    person.idp = IdpName::new("entra");
    assert!(place(&person, &rules).outcome.is_ok());
}

#[test]
fn groups_are_compared_exactly() {
    for group in ["CC", "cc2", "c", "cc;cc-leads", "\u{ff43}\u{ff43}"] {
        let person = identity(&[("groups", &[group])]);
        assert!(place(&person, &compiled(&agents(), Preset::Okta)).outcome.is_err(), "{group}");
    }
}

#[test]
fn only_xml_white_space_around_a_value_is_cut_off() {
    let mut person = ana();
    let mut is_placed = |group: &str, username: &str, preset: Preset| {
        person.attributes.insert("groups".to_owned(), texts(&[group]));
        person.name_id = Some(name_id(username, None));
        place(&person, &compiled(&agents(), preset)).outcome.is_ok()
    };
    for preset in [Preset::Okta, Preset::OneLogin] {
        assert!(is_placed("\r\n\t cc \t", "\n ana\t", preset));
        for space in ["\u{a0}", "\u{2003}", "\u{3000}", "\u{85}", "\u{b}"] {
            assert!(!is_placed(&format!("cc{space}"), "ana", preset), "{space:?}");
            assert!(!is_placed(&format!("x;{space}cc; y"), "ana", preset), "{space:?}");
            assert!(!is_placed("cc", &format!("ana{space}"), preset), "{space:?}");
        }
    }
}

#[test]
fn joined_groups_are_split_only_where_that_is_configured() {
    let person = identity(&[("groups", &["a; cc ;"])]);
    assert!(place(&person, &compiled(&agents(), Preset::Okta)).outcome.is_err());
    assert!(place(&person, &compiled(&agents(), Preset::OneLogin)).outcome.is_ok());
    let names = |separator: &str| {
        okta(NamesConfig {
            preset: Preset::OneLogin,
            groups_separator: Some(separator.to_owned()),
            ..NamesConfig::default()
        })
    };
    assert!(place(&person, &Rules::new(&agents(), &names("")).expect("rules")).outcome.is_err());
    assert!(place(&person, &Rules::new(&agents(), &names("a;")).expect("rules")).outcome.is_err());
}

#[test]
fn an_override_replaces_the_preset_and_candidates_are_tried_in_order() {
    let attributes = NameSources {
        username: texts(&["login", "name_id"]),
        groups: texts(&["team", "crew"]),
        ..NameSources::default()
    };
    let names = okta(NamesConfig { preset: Preset::Okta, attributes, ..NamesConfig::default() });
    let rules = Rules::new(&agents(), &names).expect("rules");
    let person = identity(&[("login", &[" "]), ("team", &[]), ("crew", &["cc"]), ("groups", &["x"])]);
    assert_eq!(placed(&person, &rules).username.as_str(), "ana@acme.test");
    let person = identity(&[("login", &["ana"]), ("crew", &["cc"])]);
    assert_eq!(placed(&person, &rules).username.as_str(), "ana");
}

#[test]
fn a_user_name_is_one_usable_value_or_none() {
    let mut config = agents();
    config.user.username = Some(ValueConfig::Attribute("email".to_owned()));
    let rules = compiled(&config, Preset::Okta);
    for (emails, code) in [
        (&["a@acme.test", "b@acme.test"][..], &code::MAPPING_BAD_VALUE),
        (&["a@acme"], &code::MAPPING_BAD_VALUE),
        (&["a b"], &code::MAPPING_BAD_VALUE),
        (&["x"], &code::MAPPING_BAD_VALUE),
        (&["", " "], &code::MAPPING_MISSING_ATTRIBUTE),
        (&[], &code::MAPPING_MISSING_ATTRIBUTE),
    ] {
        let person = identity(&[("email", emails), ("groups", &["cc"])]);
        let denial = denied(&person, &rules);
        assert_eq!(denial.code, code, "{emails:?}");
        assert!(!denial.detail.contains("acme"), "no value in the detail");
    }
}

#[test]
fn a_transient_name_id_names_nobody() {
    let mut person = ana();
    person.name_id = Some(name_id("ana", Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")));
    assert_eq!(denied(&person, &compiled(&agents(), Preset::Okta)).code, &code::MAPPING_MISSING_ATTRIBUTE);
}

#[test]
fn a_user_name_is_shaped_without_turning_into_someone_elses() {
    let mut config = agents();
    config.user.lower_case = true;
    config.user.strip_domains = texts(&["acme.test"]);
    let rules = compiled(&config, Preset::Okta);
    for (sent, wanted) in [
        ("Ana@ACME.test", Some("ana")),
        ("Ana@other.test", Some("ana@other.test")),
        ("ana@sub.acme.test", Some("ana@sub.acme.test")),
        (" ANA ", Some("ana")),
        ("\u{212a}im", None),
        ("ana@acme.test@acme.test", None),
    ] {
        let mut person = ana();
        person.name_id = Some(name_id(sent, None));
        let username = place(&person, &rules).outcome.ok().map(|placement| placement.username);
        assert_eq!(username.as_ref().map(Username::as_str), wanted, "{sent}");
    }
}

#[test]
fn names_are_normalised_and_bounded() {
    let rules = compiled(&agents(), Preset::Okta);
    let person =
        identity(&[("firstName", &[" Zoe\u{308} "]), ("lastName", &["A", "B"]), ("groups", &["cc"])]);
    let placement = placed(&person, &rules);
    assert_eq!(placement.first_name.as_deref(), Some("Zo\u{eb}"));
    assert_eq!(placement.last_name.as_deref(), Some("A"));
    assert_eq!(placement.email, None);
    for bad in ["x".repeat(256), "a\u{0}b".to_owned()] {
        let person = identity(&[("firstName", &[&bad]), ("groups", &["cc"])]);
        assert_eq!(denied(&person, &rules).code, &code::MAPPING_BAD_VALUE);
    }
}

#[test]
fn more_than_ten_security_profiles_are_refused_not_cut() {
    let six = |from: u8| (from..from + 6).map(|n| format!("P{n}")).collect::<Vec<_>>();
    let set = |from| SetConfig {
        security_profiles: six(from).iter().map(|name| name.as_str().into()).collect(),
        ..SetConfig::default()
    };
    let rules = with_rules(vec![rule("one", &["cc"], set(0)), rule("two", &["cc"], set(6))]);
    assert_eq!(denied(&ana(), &rules).code, &code::MAPPING_BAD_VALUE);
}

#[test]
fn every_preset_names_all_six_fields() {
    for (name, preset) in Preset::ALL {
        let NameSources { username, first_name, last_name, display_name, email, groups } = preset.sources();
        for sources in [username, first_name, last_name, display_name, email, groups] {
            assert!(!sources.is_empty() && sources.iter().all(|source| !source.is_empty()), "{name}");
        }
    }
}
