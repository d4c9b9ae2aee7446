//! What holds for every identity: thousands of made-up ones against one set of rules.

use std::collections::BTreeSet;

use crate::model::{Field, Identity, IdpName, NameId, RuleOutcome, code};

use super::tests::{deny, identity, okta, place, profiles, rule, texts};
use super::{Config, MAX_SECURITY_PROFILES, NamesConfig, Preset, RuleConfig, Rules, SetConfig};

/// Appears in every generated value that is not a configured group.
const MARK: &str = "QZX";

/// A small generator: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn text(&mut self) -> String {
        let parts =
            ["", " ", "a", "É", "e\u{301}", "@", ".", "x.test", "\u{0}", "\u{202e}", "😀", ";", "/", "\n"];
        let mut text = MARK.to_owned();
        for _ in 0..self.below(6) {
            text.push_str(self.pick(&parts));
        }
        if self.below(40) == 0 { text.repeat(120) } else { text }
    }

    fn groups(&mut self) -> Vec<String> {
        let known = ["a", "b", "c", "d", "stop", "A", " a ", "a\u{3000}", "a;b", ""];
        (0..self.below(6))
            .map(|_| if self.below(3) == 0 { self.text() } else { self.pick(&known).to_owned() })
            .collect()
    }

    fn identity(&mut self) -> Identity {
        let mut person = identity(&[]);
        person.name_id = (self.below(8) > 0).then(|| NameId {
            value: if self.below(2) == 0 { format!("{MARK}@x.test") } else { self.text() },
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
        });
        for name in ["firstName", "lastName", "email", "other", "groups.link"] {
            if self.below(3) > 0 {
                let values = (0..self.below(3)).map(|_| self.text()).collect();
                person.attributes.insert(name.to_owned(), values);
            }
        }
        if self.below(6) > 0 {
            person.attributes.insert("groups".to_owned(), self.groups());
        }
        if self.below(20) == 0 {
            person.idp = IdpName::new("other");
        }
        person
    }
}

