//! From an identity to a placement, by the administrator's rules. Pure: no clock, no network, no state.
//!
//! Two layers. The *names* layer ([`NamesConfig`], one for each identity provider) says where a
//! user name, names, an e-mail address and groups are found. The *rules* ([`Config`]) decide: `deny` beats
//! everything wherever it stands, security profiles add up, and for every other field the first rule that hits and
//! sets it wins. What must hold of the result is a *check*.

mod admins;
mod compile;
mod compile_set;
mod condition;
mod config;
mod example;
mod explain;
mod expression;
mod facts;
mod glob;
mod limits;
mod lookup;
mod named;
mod names;
mod outcome;
mod pasted;
mod person;
mod presets;
mod roster;
mod rules;
mod sentences;
mod set;
mod shadows;
mod text;
mod told;
mod value;

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use admins::Admins;
pub use config::{
    ChannelConfig, CheckConfig, Config, ExpectConfig, LookupConfig, NameSources, NamesConfig,
    OnMissingGroups, OnNoMatch, PhoneConfig, RuleConfig, SetConfig, TestConfig, UserConfig, ValueConfig,
};
pub use example::{person, person_named};
pub use explain::{Explanation, Received, explain};
pub use limits::{MAX_GROUPS, MAX_TEXT, MAX_VALUES, MAX_VALUES_IN_ALL};
pub use names::{GROUPS_OVERAGE, ValueSource};
pub use pasted::{as_pasted, pasted};
pub use presets::Preset;
pub use roster::{
    LARGEST_ROSTER, MOST_PEOPLE, Member, RosterForm, Row, member, members, roster, write_sheet,
};
pub use rules::{Known, Rules};
pub use told::Told;

use crate::model::{
    Code, Denial, Identity, InstanceName, MAX_PROFICIENCIES, Placed, Placement, RuleOutcome, Trace,
    TraceEntry, Username, code,
};
use facts::Facts;
use names::{Groups, Names};
use outcome::Outcome;

/// Connect takes at most this many security profiles for a user.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_CreateUser.html>
pub const MAX_SECURITY_PROFILES: usize = 10;

/// What the rules make of `identity` on the way to `instance`, and why.
#[must_use]
pub fn place(identity: &Identity, instance: &InstanceName, rules: &Rules) -> Placed {
    let Some(names) = rules.names.get(&identity.idp) else {
        return refused(denial(
            &code::MAPPING_NO_MATCH,
            "the identity provider is not configured (any more)",
        ));
    };
    let groups = match known_groups(identity, names, rules) {
        Ok(groups) => groups,
        Err(denial) => return refused(denial),
    };
    if rules.has_expressions()
        && let Err(denial) = limits::check_size(identity, &groups)
    {
        return refused(denial);
    }
    let facts = Facts::new(identity, instance, names, groups);
    let outcome = Outcome::of(&rules.ordered, &facts);
    let placed = decide(&facts, rules, &outcome);
    let mut trace = outcome.trace;
    let placed = placed.and_then(|placement| check(placement, facts, rules, &mut trace));
    Placed { outcome: placed, trace }
}

/// The name of this person's user, whether or not the rules let them in.
///
/// # Errors
/// Why it can't be told.
pub fn username(identity: &Identity, instance: &InstanceName, rules: &Rules) -> Result<Username, Denial> {
    let Some(names) = rules.names.get(&identity.idp) else {
        return Err(denial(&code::MAPPING_NO_MATCH, "the identity provider is not configured (any more)"));
    };
    let groups = match names.groups(identity) {
        Groups::Sent(groups) => groups,
        Groups::Missing | Groups::Overage => Vec::new(),
    };
    if rules.has_expressions() {
        limits::check_size(identity, &groups)?;
    }
    rules.person.username(&Facts::new(identity, instance, names, groups))
}

/// The person's groups. Missing groups are an error of the identity provider's set-up, never "no groups".
fn known_groups(identity: &Identity, names: &Names, rules: &Rules) -> Result<Vec<String>, Denial> {
    match (names.groups(identity), rules.on_missing_groups) {
        (Groups::Sent(groups), _) => Ok(groups),
        (Groups::Missing, OnMissingGroups::NoGroups) => Ok(Vec::new()),
        (Groups::Missing, OnMissingGroups::Deny) => {
            let detail = format!("no value in {}", names::list(&names.groups));
            Err(denial(&code::MAPPING_NO_GROUPS, detail))
        }
        (Groups::Overage, _) => {
            Err(denial(&code::MAPPING_GROUPS_OVERAGE, format!("{GROUPS_OVERAGE} was sent")))
        }
    }
}

