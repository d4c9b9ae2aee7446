//! Checks what the administrator wrote, all of it, and makes rules of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Destination, HierarchyPath, IdpName, InstanceName, PhoneType, Problem, nearest};

use super::condition::Condition;
use super::config::{CheckConfig, PhoneConfig, ValueConfig};
use super::example::Example;
use super::expression::{Expression, Purpose};
use super::glob::Glob;
use super::lookup::Lookup;
use super::names::{Names, ValueSource};
use super::person::PersonValues;
use super::rules::{Action, Check, Known, Rule, Rules};
use super::set::{PhoneValues, Set, is_e164, profile_name, routing_profile_name};
use super::shadows;
use super::text::connect_name;
use super::value::Value;
use super::{Config, MAX_SECURITY_PROFILES, NamesConfig, RuleConfig, SetConfig};

pub(super) fn compile(config: &Config, known: &Known) -> Result<Rules, Vec<Problem>> {
    let mut problems = Vec::new();
    let names: BTreeMap<IdpName, Names> =
        known.idps.iter().map(|(idp, names)| (idp.clone(), merged(names))).collect();
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
    Ok(Rules::assemble(config, names, person, (rules, checks, examples), warnings))
}

/// The preset with what overrides it.
fn merged(names: &NamesConfig) -> Names {
    let preset = names.preset.sources();
    let parsed = |own: &[String], preset: &[String]| -> Vec<ValueSource> {
        let sources = if own.is_empty() { preset } else { own };
        sources.iter().map(|source| ValueSource::parse(source)).collect()
    };
    let own = &names.attributes;
    let separator = names.groups_separator.as_deref().or(names.preset.groups_separator());
    Names {
        username: parsed(&own.username, &preset.username),
        first_name: parsed(&own.first_name, &preset.first_name),
        last_name: parsed(&own.last_name, &preset.last_name),
        email: parsed(&own.email, &preset.email),
        groups: parsed(&own.groups, &preset.groups),
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

const NUMBER: &str = "a desk_phone needs a number with + and country code, such as \"+442079460000\"";

/// Reads one rule or check.
struct Reader<'p> {
    key: String,
    known: &'p Known,
    problems: &'p mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}.{field}", self.key), message));
    }

    fn name(&mut self, field: &str, text: &str, longest: usize) -> String {
        self.checked(field, connect_name(text, longest))
    }

    fn checked(&mut self, field: &str, name: Result<String, String>) -> String {
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

    fn conditions(&mut self, rule: &RuleConfig) -> Vec<Condition> {
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

    fn set(&mut self, set: &SetConfig, rule: &RuleConfig) -> Set {
        let SetConfig { security_profiles, routing_profile, hierarchy, phone, landing } = set;
        let is_empty = security_profiles.is_empty()
            && routing_profile.is_none()
            && hierarchy.is_none()
            && phone.is_none()
            && landing.is_none();
        if is_empty {
            self.problem(
                "set",
                "sets nothing: name a security profile, routing profile, hierarchy, phone or landing",
            );
        }
        let profiles = self.values("set.security_profiles", security_profiles, profile_name);
        self.check_profiles("set.security_profiles", "", &profiles);
        if hierarchy.as_ref().is_some_and(|path| !(1..=HierarchyPath::DEEPEST).contains(&path.len())) {
            self.problem("set.hierarchy", "a path has one to five group names, from the top level down");
        }
        let level = |name: &str| connect_name(name, 100);
        let landing = landing.as_ref().map(Destination::new);
        if let Some(landing) = &landing {
            self.check_landing("set.landing", "", landing, rule);
        }
        Set {
            security_profiles: profiles,
            routing_profile: routing_profile
                .as_ref()
                .and_then(|name| self.value("set.routing_profile", name, routing_profile_name)),
            hierarchy: hierarchy.as_ref().map(|path| self.values("set.hierarchy", path, level)),
            phone: phone.as_ref().map(|phone| self.phone(phone)),
            landing,
        }
    }

    fn check_profiles(&mut self, field: &str, place: &str, profiles: &[Value]) {
        if profiles.len() > MAX_SECURITY_PROFILES {
            self.problem(
                field,
                format!("{place}a user has at most {MAX_SECURITY_PROFILES} security profiles"),
            );
        }
        for profile in profiles {
            if let Value::Text(name) = profile
                && self.known.protected.is_security_profile(name)
            {
                self.problem(field, format!("{place}\"{name}\" is protected: no rule may grant it"));
            }
        }
    }

    /// Every instance that the rule is for must have the destination.
    fn check_landing(&mut self, field: &str, place: &str, landing: &Destination, rule: &RuleConfig) {
        let meant = |instance: &InstanceName| {
            rule.instances.as_ref().is_none_or(|meant| meant.iter().any(|name| name == instance.as_str()))
        };
        let known = self.known;
        for (instance, destinations) in known.instances.iter().filter(|(instance, _)| meant(instance)) {
            if !destinations.contains(landing) {
                let names: Vec<&str> = destinations.iter().map(Destination::as_str).collect();
                self.problem(
                    field,
                    format!(
                        "{place}{instance} has no destination \"{landing}\": it has {}",
                        names.join(", ")
                    ),
                );
            }
        }
    }

    fn values(
        &mut self,
        field: &str,
        values: &[ValueConfig],
        check: impl Fn(&str) -> Result<String, String> + Copy,
    ) -> Vec<Value> {
        values.iter().filter_map(|value| self.value(field, value, check)).collect()
    }

    /// A value; what is written out is checked now, all else when it is computed.
    fn value(
        &mut self,
        field: &str,
        value: &ValueConfig,
        check: impl Fn(&str) -> Result<String, String>,
    ) -> Option<Value> {
        match Value::new(&format!("{}.{field}", self.key), value) {
            Ok(Value::Text(text)) => Some(Value::Text(self.checked(field, check(&text)))),
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// `UserPhoneConfig` of the Connect API.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UserPhoneConfig.html>
    fn phone(&mut self, phone: &PhoneConfig) -> PhoneValues {
        if phone.after_contact_work_seconds > 2_000_000 {
            self.problem("set.phone.after_contact_work_seconds", "is more than 2000000");
        }
        match (phone.kind, &phone.desk_number) {
            (PhoneType::DeskPhone, None) => self.problem("set.phone.desk_number", NUMBER),
            (PhoneType::SoftPhone, Some(_)) => {
                self.problem("set.phone.desk_number", "only a desk_phone has a number");
            }
            (PhoneType::DeskPhone, Some(_)) | (PhoneType::SoftPhone, None) => {}
        }
        let number = |text: &str| is_e164(text).then(|| text.to_owned()).ok_or_else(|| NUMBER.to_owned());
        PhoneValues {
            kind: phone.kind,
            auto_accept: phone.auto_accept,
            after_contact_work_seconds: phone.after_contact_work_seconds,
            desk_number: phone
                .desk_number
                .as_ref()
                .and_then(|value| self.value("set.phone.desk_number", value, number)),
        }
    }
}

/// An expression that could not be read is a condition all the same.
fn has_no_condition(rule: &RuleConfig) -> bool {
    rule.when.is_none()
}
