//! What is found when rules are loaded.

use crate::model::{Destination, InstanceName, PhoneType, Problem};

use super::expression_tests::{config, lookup, rules, when};
use super::tests::{ana, deny, okta, path, placed, profiles, rule, texts};
use super::{Config, NamesConfig, PhoneConfig, Preset, RuleConfig, Rules, SetConfig, ValueConfig};

pub(super) fn problems(config: &Config) -> Vec<Problem> {
    Rules::new(config, &okta(NamesConfig { preset: Preset::Okta, ..NamesConfig::default() }))
        .expect_err("problems")
}

pub(super) fn problem(expression: &str) -> Problem {
    let mut problems = problems(&config(vec![when(expression)]));
    assert_eq!(problems.len(), 1, "{expression}: {problems:?}");
    problems.remove(0)
}

#[test]
fn what_can_not_work_is_found_at_load_with_its_place() {
    for (expression, column, message) in [
        ("grups.exists(g, true)", 1, "there is no name `grups`: did you mean `groups`?"),
        ("'a' in groups && user.emial == 'x'", 23, "there is no field `emial`: did you mean `email`?"),
        (
            "groups.exists(g, g.startWith('a'))",
            20,
            "there is no function `startWith`: did you mean `startsWith`?",
        ),
        ("groups.exists(g, groups.exists(h, g == h))", 18, "takes too long, done again for each value"),
        ("placement.routing_profile == 'x'", 1, "there is no name `placement`"),
        ("1 == 1", 3, "is the same for everyone"),
        ("user['emial'] == 'x'", 5, "there is no field `emial`"),
    ] {
        let problem = problem(expression);
        assert_eq!(problem.key, "mapping.rule[0].when");
        assert!(problem.message.contains(message), "{expression}: {}", problem.message);
        let caret = problem.caret.expect("a caret");
        assert_eq!((caret.text.as_str(), caret.column), (expression, column), "{expression}");
    }
}

#[test]
fn what_would_fail_for_some_people_is_found_at_load() {
    for (expression, message) in [
        ("attrs.department[0] == 'x'", "fails for people without `department`: write `attrs.?department[?0]"),
        ("user.email == 'x'", "fails for people without `email`: write `user.?email.orValue"),
        ("groups[0] == 'x'", "write `[?0]`"),
        ("groups > 3", "compares a list with a number: they are of different types"),
        ("groups", "neither true nor false"),
        ("user.?email.orValue('')", "neither true nor false"),
        ("'x'.contains(groups)", "types"),
    ] {
        let problem = problem(expression);
        assert!(problem.message.contains(message), "{expression}: {}", problem.message);
    }
}

#[test]
fn what_is_no_expression_is_shown_where_it_ends_to_be_one() {
    let problem = problem("groups.exists(g, g ==");
    assert!(problem.message.starts_with("is no expression"), "{}", problem.message);
    assert!(problem.caret.is_some());
    assert!(self::problem("").message.starts_with("is no expression"));
}

#[test]
fn expressions_are_bounded_at_load() {
    let long = format!("groups.exists(g, g == '{}')", "x".repeat(2048));
    assert!(problem(&long).message.contains("longer than 2048 bytes"));
    let thrice = "['a'].exists(a, ['b'].exists(b, ['c'].exists(c, groups == [a, b, c])))";
    assert!(!problem(thrice).message.is_empty());
    for deep in [
        format!("{}true{} == groups", "(".repeat(500), ")".repeat(500)),
        format!("{}'a' in groups", "true ? true : ".repeat(140)),
        format!("'a' in {}groups{}", "[".repeat(900), "]".repeat(900)),
        format!("'a'{} in groups", ".trim()".repeat(280)),
        format!("user.?email.orValue('') == 'a'{}", " + 'a'".repeat(300)),
    ] {
        let problem = problem(&deep);
        assert!(
            problem.message.contains("nested") || problem.message.starts_with("is no expression"),
            "{problem}"
        );
    }
}

#[test]
fn everything_wrong_with_a_table_is_said_with_its_line() {
    for (text, message) in [
        ("group,routing\ncc,x\n", "line 1: there is no column \"routing\": did you mean routing_profile?"),
        ("routing_profile,group\nx,cc\n", "line 1: the first line names the columns"),
        ("group,group\ncc,cc\n", "line 1: the column group is there twice"),
        ("group,routing_profile\n", "line 1: there is no row"),
        ("group,routing_profile\ncc,x\ncc,y\n", "line 3: \"cc\" is in line 2 already"),
        ("group,routing_profile\ncc,x,y\n", "line 2: can't be read"),
        ("group,routing_profile\n,x\n", "line 2: names no group"),
        ("group,hierarchy\ncc,a/b/c/d/e/f\n", "line 2: hierarchy has more than five levels"),
        ("group,hierarchy\ncc,a//c\n", "line 2: hierarchy is empty"),
        ("group,security_profiles\ncc,Agent;Admin\n", "line 2: \"Admin\" is protected"),
        ("", "line 1: the first line names the columns"),
    ] {
        let problems = problems(&config(vec![lookup(text)]));
        assert!(
            problems.iter().any(|problem| problem.message.starts_with(&format!("teams.csv {message}"))),
            "{text:?}: {problems:?}"
        );
        assert!(problems.iter().all(|problem| problem.key == "mapping.rule[0].lookup"));
    }
}