/// Deny, then what can't be told, then no place, then what can't be used, then the placement.
fn decide(facts: &Facts<'_>, rules: &Rules, outcome: &Outcome<'_>) -> Result<Placement, Denial> {
    if let Some((rule, message)) = outcome.denied {
        return Err(Denial {
            code: &code::MAPPING_DENIED,
            rule: Some(rule.to_owned()),
            message: Some(message.to_owned()),
            detail: format!("rule \"{rule}\" denies"),
        });
    }
    if let Some((rule, failed)) = outcome.failed {
        let detail = format!("rule \"{rule}\": {}", failed.0);
        return Err(Denial { rule: Some(rule.to_owned()), ..denial(&code::MAPPING_RULE_FAILED, detail) });
    }
    if outcome.settings.security_profiles.is_empty() && rules.on_no_match == OnNoMatch::Deny {
        return Err(denial(&code::MAPPING_NO_MATCH, "no rule that hit grants a security profile"));
    }
    if outcome.settings.security_profiles.len() > MAX_SECURITY_PROFILES {
        let count = outcome.settings.security_profiles.len();
        let detail = format!("the rules grant {count} security profiles, more than {MAX_SECURITY_PROFILES}");
        return Err(denial(&code::MAPPING_BAD_VALUE, detail));
    }
    if outcome.settings.proficiencies.len() > MAX_PROFICIENCIES {
        let count = outcome.settings.proficiencies.len();
        let detail = format!("the rules give {count} proficiencies, more than {MAX_PROFICIENCIES}");
        return Err(denial(&code::MAPPING_BAD_VALUE, detail));
    }
    Ok(Placement {
        username: rules.person.username(facts)?,
        first_name: rules.person.first_name(facts)?,
        last_name: rules.person.last_name(facts)?,
        email: rules.person.email(facts)?,
        security_profiles: outcome.settings.security_profiles.clone(),
        routing_profile: outcome.settings.routing_profile.clone(),
        hierarchy: outcome.settings.hierarchy.clone(),
        hierarchy_is_written: outcome
            .settings
            .hierarchy
            .as_ref()
            .is_some_and(|path| rules.write_out(path, facts.instance)),
        phone: outcome.settings.phone.clone(),
        landing: outcome.settings.landing.clone(),
        proficiencies: outcome.settings.proficiencies.clone(),
        tags: outcome.settings.tags.clone(),
        channels: outcome.settings.channels.clone(),
        sync: rules.sync,
    })
}

/// Every check, so that the trace is whole; the first one that does not hold refuses.
fn check(
    placement: Placement,
    facts: Facts<'_>,
    rules: &Rules,
    trace: &mut Trace,
) -> Result<Placement, Denial> {
    if rules.checks.is_empty() {
        return Ok(placement);
    }
    let mut scope = facts.into_scope();
    let profiles: Vec<String> = placement.security_profiles.iter().cloned().collect();
    let hierarchy = placement.hierarchy.as_ref().map_or(&[][..], |path| &path.0);
    scope.add_placement(&profiles, placement.routing_profile.as_deref().unwrap_or_default(), hierarchy);
    let mut refusal = None;
    for check in &rules.checks {
        let (outcome, why) = match check.expression.holds(&scope) {
            Ok(true) => (RuleOutcome::Passed, "holds"),
            Ok(false) => (RuleOutcome::Refused, "does not hold"),
            Err(failed) => (RuleOutcome::Failed, failed.0),
        };
        trace.0.push(TraceEntry::new(&check.name, outcome, why));
        if outcome != RuleOutcome::Passed {
            refusal.get_or_insert_with(|| Denial {
                code: &code::MAPPING_CHECK_FAILED,
                rule: Some(check.name.clone()),
                message: Some(check.message.clone()),
                detail: format!("check \"{}\" {why}", check.name),
            });
        }
    }
    refusal.map_or(Ok(placement), Err)
}

fn refused(denial: Denial) -> Placed {
    Placed { outcome: Err(denial), trace: Trace::default() }
}

fn denial(code: &'static Code, detail: impl Into<String>) -> Denial {
    Denial { code, rule: None, message: None, detail: detail.into() }
}
