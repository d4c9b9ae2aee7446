//! Checks what the administrator wrote, all of it, and makes rules of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{IdpName, InstanceName, Problem, nearest};

use super::condition::Condition;
use super::config::CheckConfig;
use super::example::Example;
use super::expression::{Expression, Purpose};
use super::glob::Glob;
use super::lookup::Lookup;
use super::names::{Names, ValueSource};
use super::person::PersonValues;
use super::rules::{Action, Check, Known, Rule, Rules};
use super::shadows;
use super::text::connect_name;
use super::{Config, NamesConfig, RuleConfig};

/// The most rules, and the most checks: each is compared with those before it, and tried at every sign-in.
const MOST_RULES: usize = 2000;

/// With more steps in all expressions together the largest person waits for about a second.
const MANY_STEPS: u64 = 1_000_000_000;
/// With more the rules are refused.
const MOST_STEPS: u64 = 10 * MANY_STEPS;

pub(super) fn compile(config: &Config, known: &Known) -> Result<Rules, Vec<Problem>> {
    let mut problems = Vec::new();
    let counts = [
        ("mapping.rule", config.rules.len()),
        ("mapping.check", config.checks.len()),
        ("mapping.test", config.tests.len()),
    ];
    for (key, count) in counts {
        if count > MOST_RULES {
            let message = format!(
                "is there {count} times: {MOST_RULES} are the most; one `lookup` does the work of many rules"
            );
            return Err(vec![Problem::new(key, message)]);
        }
    }
    let names: BTreeMap<IdpName, Names> =
        known.idps.iter().map(|(idp, names)| (idp.clone(), compile_names(names))).collect();
    let person = PersonValues::new(&config.user, &mut problems);
    for (idp, names) in &names {
        if !person.has_username(names) {
            problems.push(Problem::new(
                format!("idp.{idp}.attributes"),
                "name the attribute that `mapping.user.username` needs",
            ));
        }
    }
    let rules = compile_rules(&config.rules, known, &mut problems);
    let checks = compile_checks(&config.checks, &mut problems);
    let examples = config.tests.iter().enumerate();
    let examples: Vec<Example> =
        examples.filter_map(|(index, test)| Example::new(index, test, known, &mut problems)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let warnings = shadows::warnings(&rules);
    let rules = Rules::assemble(config, names, person, (rules, checks, examples), warnings);
    if rules.steps() > MOST_STEPS {
        let message = "all expressions together could take more than ten seconds for one person: compare groups with \
            `groups` or a `lookup` where that is enough";
        return Err(vec![Problem::new("mapping.rule", message)]);
    }
    Ok(rules.with_warning_of_time(MANY_STEPS))
}

fn compile_names(names: &NamesConfig) -> Names {
    let sources = names.sources();
    let parsed = |sources: &[String]| sources.iter().map(|source| ValueSource::parse(source)).collect();
    let separator = names.groups_separator.as_deref().or(names.preset.groups_separator());
    Names {
        username: parsed(&sources.username),
        first_name: parsed(&sources.first_name),
        last_name: parsed(&sources.last_name),
        display_name: parsed(&sources.display_name),
        email: parsed(&sources.email),
        groups: parsed(&sources.groups),
        groups_separator: separator.filter(|text| !text.is_empty()).map(str::to_owned),
    }
}

fn compile_rules(rules: &[RuleConfig], known: &Known, problems: &mut Vec<Problem>) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut compiled = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut reader = Reader { key: format!("mapping.rule[{index}]"), known, problems };
        let name = reader.unique_name(&rule.name, &mut seen);
        let conditions = reader.conditions(rule);
        if let Some(action) = reader.action(rule, &conditions) {
            compiled.push(Rule { name, conditions, action });
        }
    }
    compiled
}

fn compile_checks(checks: &[CheckConfig], problems: &mut Vec<Problem>) -> Vec<Check> {
    let (mut seen, known) = (BTreeSet::new(), Known::default());
    let mut compiled = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let mut reader = Reader { key: format!("mapping.check[{index}]"), known: &known, problems };
        let name = reader.unique_name(&check.name, &mut seen);
        let message = reader.name("message", &check.message, 500);
        if let Some(expression) = reader.expression("expr", &check.expression, Purpose::Check) {
            compiled.push(Check { name, expression, message });
        }
    }
    compiled
}

