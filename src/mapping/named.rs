//! What the rules for one instance name of it.

use std::collections::BTreeSet;

use crate::model::{Field, HierarchyPath, InstanceName, NamedObjects, SyncPolicy};

use super::condition::Condition;
use super::rules::{Action, Rule, Rules};
use super::set::Set;
use super::value::Value;

impl Rules {
    /// Every name that is written out in a rule for people on the way to `instance`. What is copied or computed is
    /// known at a sign-in only.
    #[must_use]
    pub fn named(&self, instance: &InstanceName) -> NamedObjects {
        let mut named = NamedObjects::default();
        for rule in self.ordered.iter().filter(|rule| rule.is_for(instance)) {
            match &rule.action {
                Action::Set(set) => add(&mut named, set),
                Action::Lookup(lookup) => lookup.rows.iter().for_each(|row| add(&mut named, &row.set)),
                Action::Deny(_) => {}
            }
        }
        named
    }
}

impl Rules {
    /// The fields that a rule for people on the way to `instance` can set.
    #[must_use]
    pub fn fields(&self, instance: &InstanceName) -> BTreeSet<Field> {
        self.sets(instance).flat_map(Set::all_fields).collect()
    }

    /// Whether a rule for people on the way to `instance` copies or computes names of security profiles.
    #[must_use]
    pub fn computes_security_profiles(&self, instance: &InstanceName) -> bool {
        self.sets(instance).flat_map(|set| &set.security_profiles).any(|value| text(value).is_none())
    }

    /// When each field of an existing user follows the rules.
    #[must_use]
    pub fn sync(&self) -> SyncPolicy {
        self.sync
    }

    fn sets(&self, instance: &InstanceName) -> impl Iterator<Item = &Set> {
        let rules = self.ordered.iter().filter(|rule| rule.is_for(instance));
        rules.flat_map(|rule| match &rule.action {
            Action::Set(set) => vec![&**set],
            Action::Lookup(lookup) => lookup.rows.iter().map(|row| &row.set).collect(),
            Action::Deny(_) => Vec::new(),
        })
    }

    /// Whether a rule for people on the way to `instance` has this hierarchy path written out.
    pub(super) fn write_out(&self, path: &HierarchyPath, instance: &InstanceName) -> bool {
        let is_it = |set: &Set| {
            set.hierarchy.as_ref().is_some_and(|values| {
                values.len() == path.0.len()
                    && values
                        .iter()
                        .zip(&path.0)
                        .all(|(value, name)| matches!(value, Value::Text(text) if text == name))
            })
        };
        self.ordered.iter().filter(|rule| rule.is_for(instance)).any(|rule| match &rule.action {
            Action::Set(set) => is_it(set),
            Action::Lookup(lookup) => lookup.rows.iter().any(|row| is_it(&row.set)),
            Action::Deny(_) => false,
        })
    }
}

impl Rule {
    fn is_for(&self, instance: &InstanceName) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Instance(instances) => instances.contains(instance),
            _ => true,
        })
    }
}

fn add(named: &mut NamedObjects, set: &Set) {
    named.security_profiles.extend(set.security_profiles.iter().filter_map(text));
    named.routing_profiles.extend(set.routing_profile.as_ref().and_then(text));
    let path = set.hierarchy.as_ref().and_then(|path| path.iter().map(text).collect::<Option<Vec<_>>>());
    named.hierarchies.extend(path.map(HierarchyPath));
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}
