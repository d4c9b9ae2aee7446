//! Rules that can't do anything because of other rules.

use std::collections::BTreeSet;

use crate::model::{Field, Problem};

use super::condition::Condition;
use super::rules::{Action, Rule};
use super::set::Set;
use super::value::Value;

/// One warning for each rule that can't do anything.
pub(super) fn warnings(rules: &[Rule]) -> Vec<Problem> {
    let warn = |(index, rule): (usize, &Rule)| {
        denied(index, rules).or_else(|| shadowed(rule, &rules[..index])).map(|message| {
            Problem::new(format!("mapping.rule[{index}]"), format!("\"{}\" {message}", rule.name))
        })
    };
    rules.iter().enumerate().filter_map(warn).collect()
}

/// A deny rule beats every other one, wherever it stands; of two, the first one speaks.
fn denied(index: usize, rules: &[Rule]) -> Option<String> {
    let rule = &rules[index];
    let is_deny = matches!(rule.action, Action::Deny(_));
    let others =
        rules.iter().enumerate().filter(|(other, _)| *other != index && (!is_deny || *other < index));
    let mut deny = others.filter(|(_, other)| matches!(other.action, Action::Deny(_)));
    let (_, denying) = deny.find(|(_, other)| covers(other, rule))?;
    Some(format!("never counts: \"{}\" denies everyone whom it is for", denying.name))
}

/// Everything that `rule` sets is set before it, for everyone whom it is for.
fn shadowed(rule: &Rule, earlier: &[Rule]) -> Option<String> {
    let Action::Set(set) = &rule.action else { return None };
    if set.adds_up() {
        return None;
    }
    let mut missing: BTreeSet<Field> = set.fields().into_iter().collect();
    let mut profiles = texts(set)?;
    let mut by = Vec::new();
    for other in earlier.iter().filter(|other| covers(other, rule)) {
        let Action::Set(other_set) = &other.action else { continue };
        let before = missing.len() + profiles.len();
        for field in other_set.certain_fields() {
            missing.remove(&field);
        }
        for value in &other_set.security_profiles {
            if let Value::Text(name) = value {
                profiles.remove(name.as_str());
            }
        }
        if missing.len() + profiles.len() < before {
            by.push(format!("\"{}\"", other.name));
        }
    }
    (missing.is_empty() && profiles.is_empty()).then(|| {
        format!("never sets anything: {} set all that it sets, for everyone whom it is for", by.join(" and "))
    })
}

/// The profiles that it grants, when all of them are written out.
fn texts(set: &Set) -> Option<BTreeSet<&str>> {
    let text = |value: &'_ Value| matches!(value, Value::Text(_));
    set.security_profiles.iter().all(text).then(|| {
        let names = set.security_profiles.iter();
        names
            .filter_map(|value| if let Value::Text(name) = value { Some(name.as_str()) } else { None })
            .collect()
    })
}

/// Whether `wide` hits everyone whom `narrow` hits, as far as that can be told.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let follows = |condition: &Condition| narrow.conditions.iter().any(|other| condition.follows_from(other));
    wide.conditions.iter().all(follows)
}
