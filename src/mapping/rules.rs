//! Rules that passed every check at load.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Destination, IdpName, InstanceName, Problem, ProtectedNames, SyncPolicy};

use super::compile::compile;
use super::condition::Condition;
use super::example::Example;
use super::expression::Expression;
use super::lookup::Lookup;
use super::names::Names;
use super::person::PersonValues;
use super::set::Set;
use super::value::Value;
use super::{Config, NamesConfig, OnMissingGroups, OnNoMatch};

/// Rules that passed every check at load.
#[derive(Debug)]
pub struct Rules {
    pub(super) names: BTreeMap<IdpName, Names>,
    pub(super) on_missing_groups: OnMissingGroups,
    pub(super) on_no_match: OnNoMatch,
    pub(super) person: PersonValues,
    pub(super) sync: SyncPolicy,
    pub(super) ordered: Vec<Rule>,
    pub(super) checks: Vec<Check>,
    pub(super) examples: Vec<Example>,
    warnings: Vec<Problem>,
}

/// What rules may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Identity providers, and where they put their values.
    pub idps: BTreeMap<IdpName, NamesConfig>,
    /// Instances, and their destinations.
    pub instances: BTreeMap<InstanceName, BTreeSet<Destination>>,
    /// What no rule may grant.
    pub protected: ProtectedNames,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Action {
    /// The message for the person.
    Deny(String),
    Set(Box<Set>),
    Lookup(Lookup),
}

/// What must hold for everybody whom the rules give a place.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) expression: Expression,
    pub(super) message: String,
}

impl Rules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn new(config: &Config, known: &Known) -> Result<Self, Vec<Problem>> {
        compile(config, known)
    }

    /// The parts, when nothing is wrong with any.
    pub(super) fn assemble(
        config: &Config,
        names: BTreeMap<IdpName, Names>,
        person: PersonValues,
        (ordered, checks, examples): (Vec<Rule>, Vec<Check>, Vec<Example>),
        warnings: Vec<Problem>,
    ) -> Self {
        let (on_missing_groups, on_no_match) = (config.on_missing_groups, config.on_no_match);
        let sync = config.sync;
        Self { names, on_missing_groups, on_no_match, person, sync, ordered, checks, examples, warnings }
    }

    /// Adds a warning where all expressions together can take more steps than these.
    pub(super) fn with_warning_of_time(mut self, many: u64) -> Self {
        let steps = self.steps();
        if steps > many {
            let message = format!(
                "the expressions together can take {} s for a person with as many groups and values as there may be: write `groups` or `groups_glob` where that does",
                steps.div_ceil(1_000_000_000)
            );
            self.warnings.push(Problem::new("mapping", message));
        }
        self
    }

    /// What all expressions together take for the largest person: a step is about a nanosecond.
    pub(super) fn steps(&self) -> u64 {
        self.expressions().map(Expression::steps).fold(0, u64::saturating_add)
    }

    /// How many rules there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ordered.len()
    }

    /// What works, but probably not as it was meant.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Whether anything must be computed: that takes time in proportion to the groups of a person.
    #[must_use]
    pub fn has_expressions(&self) -> bool {
        self.expressions().next().is_some()
    }

    /// Every expression.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let person = self.person.values().into_iter().filter_map(Value::as_expression);
        let checks = self.checks.iter().map(|check| &check.expression);
        self.ordered.iter().flat_map(Rule::expressions).chain(person).chain(checks)
    }
}

impl Rule {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let set = match &self.action {
            Action::Set(set) => Some(set),
            Action::Deny(_) | Action::Lookup(_) => None,
        };
        let values = set.into_iter().flat_map(|set| set.values()).filter_map(Value::as_expression);
        let conditions = self.conditions.iter().filter_map(|condition| match condition {
            Condition::When(expression) => Some(expression),
            _ => None,
        });
        conditions.chain(values)
    }
}
