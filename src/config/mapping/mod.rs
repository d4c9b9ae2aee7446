//! `[mapping]`: the rules.

mod set;

use std::collections::BTreeMap;

use toml::Value;

use crate::mapping::{
    CheckConfig, Config, ExpectConfig, Known, LookupConfig, OnMissingGroups, OnNoMatch, PhoneConfig,
    RuleConfig, Rules, SetConfig, TestConfig, UserConfig, ValueConfig,
};
use crate::model::{Attributes, PhoneType, SyncPolicy, SyncWhen};

use super::files::Files;
use super::section::Section;
use super::shape::Shape;

/// The words of a phone's `type`.
const PHONE_TYPES: [(&str, Option<PhoneType>); 2] =
    [("soft_phone", Some(PhoneType::SoftPhone)), ("desk_phone", Some(PhoneType::DeskPhone))];

/// The words of `username`.
const USERNAMES: [&str; 3] = ["username", "email", "name_id"];

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>, known: &Known) -> Option<Rules> {
    let missing = [("deny", OnMissingGroups::Deny), ("no_groups", OnMissingGroups::NoGroups)];
    let no_match = [("deny", OnNoMatch::Deny), ("keep", OnNoMatch::Keep)];
    let config = Config {
        on_missing_groups: section.one_of("on_missing_groups", &missing, OnMissingGroups::Deny),
        on_no_match: section.one_of("on_no_match", &no_match, OnNoMatch::Deny),
        user: section.section("user", user),
        sync: section.section("sync", sync),
        rules: section.list("rule", |rule| read_rule(rule, files)),
        checks: section.list("check", check),
        tests: section.list("test", test),
    };
    if config.rules.is_empty() && config.on_no_match == OnNoMatch::Deny {
        section.problem("rule", "is missing: without a [[mapping.rule]] nobody may sign in");
    }
    let rules = Rules::new(&config, known).map_err(|problems| section.problems(problems)).ok()?;
    section.warnings(rules.warnings());
    Some(rules)
}

fn user(section: &mut Section<'_>) -> UserConfig {
    let username = section.any("username", username_shape(), username);
    section.usual("username", USERNAMES[0]);
    UserConfig {
        username,
        first_name: section.any("first_name", value_shape(), value),
        last_name: section.any("last_name", value_shape(), value),
        email: section.any("email", value_shape(), value),
        lower_case: section.flag("lower_case", false),
        strip_domains: section.texts("strip_domains").unwrap_or_default(),
    }
}

/// Everybody's user name can't be the same text: a word says which field of the names layer it is.
fn username(written: &Value) -> Result<ValueConfig, String> {
    match value(written)? {
        ValueConfig::Text(word) if USERNAMES.contains(&word.as_str()) => Ok(ValueConfig::Attribute(word)),
        ValueConfig::Text(_) => {
            Err("must be \"username\", \"email\", \"name_id\", { attr = \"…\" } or { cel = \"…\" }"
                .to_owned())
        }
        other => Ok(other),
    }
}

fn username_shape() -> Shape {
    Shape::AnyOf(vec![Shape::words(USERNAMES), one_key()])
}

/// A text, `{ attr = "…" }` or `{ cel = "…" }`.
fn value(written: &Value) -> Result<ValueConfig, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let read = match written {
        Value::Table(table) if table.len() == 1 => {
            let attribute = table.get("attr").and_then(text).map(ValueConfig::Attribute);
            attribute.or_else(|| table.get("cel").and_then(text).map(ValueConfig::Expression))
        }
        other => text(other).map(ValueConfig::Text),
    };
    read.ok_or_else(|| "must be a text, { attr = \"…\" } to copy or { cel = \"…\" } to compute".to_owned())
}

fn value_shape() -> Shape {
    Shape::AnyOf(vec![Shape::Text, one_key()])
}

fn one_key() -> Shape {
    Shape::OneKey(vec!["attr".to_owned(), "cel".to_owned()])
}

fn values_shape() -> Shape {
    Shape::ListOf(Box::new(value_shape()))
}

/// Tags: keys, each with a value.
fn tags(written: &Value) -> Result<BTreeMap<String, ValueConfig>, String> {
    let table = written.as_table().ok_or_else(|| "must be a table: { team = \"billing\" }".to_owned())?;
    table.iter().map(|(key, written)| Ok((key.clone(), value(written)?))).collect()
}

