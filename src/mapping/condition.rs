//! When a rule hits.

use std::collections::BTreeSet;

use crate::model::{IdpName, InstanceName};

use super::expression::{Expression, Failed};
use super::facts::Facts;
use super::glob::Glob;

/// One thing that must hold for a rule to hit; a rule without conditions always hits.
/// One variant for each kind of condition.
#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    /// The person is in at least one of these groups, compared exactly.
    AnyGroup(BTreeSet<String>),
    /// The person is in at least one group that looks like one of these.
    AnyGroupLike(BTreeSet<Glob>),
    /// The person comes from one of these identity providers.
    Idp(BTreeSet<IdpName>),
    /// The person is on the way to one of these instances.
    Instance(BTreeSet<InstanceName>),
    /// The expression is true.
    When(Expression),
}

/// Whether a condition holds, and why, in words without any value that is not in the configuration.
pub(super) enum Held {
    Yes(String),
    No(String),
}

/// Why every condition holds, or why the first one that doesn't does not; without any, everybody is meant.
pub(super) fn check_all(conditions: &[Condition], facts: &Facts<'_>) -> Result<Held, Failed> {
    let mut reasons = Vec::new();
    for condition in conditions {
        match condition.check(facts)? {
            Held::Yes(why) => reasons.push(why),
            Held::No(why) => return Ok(Held::No(why)),
        }
    }
    Ok(Held::Yes(if reasons.is_empty() { "for everyone".to_owned() } else { reasons.join(" and ") }))
}

impl Condition {
    /// Whether it holds for this person.
    fn check(&self, facts: &Facts<'_>) -> Result<Held, Failed> {
        let groups = &facts.groups;
        Ok(match self {
            Self::AnyGroup(wanted) => {
                let found = wanted.iter().filter(|group| groups.contains(group)).map(String::as_str);
                quoted(found).map_or_else(
                    || Held::No("in none of its groups".to_owned()),
                    |found| Held::Yes(format!("in {found}")),
                )
            }
            Self::AnyGroupLike(wanted) => {
                let found = wanted.iter().filter(|glob| groups.iter().any(|group| glob.matches(group)));
                quoted(found.map(Glob::as_str)).map_or_else(
                    || Held::No("in no group that looks like one of its own".to_owned()),
                    |found| Held::Yes(format!("in a group like {found}")),
                )
            }
            Self::Idp(wanted) => among(wanted, &facts.identity.idp, "from"),
            Self::Instance(wanted) => among(wanted, facts.instance, "on the way to"),
            Self::When(expression) if expression.holds(facts.scope())? => {
                Held::Yes("`when` is true".to_owned())
            }
            Self::When(_) => Held::No("`when` is false".to_owned()),
        })
    }

    /// Whether this holds for everybody for whom `other` holds, as far as that can be told.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AnyGroup(wide), Self::AnyGroup(narrow)) => narrow.is_subset(wide),
            (Self::AnyGroupLike(wide), Self::AnyGroup(narrow)) => {
                narrow.iter().all(|group| wide.iter().any(|glob| glob.matches(group)))
            }
            (Self::AnyGroupLike(wide), Self::AnyGroupLike(narrow)) => narrow.is_subset(wide),
            (Self::Idp(wide), Self::Idp(narrow)) => narrow.is_subset(wide),
            (Self::Instance(wide), Self::Instance(narrow)) => narrow.is_subset(wide),
            (Self::When(this), Self::When(other)) => this == other,
            _ => false,
        }
    }
}

fn among<T: Ord + std::fmt::Display>(wanted: &BTreeSet<T>, found: &T, how: &str) -> Held {
    if wanted.contains(found) {
        Held::Yes(format!("{how} {found}"))
    } else {
        Held::No(format!("not for people {how} {found}"))
    }
}

/// `"a", "b"`, or nothing.
pub(super) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
