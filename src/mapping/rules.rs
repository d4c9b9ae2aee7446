//! Rules that passed every check at load.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{HierarchyPath, Identity, IdpName, Phone, PhoneType, Problem, SyncPolicy};

use super::names::{Names, ValueSource};
use super::text::connect_name;
use super::{
    Condition, Config, MAX_SECURITY_PROFILES, NamesConfig, OnMissingGroups, OnNoMatch, RuleConfig, SetConfig,
    UserConfig, person,
};

/// Rules that passed every check at load.
#[derive(Debug)]
pub struct Rules {
    pub(super) names: BTreeMap<IdpName, Names>,
    pub(super) on_missing_groups: OnMissingGroups,
    pub(super) on_no_match: OnNoMatch,
    pub(super) user: UserConfig,
    pub(super) sync: SyncPolicy,
    pub(super) ordered: Vec<Rule>,
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
    Set(Set),
}

#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) phone: Option<Phone>,
}

impl Rules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn new(config: &Config, names: &BTreeMap<IdpName, NamesConfig>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let names = compile_names(config, names, &mut problems);
        let rules = compile_rules(&config.rules, &names, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            names,
            on_missing_groups: config.on_missing_groups,
            on_no_match: config.on_no_match,
            user: config.user.clone(),
            sync: config.sync,
            ordered: rules,
        })
    }

    /// How many rules there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ordered.len()
    }
}

impl Rule {
    /// Why every condition holds, or why the first one that doesn't does not.
    pub(super) fn holds(&self, identity: &Identity, groups: &[String]) -> Result<String, String> {
        let held: Result<Vec<String>, String> =
            self.conditions.iter().map(|condition| condition.check(identity, groups)).collect();
        held.map(|held| if held.is_empty() { "for everyone".to_owned() } else { held.join(" and ") })
    }
}

fn compile_names(
    config: &Config,
    names: &BTreeMap<IdpName, NamesConfig>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<IdpName, Names> {
    let mut compiled = BTreeMap::new();
    for (idp, names) in names {
        let names = merged(names);
        if person::username_sources(&names, config.user.username).is_empty() {
            problems.push(Problem::new(
                format!("idp.{idp}.attributes"),
                "name the attribute that `mapping.user.username` needs",
            ));
        }
        compiled.insert(idp.clone(), names);
    }
    compiled
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

fn compile_rules(
    rules: &[RuleConfig],
    names: &BTreeMap<IdpName, Names>,
    problems: &mut Vec<Problem>,
) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut compiled = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let mut check = Check { key: format!("mapping.rule[{index}]"), problems };
        let name = check.name("name", &rule.name, 100);
        if !name.is_empty() && !seen.insert(name.clone()) {
            check.problem("name", "two rules have this name: choose another");
        }
        let conditions = check.conditions(rule, names);
        if let Some(action) = check.action(rule) {
            compiled.push(Rule { name, conditions, action });
        }
    }
    compiled
}

/// Checks one rule.
struct Check<'p> {
    key: String,
    problems: &'p mut Vec<Problem>,
}

impl Check<'_> {
    fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}.{field}", self.key), message));
    }

    fn name(&mut self, field: &str, text: &str, longest: usize) -> String {
        connect_name(text, longest).unwrap_or_else(|why| {
            self.problem(field, why);
            String::new()
        })
    }

    fn conditions(&mut self, rule: &RuleConfig, names: &BTreeMap<IdpName, Names>) -> Vec<Condition> {
        let mut conditions = Vec::new();
        if let Some(idps) = &rule.idps {
            let idps: BTreeSet<IdpName> = idps.iter().map(IdpName::new).collect();
            for idp in idps.iter().filter(|idp| !names.contains_key(idp)) {
                self.problem("idps", format!("there is no [idp.{idp}]"));
            }
            self.check_some("idps", idps.len());
            conditions.push(Condition::Idp(idps));
        }
        if let Some(groups) = &rule.groups {
            self.check_some("groups", groups.len());
            if groups.iter().any(|group| group.trim() != group || group.is_empty()) {
                self.problem("groups", "write each group exactly as it is sent, without surrounding space");
            }
            conditions.push(Condition::AnyGroup(groups.iter().cloned().collect()));
        }
        conditions
    }

    /// An empty list could be read as "everyone" or as "nobody".
    fn check_some(&mut self, field: &str, count: usize) {
        if count == 0 {
            self.problem(field, "is empty: name at least one, or leave the key out to mean everyone");
        }
    }

    fn action(&mut self, rule: &RuleConfig) -> Option<Action> {
        match (&rule.deny, &rule.set) {
            (Some(message), None) => Some(Action::Deny(self.name("deny", message, 500))),
            (None, Some(set)) => Some(Action::Set(self.set(set))),
            _ => {
                self.problem("set", "write either `set` or `deny`");
                None
            }
        }
    }

    fn set(&mut self, set: &SetConfig) -> Set {
        let SetConfig { security_profiles, routing_profile, hierarchy, phone } = set;
        if security_profiles.is_empty() && routing_profile.is_none() && hierarchy.is_none() && phone.is_none()
        {
            self.problem("set", "sets nothing: name a security profile, routing profile, hierarchy or phone");
        }
        let names = |check: &mut Self, field, texts: &[String], longest| -> Vec<String> {
            texts.iter().map(|text| check.name(field, text, longest)).collect()
        };
        let profiles = names(self, "set.security_profiles", security_profiles, 127);
        if profiles.len() > MAX_SECURITY_PROFILES {
            self.problem("set.security_profiles", format!("a user has at most {MAX_SECURITY_PROFILES}"));
        }
        if hierarchy.as_ref().is_some_and(|path| !(1..=5).contains(&path.len())) {
            self.problem("set.hierarchy", "a path has one to five group names, from the top level down");
        }
        Set {
            security_profiles: profiles.into_iter().collect(),
            routing_profile: routing_profile.as_ref().map(|name| self.name("set.routing_profile", name, 127)),
            hierarchy: hierarchy.as_ref().map(|path| HierarchyPath(names(self, "set.hierarchy", path, 100))),
            phone: phone.as_ref().map(|phone| self.phone(phone)),
        }
    }

    /// `UserPhoneConfig` of the Connect API.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UserPhoneConfig.html>
    fn phone(&mut self, phone: &Phone) -> Phone {
        if phone.after_contact_work_seconds > 2_000_000 {
            self.problem("set.phone.after_contact_work_seconds", "is more than 2000000");
        }
        match (phone.kind, &phone.desk_number) {
            (PhoneType::DeskPhone, Some(number)) if is_e164(number) => {}
            (PhoneType::DeskPhone, _) => self.problem(
                "set.phone.desk_number",
                "a desk_phone needs a number with + and country code, such as \"+442079460000\"",
            ),
            (PhoneType::SoftPhone, Some(_)) => {
                self.problem("set.phone.desk_number", "only a desk_phone has a number");
            }
            (PhoneType::SoftPhone, None) => {}
        }
        phone.clone()
    }
}

/// `+` and 2 to 15 digits, the first one not 0.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