fn rule_configs() -> Vec<RuleConfig> {
    let routing =
        |name: &str, profile: &str| SetConfig { routing_profile: Some(name.into()), ..profiles(&[profile]) };
    vec![
        rule("a", &["a"], routing("A", "Agent")),
        rule("b or c", &["b", "c"], routing("B", "Agent")),
        deny("stop", &["stop"]),
        rule("d", &["d"], profiles(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"])),
        rule("all", &[], SetConfig { hierarchy: Some(vec!["Top".into()]), ..SetConfig::default() }),
    ]
}

#[test]
fn what_is_explained_is_what_is_decided() {
    let computed = RuleConfig {
        when: Some("groups.exists(g, g == 'b') || attrs.?other[?0].orValue('') != ''".to_owned()),
        ..rule("computed", &[], SetConfig { routing_profile: Some("C".into()), ..profiles(&["Agent"]) })
    };
    let rules = compiled(rule_configs().into_iter().chain([computed]).collect());
    let mut numbers = Numbers(17);
    for _ in 0..2000 {
        let person = numbers.identity();
        let instance = crate::model::InstanceName::new("prod");
        let explanation = super::explain(&person, &instance, &rules);
        assert_eq!(explanation.placed, place(&person, &rules));
        let Ok(placement) = &explanation.placed.outcome else { continue };
        assert_eq!(placement.routing_profile.is_some(), explanation.set_by(Field::RoutingProfile).len() == 1);
        assert!(!explanation.set_by(Field::SecurityProfiles).is_empty());
    }
}

fn compiled(rules: Vec<RuleConfig>) -> Rules {
    let names = NamesConfig { preset: Preset::Okta, ..NamesConfig::default() };
    Rules::new(&Config { rules, ..Config::default() }, &okta(names)).expect("rules")
}

/// The groups as the documentation describes them.
fn groups_of(person: &Identity) -> BTreeSet<&str> {
    person
        .attributes
        .get("groups")
        .into_iter()
        .flatten()
        .map(|g| g.trim_matches([' ', '\t', '\r', '\n']))
        .filter(|g| !g.is_empty())
        .collect()
}

#[test]
fn every_identity_gets_the_placement_or_denial_that_the_documentation_promises() {
    let rules = compiled(rule_configs());
    let mut numbers = Numbers(7);
    let mut seen = BTreeSet::new();
    for _ in 0..5000 {
        let person = numbers.identity();
        let groups = groups_of(&person);
        let placed = place(&person, &rules);
        let id = placed.outcome.as_ref().map_or_else(|denial| denial.code.id, |_| "placed");
        seen.insert(id);
        if person.idp.as_str() != "okta" {
            assert_eq!(id, code::MAPPING_NO_MATCH.id);
        } else if groups.is_empty() {
            assert_eq!(id, code::MAPPING_NO_GROUPS.id);
        } else if groups.contains("stop") {
            assert_eq!(id, code::MAPPING_DENIED.id);
        } else if !["a", "b", "c", "d"].iter().any(|group| groups.contains(group)) {
            assert_eq!(id, code::MAPPING_NO_MATCH.id);
        } else if let Ok(placement) = placed.outcome {
            let first = if groups.contains("a") { Some("A") } else { None };
            let second = (groups.contains("b") || groups.contains("c")).then_some("B");
            assert_eq!(placement.routing_profile.as_deref(), first.or(second));
            assert!((1..=MAX_SECURITY_PROFILES).contains(&placement.security_profiles.len()));
            assert!(placement.first_name.is_none_or(|name| (1..=255).contains(&name.chars().count())));
        } else {
            assert!([code::MAPPING_BAD_VALUE.id, code::MAPPING_MISSING_ATTRIBUTE.id].contains(&id), "{id}");
        }
    }
    assert_eq!(seen.len(), 6, "every kind of outcome was generated: {seen:?}");
}

#[test]
fn the_trace_has_every_rule_in_order_and_no_value_that_was_sent() {
    let rules = compiled(rule_configs());
    let mut numbers = Numbers(11);
    for _ in 0..5000 {
        let person = numbers.identity();
        let placed = place(&person, &rules);
        let names: Vec<&str> = placed.trace.0.iter().map(|entry| entry.rule.as_str()).collect();
        let tried = person.idp.as_str() == "okta" && !groups_of(&person).is_empty();
        assert_eq!(names, if tried { vec!["a", "b or c", "stop", "d", "all"] } else { Vec::new() });
        assert!(!format!("{placed:?}").contains(MARK));
        let hits = placed.trace.0.iter().filter(|entry| entry.outcome != RuleOutcome::Miss).count();
        assert!(names.is_empty() || hits >= 1, "the rule for everyone never misses");
    }
}

#[test]
fn neither_the_order_of_groups_nor_other_attributes_nor_the_place_of_a_deny_rule_change_the_outcome() {
    let rules = compiled(rule_configs());
    let mut moved = rule_configs();
    moved.rotate_left(3);
    let (head, tail) = moved.split_at(2);
    let mut deny_last: Vec<RuleConfig> = tail.iter().chain(head).cloned().collect();
    deny_last.sort_by_key(|rule| rule.deny.is_some());
    let deny_last = compiled(deny_last);
    let mut numbers = Numbers(13);
    for _ in 0..3000 {
        let person = numbers.identity();
        let outcome = place(&person, &rules).outcome;
        let mut shuffled = person.clone();
        shuffled.attributes.entry("groups".to_owned()).or_default().reverse();
        shuffled.attributes.insert("unrelated".to_owned(), texts(&["a", "stop"]));
        assert_eq!(place(&shuffled, &rules).outcome, outcome);
        let code = |outcome: Result<_, crate::model::Denial>| {
            outcome.map_err(|denial| denial.code.id).map(|_: crate::model::Placement| ())
        };
        assert_eq!(code(place(&person, &deny_last).outcome), code(outcome));
    }
}
