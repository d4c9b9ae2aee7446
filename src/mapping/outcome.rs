//! All rules tried against one person, in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Channel, ChannelSettings, Destination, Field, HierarchyPath, Phone, Proficiency, ProficiencyLevel,
    RuleOutcome, Trace, TraceEntry,
};

use super::condition::{Held, quoted};
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
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) phone: Option<Phone>,
    pub(super) proficiencies: BTreeMap<Proficiency, ProficiencyLevel>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) channels: BTreeMap<Channel, ChannelSettings>,
    pub(super) landing: Option<Destination>,
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
        let why = match rule.holds(facts)? {
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
            taken.extend(self.fill(settings));
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

    /// Takes what no earlier rule has set; says which fields those are.
    fn fill(&mut self, settings: Settings) -> Vec<Field> {
        let before = self.security_profiles.len();
        self.security_profiles.extend(settings.security_profiles);
        let taken = [
            (Field::SecurityProfiles, self.security_profiles.len() > before),
            (Field::RoutingProfile, fill_one(&mut self.routing_profile, settings.routing_profile)),
            (Field::Hierarchy, fill_one(&mut self.hierarchy, settings.hierarchy)),
            (Field::Phone, fill_one(&mut self.phone, settings.phone)),
            (Field::Proficiencies, fill_each(&mut self.proficiencies, settings.proficiencies)),
            (Field::Tags, fill_each(&mut self.tags, settings.tags)),
            (Field::Channels, fill_each(&mut self.channels, settings.channels)),
            (Field::Landing, fill_one(&mut self.landing, settings.landing)),
        ];
        taken.into_iter().filter_map(|(field, is_taken)| is_taken.then_some(field)).collect()
    }
}

/// The first value stays.
fn fill_one<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let free = field.is_none() && value.is_some();
    if free {
        *field = value;
    }
    free
}

/// The first value under each key stays.
fn fill_each<K: Ord, V>(field: &mut BTreeMap<K, V>, values: BTreeMap<K, V>) -> bool {
    let before = field.len();
    for (key, value) in values {
        field.entry(key).or_insert(value);
    }
    field.len() > before
}
