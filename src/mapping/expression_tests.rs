//! Rules that compute.

use std::collections::BTreeSet;

use crate::model::RuleOutcome::{Hit, Miss, Passed, Refused};
use crate::model::{Channel, InstanceName, code};

use super::tests::{ana, compiled, denied, identity, okta, outcomes, place, placed, profiles, rule};
use super::{
    ChannelConfig, CheckConfig, Config, Known, LookupConfig, MAX_GROUPS, NamesConfig, Preset, RuleConfig,
    Rules, SetConfig, ValueConfig,
};

pub(super) fn when(expression: &str) -> RuleConfig {
    RuleConfig { when: Some(expression.to_owned()), ..rule("computed", &[], profiles(&["Agent"])) }
}

fn cel(expression: &str) -> ValueConfig {
    ValueConfig::Expression(expression.to_owned())
}

fn attr(name: &str) -> ValueConfig {
    ValueConfig::Attribute(name.to_owned())
}

pub(super) fn config(rules: Vec<RuleConfig>) -> Config {
    Config { rules, ..Config::default() }
}

pub(super) fn rules(rules: Vec<RuleConfig>) -> Rules {
    compiled(&config(rules), Preset::Okta)
}

#[test]
fn an_expression_decides_whether_a_rule_hits() {
    let person = identity(&[
        ("groups", &["cc-billing", "cc-billing-leads"]),
        ("email", &["Ana@Acme.test"]),
        ("extension", &["+442079460000"]),
    ]);
    for (expression, hits) in [
        ("groups.exists(g, g.startsWith('cc-') && g.endsWith('-leads'))", true),
        ("groups.exists(g, g == 'cc-sales')", false),
        ("'cc-billing' in groups", true),
        ("attrs.?extension[?0].orValue('') != ''", true),
        ("attrs.?other[?0].orValue('') != ''", false),
        ("has(attrs.extension)", true),
        ("has(user.first_name)", false),
        ("user.?email.orValue('').lowerAscii().endsWith('@acme.test')", true),
        ("groups.filter(g, g in ['cc-billing', 'cc-tech', 'cc-sales']).size() <= 1", true),
        ("idp == 'okta' && instance == 'prod'", true),
        ("['x@', 'Ana@'].exists(p, user.?email.orValue('').startsWith(p))", true),
        ("size(groups) > 5 ? true : groups[?0].orValue('').split('-').exists(part, part == 'billing')", true),
    ] {
        let placed = place(&person, &rules(vec![when(expression)]));
        assert_eq!(outcomes(&placed.trace), [if hits { Hit } else { Miss }], "{expression}");
        assert_eq!(placed.outcome.is_ok(), hits, "{expression}");
    }
}

