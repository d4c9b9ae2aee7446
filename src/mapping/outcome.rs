//! All rules tried against one person, in order.

use std::collections::BTreeSet;

use crate::model::{RuleOutcome, Trace, TraceEntry};

use super::condition::{Held, check_all, quoted};
use super::expression::Failed;
use super::facts::Facts;
use super::rules::{Action, Rule};
use super::set::Settings;

/// What the rules that hit add up to.
#[derive(Debug, Default)]
pub(super) struct Outcome<'r> {
    /// The first rule that denies, and its message.
    pub(super) denied: Option<(&'r str, &'r str)>,
    /// The first rule that can't be computed, and why.
    pub(super) failed: Option<(&'r str, Failed)>,
    pub(super) settings: Settings,
    pub(super) trace: Trace,
}

impl<'r> Outcome<'r> {
    /// Tries every rule, so that the trace is whole even after a denial.
    pub(super) fn of(rules: &'r [Rule], facts: &Facts<'_>) -> Self {
        let mut outcome = Self::default();
        for rule in rules {
            let entry = outcome.try_rule(rule, facts).unwrap_or_else(|failed| {
                outcome.failed.get_or_insert((&rule.name, failed));
                TraceEntry::new(&rule.name, RuleOutcome::Failed, failed.0)
            });
            outcome.trace.0.push(entry);
        }
        outcome
    }

    fn try_rule(&mut self, rule: &'r Rule, facts: &Facts<'_>) -> Result<TraceEntry, Failed> {
        let why = match check_all(&rule.conditions, facts)? {
            Held::Yes(why) => why,
            Held::No(why) => return Ok(TraceEntry::new(&rule.name, RuleOutcome::Miss, why)),
        };
        let (why, settings) = match &rule.action {
            Action::Deny(message) => {
                self.denied.get_or_insert((&rule.name, message));
                return Ok(TraceEntry::new(&rule.name, RuleOutcome::Hit, format!("{why}: denies")));
            }
            Action::Set(set) => (why, vec![set.for_person(facts)?]),
            Action::Lookup(lookup) => {
                let rows = lookup.rows_of(&facts.groups);
                let Some(found) = quoted(rows.iter().map(|row| row.group.as_str())) else {
                    let why = format!("{why}, but in no group of {}", lookup.file);
                    return Ok(TraceEntry::new(&rule.name, RuleOutcome::Miss, why));
                };
                let settings: Result<_, Failed> = rows.iter().map(|row| row.set.for_person(facts)).collect();
                (format!("{why}; {} has {found}", lookup.file), settings?)
            }
        };
        Ok(self.take(rule, &why, settings))
    }

    fn take(&mut self, rule: &Rule, why: &str, settings: Vec<Settings>) -> TraceEntry {
        let sets_nothing = settings.iter().all(Settings::is_empty);
        let mut taken = BTreeSet::new();
        for settings in settings {
            taken.extend(self.settings.fill(settings));
        }
        let (outcome, why) = if sets_nothing {
            (RuleOutcome::Hit, format!("{why}, but nothing of what it copies was sent"))
        } else if taken.is_empty() {
            (RuleOutcome::Shadowed, format!("{why}, but earlier rules set all that it sets"))
        } else {
            let words: Vec<&str> = taken.iter().map(|field| field.word()).collect();
            (RuleOutcome::Hit, format!("{why}: sets {}", words.join(", ")))
        };
        TraceEntry { sets: taken.into_iter().collect(), ..TraceEntry::new(&rule.name, outcome, why) }
    }
}
