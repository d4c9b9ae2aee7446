//! From an identity to a placement, by the administrator's rules. Pure: no clock, no network, no state.
//!
//! Two layers. The *names* layer ([`NamesConfig`], one for each identity provider) says where a
//! user name, names, an e-mail address and groups are found. The *rules* ([`Config`]) see only those
//! and decide: `deny` beats everything wherever it stands, security profiles add up, and for routing
//! profile, hierarchy and phone the first rule that hits wins.

mod condition;
mod config;
mod names;
mod outcome;
mod person;
mod presets;
mod rules;
mod text;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use config::{
    Config, NameSources, NamesConfig, OnMissingGroups, OnNoMatch, RuleConfig, SetConfig, UserConfig,
    UsernameFrom,
};
pub use names::{GROUPS_OVERAGE, ValueSource};
pub use presets::Preset;
pub use rules::Rules;

use std::collections::BTreeMap;

use crate::model::{Code, Denial, Identity, Placed, Placement, Trace, code};
use names::{Groups, Names};
use outcome::Outcome;

/// Connect takes at most this many security profiles for a user.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_CreateUser.html>
pub const MAX_SECURITY_PROFILES: usize = 10;

/// What the rules make of `identity`, and why.
#[must_use]
pub fn place(identity: &Identity, rules: &Rules) -> Placed {
    let Some(names) = rules.names.get(&identity.idp) else {
        return refused(&code::MAPPING_NO_MATCH, "the identity provider is not configured (any more)");
    };
    let groups = match known_groups(identity, names, rules) {
        Ok(groups) => groups,
        Err(denial) => return Placed { outcome: Err(denial), trace: Trace::default() },
    };
    let outcome = Outcome::of(&rules.ordered, identity, &groups);
    let placed = decide(identity, names, rules, &outcome);
    Placed { outcome: placed, trace: outcome.trace }
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

/// Deny, then no place, then what can't be used, then the placement.
fn decide(
    identity: &Identity,
    names: &Names,
    rules: &Rules,
    outcome: &Outcome<'_>,
) -> Result<Placement, Denial> {
    if let Some((rule, message)) = outcome.denied {
        return Err(Denial {
            code: &code::MAPPING_DENIED,
            rule: Some(rule.to_owned()),
            message: Some(message.to_owned()),
            detail: format!("rule \"{rule}\" denies"),
        });
    }
    if outcome.security_profiles.is_empty() && rules.on_no_match == OnNoMatch::Deny {
        return Err(denial(&code::MAPPING_NO_MATCH, "no rule that hit grants a security profile"));
    }
    if outcome.security_profiles.len() > MAX_SECURITY_PROFILES {
        let count = outcome.security_profiles.len();
        let detail = format!("the rules grant {count} security profiles, more than {MAX_SECURITY_PROFILES}");
        return Err(denial(&code::MAPPING_BAD_VALUE, detail));
    }
    Ok(Placement {
        username: person::username(identity, names, &rules.user)?,
        first_name: person::name(identity, &names.first_name, "first_name", 255)?,
        last_name: person::name(identity, &names.last_name, "last_name", 300)?,
        email: person::name(identity, &names.email, "email", 265)?,
        security_profiles: outcome.security_profiles.clone(),
        routing_profile: outcome.routing_profile.cloned(),
        hierarchy: outcome.hierarchy.cloned(),
        phone: outcome.phone.cloned(),
        proficiencies: BTreeMap::new(),
        tags: BTreeMap::new(),
        channels: BTreeMap::new(),
        sync: rules.sync,
    })
}

fn refused(code: &'static Code, detail: &str) -> Placed {
    Placed { outcome: Err(denial(code, detail)), trace: Trace::default() }
}

fn denial(code: &'static Code, detail: impl Into<String>) -> Denial {
    Denial { code, rule: None, message: None, detail: detail.into() }
}
