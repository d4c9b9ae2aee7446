//! All rules tried against one person, in order.

use std::collections::BTreeSet;

use crate::model::{HierarchyPath, Identity, Phone, RuleOutcome, Trace, TraceEntry};

use super::rules::{Action, Rule, Set};

/// What the rules that hit add up to.
#[derive(Debug, Default)]
pub(super) struct Outcome<'r> {
    /// The first rule that denies, and its message.
    pub(super) denied: Option<(&'r str, &'r str)>,
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<&'r String>,
    pub(super) hierarchy: Option<&'r HierarchyPath>,
    pub(super) phone: Option<&'r Phone>,
    pub(super) trace: Trace,
}

impl<'r> Outcome<'r> {
    /// Tries every rule, so that the trace is whole even after a denial.
    pub(super) fn of(rules: &'r [Rule], identity: &Identity, groups: &[String]) -> Self {
        let mut outcome = Self::default();
        for rule in rules {
            let (result, why) = match rule.holds(identity, groups) {
                Ok(why) => outcome.take(rule, &why),
                Err(why) => (RuleOutcome::Miss, why),
            };
            outcome.trace.0.push(TraceEntry { rule: rule.name.clone(), outcome: result, why });
        }
        outcome
    }

    fn take(&mut self, rule: &'r Rule, why: &str) -> (RuleOutcome, String) {
        let set = match &rule.action {
            Action::Deny(message) => {
                self.denied.get_or_insert((&rule.name, message));
                return (RuleOutcome::Hit, format!("{why}: denies"));
            }
            Action::Set(set) => set,
        };
        let taken = self.fill(set);
        if taken.is_empty() {
            return (RuleOutcome::Shadowed, format!("{why}, but earlier rules set all that it sets"));
        }
        (RuleOutcome::Hit, format!("{why}: sets {}", taken.join(", ")))
    }

    /// Takes what no earlier rule has set; says which fields those are.
    fn fill(&mut self, set: &'r Set) -> Vec<&'static str> {
        let mut taken = Vec::new();
        let before = self.security_profiles.len();
        self.security_profiles.extend(set.security_profiles.iter().cloned());
        if self.security_profiles.len() > before {
            taken.push("security_profiles");
        }
        if fill_one(&mut self.routing_profile, set.routing_profile.as_ref()) {
            taken.push("routing_profile");
        }
        if fill_one(&mut self.hierarchy, set.hierarchy.as_ref()) {
            taken.push("hierarchy");
        }
        if fill_one(&mut self.phone, set.phone.as_ref()) {
            taken.push("phone");
        }
        taken
    }
}

/// The first value stays.
fn fill_one<'r, T>(field: &mut Option<&'r T>, value: Option<&'r T>) -> bool {
    let free = field.is_none() && value.is_some();
    if free {
        *field = value;
    }
    free
}