#[test]
fn too_many_groups_are_refused_only_where_something_must_be_computed() {
    let many: Vec<String> = (0..=MAX_GROUPS).map(|n| format!("g{n}")).chain(["cc".to_owned()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let person = identity(&[("groups", &many)]);
    let computing = rules(vec![when("groups.exists(g, g == 'cc')")]);
    assert_eq!(denied(&person, &computing).code, &code::MAPPING_TOO_MANY_GROUPS);
    let comparing = rules(vec![rule("agents", &["cc"], profiles(&["Agent"]))]);
    assert!(place(&person, &comparing).outcome.is_ok());
}

#[test]
fn values_are_copied_and_computed() {
    let set = SetConfig {
        security_profiles: vec![
            "Agent".into(),
            cel("groups.filter(g, g.startsWith('sp-')).map(g, g.replace('sp-', ''))"),
        ],
        routing_profile: Some(attr("rp")),
        hierarchy: Some(vec!["EMEA".into(), cel("attrs.team[0]")]),
        ..SetConfig::default()
    };
    let mut config = config(vec![rule("all", &[], set)]);
    config.user.username = Some(cel("user.email.lowerAscii()"));
    config.user.first_name = Some(attr("nick"));
    let rules = compiled(&config, Preset::Okta);
    let person = identity(&[
        ("email", &["Ana@Acme.test"]),
        ("groups", &["sp-Lead", "sp-Trainer", "x"]),
        ("rp", &["Billing"]),
        ("team", &["Tech"]),
        ("nick", &["Annie"]),
    ]);
    let placement = placed(&person, &rules);
    assert_eq!(placement.username.as_str(), "ana@acme.test");
    assert_eq!(placement.first_name.as_deref(), Some("Annie"));
    assert_eq!(placement.security_profiles.iter().collect::<Vec<_>>(), ["Agent", "Lead", "Trainer"]);
    assert_eq!(placement.routing_profile.as_deref(), Some("Billing"));
    assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Tech"]);
}

#[test]
fn a_value_that_was_not_sent_sets_nothing_and_the_next_rule_may() {
    let set = |routing, hierarchy| SetConfig {
        routing_profile: Some(routing),
        hierarchy: Some(vec!["EMEA".into(), hierarchy]),
        ..profiles(&["Agent"])
    };
    let rules = rules(vec![
        rule("theirs", &[], set(attr("rp"), cel("attrs.team[0]"))),
        rule("usual", &[], set("Basic".into(), "Rest".into())),
    ]);
    let placement = placed(&ana(), &rules);
    assert_eq!(placement.routing_profile.as_deref(), Some("Basic"));
    assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Rest"], "never a part of a path");
}

#[test]
fn a_path_counts_as_written_out_only_when_a_rule_for_this_instance_writes_all_of_it() {
    let instances = ["prod", "test"].map(|name| (InstanceName::new(name), BTreeSet::new()));
    let names = NamesConfig { preset: Preset::Okta, ..NamesConfig::default() };
    let known = Known { instances: instances.into(), ..okta(names) };
    let set = |names: Vec<ValueConfig>| SetConfig { hierarchy: Some(names), ..profiles(&["Agent"]) };
    let tech = identity(&[("email", &["a@b.test"]), ("groups", &["x"]), ("team", &["Tech"])]);
    let is_written = |rules: Vec<RuleConfig>| {
        let placement = placed(&tech, &Rules::new(&config(rules), &known).expect("rules"));
        assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Tech"]);
        placement.hierarchy_is_written
    };
    let copied = || rule("copied", &[], set(vec!["EMEA".into(), attr("team")]));
    let written = |groups: &[&str]| rule("written", groups, set(vec!["EMEA".into(), "Tech".into()]));
    assert!(is_written(vec![written(&[])]));
    assert!(is_written(vec![lookup("group,hierarchy,security_profiles\nx,EMEA / Tech,Agent\n")]));
    assert!(!is_written(vec![copied()]));
    assert!(!is_written(vec![rule("computed", &[], set(vec![cel("['EMEA', 'Tech']")]))]));
    assert!(is_written(vec![copied(), written(&["other"])]), "whoever the rule is for, it names the group");
    let elsewhere = RuleConfig { instances: Some(vec!["test".to_owned()]), ..written(&["other"]) };
    assert!(!is_written(vec![copied(), elsewhere]), "but not in another instance");
}

#[test]
fn a_rule_that_can_not_be_applied_refuses_and_says_which() {
    let mut person = ana();
    person.attributes.insert("rp".to_owned(), vec!["One".to_owned(), "Two".to_owned()]);
    let set = SetConfig { routing_profile: Some(attr("rp")), ..profiles(&["Agent"]) };
    let denial = denied(&person, &rules(vec![rule("theirs", &[], set)]));
    assert_eq!((denial.code, denial.rule.as_deref()), (&code::MAPPING_RULE_FAILED, Some("theirs")));
    assert!(!denial.detail.contains("One") && denial.detail.contains("several values"));
}

#[test]
fn a_user_name_whose_value_was_not_sent_is_a_missing_attribute() {
    let mut config = config(vec![rule("all", &[], profiles(&["Agent"]))]);
    config.user.username = Some(cel("attrs.login[0].lowerAscii()"));
    assert_eq!(denied(&ana(), &compiled(&config, Preset::Okta)).code, &code::MAPPING_MISSING_ATTRIBUTE);
}

#[test]
fn a_check_sees_the_result_and_refuses_with_its_own_words() {
    let mut config = config(vec![
        rule("agents", &["cc"], SetConfig { routing_profile: Some("Basic".into()), ..profiles(&["Agent"]) }),
        rule("leads", &["cc-leads"], profiles(&["Lead"])),
    ]);
    let check = |name: &str, expression: &str| CheckConfig {
        name: name.to_owned(),
        expression: expression.to_owned(),
        message: "Ask for one team.".to_owned(),
    };
    config.checks = vec![
        check("one profile", "placement.security_profiles.size() <= 1"),
        check("routed", "placement.routing_profile != ''"),
    ];
    let rules = compiled(&config, Preset::Okta);
    let placed = place(&ana(), &rules);
    assert!(placed.outcome.is_ok());
    assert_eq!(outcomes(&placed.trace), [Hit, Miss, Passed, Passed]);
    let person = identity(&[("groups", &["cc", "cc-leads"])]);
    let placed = place(&person, &rules);
    assert_eq!(outcomes(&placed.trace), [Hit, Hit, Refused, Passed]);
    let denial = placed.outcome.expect_err("a denial");
    assert_eq!((denial.code, denial.rule.as_deref()), (&code::MAPPING_CHECK_FAILED, Some("one profile")));
    assert_eq!(denial.message.as_deref(), Some("Ask for one team."));
}

pub(super) fn lookup(text: &str) -> RuleConfig {
    let lookup = LookupConfig { file: "teams.csv".to_owned(), text: text.to_owned() };
    RuleConfig { set: None, lookup: Some(lookup), ..rule("teams", &[], SetConfig::default()) }
}

const TEAMS: &str = "group,security_profiles,routing_profile,hierarchy\n\
    cc-billing,Agent,Billing voice,EMEA/Billing\n\
    cc-tech,Agent;Trainer,\"Tech, level 1\",EMEA / Tech\n";

#[test]
fn a_table_says_what_each_group_means() {
    let rules = rules(vec![
        lookup(TEAMS),
        rule("rest", &[], SetConfig { routing_profile: Some("Basic".into()), ..profiles(&[]) }),
    ]);
    let placement = placed(&identity(&[("groups", &["x", "cc-tech"])]), &rules);
    assert_eq!(placement.security_profiles.iter().collect::<Vec<_>>(), ["Agent", "Trainer"]);
    assert_eq!(placement.routing_profile.as_deref(), Some("Tech, level 1"));
    assert_eq!(placement.hierarchy.expect("a path").0, ["EMEA", "Tech"]);
    let both = place(&identity(&[("groups", &["cc-tech", "cc-billing"])]), &rules);
    assert_eq!(
        both.trace.0[0].why,
        "for everyone; teams.csv has \"cc-billing\", \"cc-tech\": sets security_profiles, routing_profile, hierarchy"
    );
    assert_eq!(
        both.outcome.expect("a placement").routing_profile.as_deref(),
        Some("Billing voice"),
        "the first row wins"
    );
    let neither = place(&ana(), &rules);
    assert_eq!(neither.trace.0[0].why, "for everyone, but in no group of teams.csv");
    assert_eq!(neither.outcome.expect_err("a denial").code, &code::MAPPING_NO_MATCH);
}

#[test]
fn group_patterns_and_instances_are_conditions() {
    let mut like = rule("leads", &[], profiles(&["Lead"]));
    like.groups_glob = Some(vec!["cc-*-leads".to_owned()]);
    let placed = place(&identity(&[("groups", &["cc-a-leads"])]), &rules(vec![like.clone()]));
    assert_eq!(placed.trace.0[0].why, "in a group like \"cc-*-leads\": sets security_profiles");
    assert!(place(&ana(), &rules(vec![like])).outcome.is_err());
    let mut only = rule("only", &[], profiles(&["Agent"]));
    only.instances = Some(vec!["prd".to_owned()]);
    let mut known = okta(NamesConfig { preset: Preset::Okta, ..NamesConfig::default() });
    let instance = |name: &str| crate::model::InstanceName::new(name);
    known.instances =
        [("prod"), ("test")].map(|name| (instance(name), std::collections::BTreeSet::new())).into();
    let problems = Rules::new(&config(vec![only.clone()]), &known).expect_err("problems");
    assert_eq!(problems[0].message, "there is no [instance.prd]: did you mean \"prod\"?");
    only.instances = Some(vec!["test".to_owned()]);
    let rules = Rules::new(&config(vec![only]), &known).expect("rules");
    assert_eq!(place(&ana(), &rules).trace.0[0].why, "not for people on the way to prod");
    assert!(super::place(&ana(), &instance("test"), &rules).outcome.is_ok());
}

#[test]
fn proficiencies_tags_and_channels_add_up_one_by_one() {
    let proficiency = |value: &str, level: f64| {
        let proficiency = crate::model::Proficiency::new("Language", value).expect("a proficiency");
        (proficiency, crate::model::ProficiencyLevel::new(level).expect("a level"))
    };
    let chat =
        |seconds| ChannelConfig { after_contact_work_seconds: Some(seconds), ..ChannelConfig::default() };
    let set = |proficiencies: &[(&str, f64)], team: ValueConfig, seconds| SetConfig {
        proficiencies: proficiencies.iter().map(|(value, level)| proficiency(value, *level)).collect(),
        tags: [("team".to_owned(), team), ("cc".to_owned(), attr("costCentre"))].into(),
        channels: [(Channel::Chat, chat(seconds))].into(),
        ..profiles(&["Agent"])
    };
    let rules = rules(vec![
        rule("first", &[], set(&[("German", 5.0)], "one".into(), 30)),
        rule("second", &[], set(&[("German", 1.0), ("French", 2.0)], "two".into(), 60)),
    ]);
    let placement = placed(&ana(), &rules);
    assert_eq!(placement.proficiencies, [proficiency("German", 5.0), proficiency("French", 2.0)].into());
    assert_eq!(placement.tags, [("team".to_owned(), "one".to_owned())].into(), "what was not sent is no tag");
    assert_eq!(placement.channels[&Channel::Chat].after_contact_work_seconds, Some(30));
    let eleven: Vec<String> = (0..11).map(|n| format!("L{n}")).collect();
    let eleven: Vec<(&str, f64)> = eleven.iter().map(|value| (value.as_str(), 1.0)).collect();
    let (six, five) = eleven.split_at(6);
    let many = self::rules(vec![
        rule("six", &[], set(six, "one".into(), 30)),
        rule("five", &[], set(five, "one".into(), 30)),
    ]);
    assert_eq!(denied(&ana(), &many).code, &code::MAPPING_BAD_VALUE);
}
