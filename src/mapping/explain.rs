//! A decision told so that an administrator can follow it. The decision itself is [`place`]'s, as at a sign-in.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::{Field, Identity, InstanceName, Placed};

use super::expression::Expression;
use super::names::{self, GROUPS_OVERAGE, Names, UserField, ValueSource};
use super::rules::{Action, Rules};
use super::{place, value::Value};

/// What was received, and what the rules make of it. Holds a person's values: for the eyes of whoever asked.
#[derive(Clone)]
pub struct Explanation {
    /// What the names layer found, field by field.
    pub received: Vec<Received>,
    /// Attributes that were sent and that nothing looks at.
    pub unused: Vec<String>,
    /// The decision.
    pub placed: Placed,
}

/// What the names layer found for one field.
#[derive(Clone, Serialize)]
pub struct Received {
    /// The field: of `user`, or `groups`.
    pub field: &'static str,
    /// Which of the places that were looked at had it: an attribute's name, or `name_id`.
    pub from: Option<String>,
    /// Where it was looked for.
    pub looked_for: Vec<String>,
    /// What was there.
    pub values: Vec<String>,
}

impl Explanation {
    /// The rules that set a field, by name.
    #[must_use]
    pub fn set_by(&self, field: Field) -> Vec<&str> {
        let entries = self.placed.trace.0.iter().filter(|entry| entry.sets.contains(&field));
        entries.map(|entry| entry.rule.as_str()).collect()
    }
}

/// What the rules make of `identity` on the way to `instance`, and everything that led to it.
#[must_use]
pub fn explain(identity: &Identity, instance: &InstanceName, rules: &Rules) -> Explanation {
    let placed = place(identity, instance, rules);
    let Some(names) = rules.names.get(&identity.idp) else {
        return Explanation { received: Vec::new(), unused: Vec::new(), placed };
    };
    let used = used(names, rules);
    let unused = identity.attributes.keys().filter(|name| !used.contains(name.as_str())).cloned().collect();
    Explanation { received: received(identity, names), unused, placed }
}

fn received(identity: &Identity, names: &Names) -> Vec<Received> {
    let user = UserField::ALL.into_iter().map(|(field, which)| one(field, names.sources(which), identity));
    user.chain([one("groups", &names.groups, identity)]).collect()
}

fn one(field: &'static str, sources: &[ValueSource], identity: &Identity) -> Received {
    let from = sources.iter().find(|source| !source.values(identity).is_empty());
    Received {
        field,
        from: from.map(|source| source.name().to_owned()),
        looked_for: sources.iter().map(|source| source.name().to_owned()).collect(),
        values: names::first_values(sources, identity).into_iter().map(str::to_owned).collect(),
    }
}

/// The names of every attribute that the names layer or a rule looks at.
fn used<'r>(names: &'r Names, rules: &'r Rules) -> BTreeSet<&'r str> {
    let mut used = BTreeSet::from([GROUPS_OVERAGE]);
    let fields = UserField::ALL.into_iter().flat_map(|(_, field)| names.sources(field));
    used.extend(fields.chain(&names.groups).map(ValueSource::name));
    let in_rules = rules.ordered.iter().filter_map(|rule| match &rule.action {
        Action::Set(set) => Some(set.values()),
        Action::Deny(_) | Action::Lookup(_) => None,
    });
    for value in in_rules.flatten().chain(rules.person.values()) {
        if let Value::Attribute(source) = value {
            used.insert(source.name());
        }
    }
    used.extend(rules.expressions().flat_map(Expression::attributes));
    used
}