/// A list of [`value`]s.
fn values(written: &Value) -> Result<Vec<ValueConfig>, String> {
    let list = written.as_array().ok_or_else(|| "must be a list: [\"…\", \"…\"]".to_owned())?;
    list.iter().map(value).collect()
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
        proficiencies: when("proficiencies"),
        tags: when("tags"),
        channels: when("channels"),
    }
}

fn read_rule(section: &mut Section<'_>, files: &Files<'_>) -> RuleConfig {
    let name = needed(section, "name");
    let whom = conditions(section);
    let instances = section.texts("instances");
    let deny = plain(section, "deny");
    let set = section.optional("set", read_set);
    let lookup = section.parsed("lookup", |file| {
        files.read(file).map(|(text, _)| LookupConfig { file: file.to_owned(), text })
    });
    RuleConfig { name, instances, deny, set, lookup, ..whom }
}

/// Whom a rule is for, but for where they are on the way to.
pub(super) fn conditions(section: &mut Section<'_>) -> RuleConfig {
    RuleConfig {
        idps: section.texts("idps"),
        groups: section.texts("groups"),
        groups_glob: section.texts("groups_glob"),
        when: plain(section, "when"),
        ..RuleConfig::default()
    }
}

fn check(section: &mut Section<'_>) -> CheckConfig {
    let mut text = |key| needed(section, key);
    CheckConfig { name: text("name"), expression: text("expr"), message: text("message") }
}

fn test(section: &mut Section<'_>) -> TestConfig {
    TestConfig {
        name: plain(section, "name").unwrap_or_default(),
        idp: plain(section, "idp"),
        instance: plain(section, "instance"),
        name_id: plain(section, "name_id"),
        attributes: section.any("attributes", attributes_shape(), attributes).unwrap_or_default(),
        expect: section.section("expect", expect),
    }
}

fn expect(section: &mut Section<'_>) -> ExpectConfig {
    ExpectConfig {
        denied: plain(section, "denied"),
        username: plain(section, "username"),
        security_profiles: section.texts("security_profiles"),
        routing_profile: plain(section, "routing_profile"),
        hierarchy: section.texts("hierarchy"),
        landing: plain(section, "landing"),
        desk_number: plain(section, "desk_number"),
    }
}

/// Names of attributes, each with one text or several.
fn attributes(written: &Value) -> Result<Attributes, String> {
    let values = |value: &Value| match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let table = written.as_table().into_iter().flatten();
    let read: Option<Attributes> =
        written.as_table().and(table.map(|(name, value)| Some((name.clone(), values(value)?))).collect());
    read.ok_or_else(|| "must be a table of texts, or lists of texts: { groups = [\"…\"] }".to_owned())
}

fn attributes_shape() -> Shape {
    Shape::TableOf(Box::new(Shape::text_or_texts()))
}

/// Text that has to be there; the rules refuse an empty one.
fn needed(section: &mut Section<'_>, key: &str) -> String {
    let text = plain(section, key).unwrap_or_default();
    section.require(key);
    text
}

fn plain(section: &mut Section<'_>, key: &str) -> Option<String> {
    section.parsed(key, |text| Ok(text.to_owned()))
}

fn read_set(section: &mut Section<'_>) -> SetConfig {
    let security_profiles = section.any("security_profiles", values_shape(), values).unwrap_or_default();
    let routing_profile = section.any("routing_profile", value_shape(), value);
    let hierarchy = section.any("hierarchy", values_shape(), values);
    let phone = section.optional("phone", phone).flatten();
    SetConfig {
        security_profiles,
        routing_profile,
        hierarchy,
        phone,
        proficiencies: section
            .any("proficiencies", set::proficiencies_shape(), set::proficiencies)
            .unwrap_or_default(),
        tags: section.any("tags", Shape::TableOf(Box::new(value_shape())), tags).unwrap_or_default(),
        channels: section.section("channels", set::channels),
        landing: plain(section, "landing"),
    }
}

/// A `phone` table is written whole, so that two rules never mix one.
fn phone(section: &mut Section<'_>) -> Option<PhoneConfig> {
    if !section.has("type") {
        section.problem("type", "is missing: write \"soft_phone\" or \"desk_phone\"");
    }
    let kind = section.one_of("type", &PHONE_TYPES, None);
    section.require("type");
    let auto_accept = section.flag("auto_accept", false);
    let seconds = section.number("after_contact_work_seconds", 0, 0..=2_000_000);
    let desk_number = section.any("desk_number", value_shape(), value);
    Some(PhoneConfig {
        kind: kind?,
        auto_accept,
        after_contact_work_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        desk_number,
    })
}
