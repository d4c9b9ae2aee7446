//! `[mapping]`: the rules.

use std::collections::BTreeMap;

use crate::mapping::{
    Config, OnMissingGroups, OnNoMatch, RuleConfig, Rules, SetConfig, UserConfig, UsernameFrom,
};
use crate::model::{Phone, PhoneType, ProtectedNames, SyncPolicy, SyncWhen};

use super::idp::Idp;
use super::section::Section;

pub(super) fn read(section: &mut Section<'_>, idps: &[Idp], protected: &ProtectedNames) -> Option<Rules> {
    let missing = [("deny", OnMissingGroups::Deny), ("no_groups", OnMissingGroups::NoGroups)];
    let no_match = [("deny", OnNoMatch::Deny), ("keep", OnNoMatch::Keep)];
    let config = Config {
        on_missing_groups: section.one_of("on_missing_groups", &missing, OnMissingGroups::Deny),
        on_no_match: section.one_of("on_no_match", &no_match, OnNoMatch::Deny),
        user: section.section("user", user),
        sync: section.section("sync", sync),
        rules: section.list("rule", |rule| read_rule(rule, protected)),
    };
    if config.rules.is_empty() && config.on_no_match == OnNoMatch::Deny {
        section.problem("rule", "is missing: without a [[mapping.rule]] nobody may sign in");
    }
    let names: BTreeMap<_, _> = idps.iter().map(|idp| (idp.name.clone(), idp.names.clone())).collect();
    Rules::new(&config, &names).map_err(|problems| section.problems(problems)).ok()
}

fn user(section: &mut Section<'_>) -> UserConfig {
    let sources = [
        ("username", UsernameFrom::Username),
        ("email", UsernameFrom::Email),
        ("name_id", UsernameFrom::NameId),
    ];
    UserConfig {
        username: section.one_of("username", &sources, UsernameFrom::Username),
        lower_case: section.flag("lower_case", false),
        strip_domains: section.texts("strip_domains").unwrap_or_default(),
    }
}

fn sync(section: &mut Section<'_>) -> SyncPolicy {
    let words = [("always", SyncWhen::Always), ("create", SyncWhen::Create), ("never", SyncWhen::Never)];
    let mut when = |key| section.one_of(key, &words, SyncWhen::Always);
    SyncPolicy {
        names: when("names"),
        security_profiles: when("security_profiles"),
        routing_profile: when("routing_profile"),
        hierarchy: when("hierarchy"),
        phone: when("phone"),
        ..SyncPolicy::default()
    }
}

fn read_rule(section: &mut Section<'_>, protected: &ProtectedNames) -> RuleConfig {
    let name = section.parsed("name", |text| Ok(text.to_owned()));
    let idps = section.texts("idps");
    let groups = section.texts("groups");
    let deny = section.parsed("deny", |text| Ok(text.to_owned()));
    let has_set = section.has("set");
    let set = section.section("set", |s| set(s, protected));
    RuleConfig { name: name.unwrap_or_default(), idps, groups, deny, set: has_set.then_some(set) }
}

fn set(section: &mut Section<'_>, protected: &ProtectedNames) -> SetConfig {
    let security_profiles = section.texts("security_profiles").unwrap_or_default();
    for profile in security_profiles.iter().filter(|profile| protected.is_security_profile(profile)) {
        section.problem("security_profiles", format!("\"{profile}\" is protected: no rule may grant it"));
    }
    let routing_profile = section.parsed("routing_profile", |text| Ok(text.to_owned()));
    let hierarchy = section.texts("hierarchy");
    let has_phone = section.has("phone");
    let phone = section.section("phone", |s| phone(s, has_phone));
    SetConfig { security_profiles, routing_profile, hierarchy, phone: phone.filter(|_| has_phone) }
}

/// A `phone` table is written whole, so that two rules never mix one.
fn phone(section: &mut Section<'_>, written: bool) -> Option<Phone> {
    let kinds = [("soft_phone", Some(PhoneType::SoftPhone)), ("desk_phone", Some(PhoneType::DeskPhone))];
    if written && !section.has("type") {
        section.problem("type", "is missing: write \"soft_phone\" or \"desk_phone\"");
    }
    let kind = section.one_of("type", &kinds, None);
    let auto_accept = section.flag("auto_accept", false);
    let seconds = section.number("after_contact_work_seconds", 0, 0..=2_000_000);
    let desk_number = section.parsed("desk_number", |text| Ok(text.to_owned()));
    Some(Phone {
        kind: kind?,
        auto_accept,
        after_contact_work_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        desk_number,
    })
}