#[test]
fn a_landing_must_be_a_destination_of_every_instance_that_it_is_for() {
    let mut lands =
        rule("lands", &[], SetConfig { landing: Some("workspace".to_owned()), ..profiles(&["Agent"]) });
    let destinations = |names: &[&str]| names.iter().map(|name| Destination::new(*name)).collect();
    let mut known = okta(NamesConfig { preset: Preset::Okta, ..NamesConfig::default() });
    let instance = |name: &str| InstanceName::new(name);
    known.instances =
        [(instance("prod"), destinations(&["ccp", "workspace"])), (instance("test"), destinations(&["ccp"]))]
            .into();
    let problems = Rules::new(&config(vec![lands.clone()]), &known).expect_err("problems");
    assert_eq!(
        problems[0].to_string(),
        "mapping.rule[0].set.landing: test has no destination \"workspace\": it has ccp"
    );
    lands.instances = Some(vec!["prod".to_owned()]);
    let rules = Rules::new(&config(vec![lands]), &known).expect("rules");
    assert_eq!(placed(&ana(), &rules).landing.expect("a landing").as_str(), "workspace");
}

#[test]
fn rules_that_can_never_do_anything_are_found_at_load() {
    let routing = |name: &str| SetConfig { routing_profile: Some(name.into()), ..profiles(&["Agent"]) };
    let warned = rules(vec![
        rule("wide", &["a", "b"], routing("One")),
        rule("narrow", &["a"], routing("Two")),
        rule("adds", &["a"], SetConfig { routing_profile: Some("Two".into()), ..profiles(&["Lead"]) }),
        rule("wider", &["a", "b", "c"], routing("Three")),
        deny("stop", &["x", "y"]),
        rule("stopped", &["x"], routing("Four")),
        deny("stop again", &["y"]),
        RuleConfig { when: Some("'z' in groups".to_owned()), ..rule("when", &["a"], routing("Five")) },
    ]);
    let found: Vec<String> = warned.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "mapping.rule[1]: \"narrow\" never sets anything: \"wide\" set all that it sets, for everyone whom it is for",
            "mapping.rule[5]: \"stopped\" never counts: \"stop\" denies everyone whom it is for",
            "mapping.rule[6]: \"stop again\" never counts: \"stop\" denies everyone whom it is for",
            "mapping.rule[7]: \"when\" never sets anything: \"wide\" set all that it sets, for everyone whom it is for",
        ]
    );
    let everyone = problems(&config(vec![deny("all", &[])]));
    assert_eq!(everyone[0].message, "denies everyone: say whom, by `groups` or another condition");
}

#[test]
fn rules_that_can_not_work_are_all_reported_at_load() {
    let phone = |kind, number: Option<&str>| SetConfig {
        phone: Some(PhoneConfig {
            kind,
            auto_accept: false,
            after_contact_work_seconds: 0,
            desk_number: number.map(ValueConfig::from),
        }),
        ..SetConfig::default()
    };
    let deep = |names: &[&str]| SetConfig { hierarchy: Some(path(names)), ..SetConfig::default() };
    let mut elsewhere = rule("elsewhere", &[], profiles(&["Agent"]));
    elsewhere.idps = Some(texts(&["nowhere"]));
    let mut nobody = rule("nobody", &[], profiles(&["Agent"]));
    nobody.groups = Some(Vec::new());
    let rules = vec![
        rule("twice", &["cc"], profiles(&["Agent"])),
        rule(" twice ", &["cc"], profiles(&["Agent"])),
        rule("nothing", &["cc"], SetConfig::default()),
        rule("deep", &["cc"], deep(&["1", "2", "3", "4", "5", "6"])),
        rule("shallow", &["cc"], deep(&[])),
        rule("no number", &["cc"], phone(PhoneType::DeskPhone, None)),
        rule("bad number", &["cc"], phone(PhoneType::DeskPhone, Some("0044 20"))),
        rule("soft number", &["cc"], phone(PhoneType::SoftPhone, Some("+442079460000"))),
        elsewhere,
        nobody,
        rule("spaced", &[" cc"], profiles(&["Agent"])),
        rule("empty name", &["cc"], profiles(&[" "])),
        RuleConfig { set: None, ..rule("neither", &["cc"], SetConfig::default()) },
    ];
    let count = rules.len();
    let problems: Vec<Problem> =
        Rules::new(&Config { rules, ..Config::default() }, &okta(NamesConfig::default()))
            .expect_err("problems");
    for index in 1..count {
        let key = format!("mapping.rule[{index}]");
        assert!(problems.iter().any(|problem| problem.key.starts_with(&key)), "{key} in {problems:#?}");
    }
}