/// Reads one rule or check.
pub(super) struct Reader<'p> {
    pub(super) key: String,
    pub(super) known: &'p Known,
    pub(super) problems: &'p mut Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}.{field}", self.key), message));
    }

    fn name(&mut self, field: &str, text: &str, longest: usize) -> String {
        self.checked(field, connect_name(text, longest))
    }

    pub(super) fn checked(&mut self, field: &str, name: Result<String, String>) -> String {
        name.unwrap_or_else(|why| {
            self.problem(field, why);
            String::new()
        })
    }

    fn unique_name(&mut self, text: &str, seen: &mut BTreeSet<String>) -> String {
        let name = self.name("name", text, 100);
        if !name.is_empty() && !seen.insert(name.clone()) {
            self.problem("name", "is there twice: choose another");
        }
        name
    }

    fn expression(&mut self, field: &str, source: &str, purpose: Purpose) -> Option<Expression> {
        let key = format!("{}.{field}", self.key);
        Expression::new(source, purpose)
            .map_err(|mistake| self.problems.push(Problem::new(key, mistake.message).at(mistake.caret)))
            .ok()
    }

    pub(super) fn conditions(&mut self, rule: &RuleConfig) -> Vec<Condition> {
        let mut conditions = Vec::new();
        if let Some(idps) = &rule.idps {
            let known: BTreeSet<&str> = self.known.idps.keys().map(IdpName::as_str).collect();
            self.check_named("idps", "idp", idps, &known);
            conditions.push(Condition::Idp(idps.iter().map(IdpName::new).collect()));
        }
        if let Some(instances) = &rule.instances {
            let known: BTreeSet<&str> = self.known.instances.keys().map(InstanceName::as_str).collect();
            self.check_named("instances", "instance", instances, &known);
            conditions.push(Condition::Instance(instances.iter().map(InstanceName::new).collect()));
        }
        if let Some(groups) = &rule.groups {
            self.check_groups("groups", groups);
            conditions.push(Condition::AnyGroup(groups.iter().cloned().collect()));
        }
        if let Some(globs) = &rule.groups_glob {
            self.check_groups("groups_glob", globs);
            conditions.push(Condition::AnyGroupLike(globs.iter().map(Glob::new).collect()));
        }
        let when = rule.when.as_ref().and_then(|when| self.expression("when", when, Purpose::Condition));
        conditions.extend(when.map(Condition::When));
        conditions
    }

    fn check_named(&mut self, field: &str, section: &str, names: &[String], known: &BTreeSet<&str>) {
        self.check_some(field, names.len());
        for name in names.iter().filter(|name| !known.contains(name.as_str())) {
            let advice = nearest(name, known.iter().copied());
            let advice = advice.map(|near| format!(": did you mean \"{near}\"?")).unwrap_or_default();
            self.problem(field, format!("there is no [{section}.{name}]{advice}"));
        }
    }

    fn check_groups(&mut self, field: &str, groups: &[String]) {
        self.check_some(field, groups.len());
        if groups.iter().any(|group| group.trim() != group || group.is_empty()) {
            self.problem(field, "write each group exactly as it is sent, without surrounding space");
        }
    }

    /// An empty list could be read as "everyone" or as "nobody".
    fn check_some(&mut self, field: &str, count: usize) {
        if count == 0 {
            self.problem(field, "is empty: name at least one, or leave the key out to mean everyone");
        }
    }

    fn action(&mut self, rule: &RuleConfig, conditions: &[Condition]) -> Option<Action> {
        match (&rule.deny, &rule.set, &rule.lookup) {
            (Some(_), None, None) if conditions.is_empty() && has_no_condition(rule) => {
                self.problem("deny", "denies everyone: say whom, by `groups` or another condition");
                None
            }
            (Some(message), None, None) => Some(Action::Deny(self.name("deny", message, 500))),
            (None, Some(set), None) => Some(Action::Set(Box::new(self.set(set, rule)))),
            (None, None, Some(lookup)) => {
                let key = format!("{}.lookup", self.key);
                match Lookup::new(&key, lookup) {
                    Ok(lookup) => {
                        self.check_rows(&lookup, rule);
                        Some(Action::Lookup(lookup))
                    }
                    Err(problems) => {
                        self.problems.extend(problems);
                        None
                    }
                }
            }
            _ => {
                self.problem("set", "write one of `set`, `lookup` and `deny`");
                None
            }
        }
    }

    fn check_rows(&mut self, lookup: &Lookup, rule: &RuleConfig) {
        for row in &lookup.rows {
            let place = format!("{} line {}: ", lookup.file, row.line);
            self.check_profiles("lookup", &place, &row.set.security_profiles);
            if let Some(landing) = &row.set.landing {
                self.check_landing("lookup", &place, landing, rule);
            }
        }
    }
}

/// An expression that could not be read is a condition all the same.
fn has_no_condition(rule: &RuleConfig) -> bool {
    rule.when.is_none()
}
