//! What a rule sets, and what that is for one person.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Channel, ChannelPhone, ChannelSettings, Destination, Field, HierarchyPath, Phone, PhoneType, Proficiency,
    ProficiencyLevel,
};

use super::expression::Failed;
use super::facts::Facts;
use super::text::connect_name;
use super::value::Value;

/// What a rule sets: values that are still to be computed.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) security_profiles: Vec<Value>,
    pub(super) routing_profile: Option<Value>,
    pub(super) hierarchy: Option<Vec<Value>>,
    pub(super) phone: Option<PhoneValues>,
    pub(super) proficiencies: BTreeMap<Proficiency, ProficiencyLevel>,
    pub(super) tags: BTreeMap<String, Value>,
    pub(super) channels: BTreeMap<Channel, ChannelValues>,
    pub(super) landing: Option<Destination>,
}

/// A channel's settings with a number that is still to be computed.
#[derive(Debug)]
pub(super) struct ChannelValues {
    pub(super) settings: ChannelSettings,
    pub(super) desk_number: Option<Value>,
}

/// `UserPhoneConfig` with a number that is still to be computed.
#[derive(Debug)]
pub(super) struct PhoneValues {
    pub(super) kind: PhoneType,
    pub(super) auto_accept: bool,
    pub(super) after_contact_work_seconds: u32,
    pub(super) desk_number: Option<Value>,
}

/// What a rule sets for one person.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) phone: Option<Phone>,
    pub(super) proficiencies: BTreeMap<Proficiency, ProficiencyLevel>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) channels: BTreeMap<Channel, ChannelSettings>,
    pub(super) landing: Option<Destination>,
}

impl Set {
    /// For one person. A value that was not sent sets nothing.
    pub(super) fn for_person(&self, facts: &Facts<'_>) -> Result<Settings, Failed> {
        let mut settings = Settings {
            landing: self.landing.clone(),
            proficiencies: self.proficiencies.clone(),
            ..Settings::default()
        };
        for value in &self.security_profiles {
            for name in value.texts(facts)? {
                settings.security_profiles.insert(usable(&name, profile_name)?);
            }
        }
        if let Some(name) = text(self.routing_profile.as_ref(), facts)? {
            settings.routing_profile = Some(usable(&name, routing_profile_name)?);
        }
        if let Some(path) = &self.hierarchy {
            settings.hierarchy = hierarchy(path, facts)?;
        }
        if let Some(phone) = &self.phone {
            settings.phone = phone.for_person(facts)?;
        }
        for (key, value) in &self.tags {
            if let Some(value) = value.text(facts)? {
                settings.tags.insert(key.clone(), usable(&value, tag_value)?);
            }
        }
        for (channel, values) in &self.channels {
            settings.channels.extend(values.for_person(facts)?.map(|settings| (*channel, settings)));
        }
        Ok(settings)
    }

    /// The fields that it sets for everybody, whatever was sent.
    pub(super) fn certain_fields(&self) -> Vec<Field> {
        let hierarchy = self.hierarchy.as_ref().is_some_and(|path| path.iter().all(Value::is_certain));
        let phone = self.phone.as_ref();
        let phone = phone.is_some_and(|phone| phone.desk_number.as_ref().is_none_or(Value::is_certain));
        let certain = [
            (Field::RoutingProfile, self.routing_profile.as_ref().is_some_and(Value::is_certain)),
            (Field::Hierarchy, hierarchy),
            (Field::Phone, phone),
            (Field::Landing, self.landing.is_some()),
        ];
        which(certain)
    }

    /// Whether it sets something that adds up with what other rules set, one by one.
    pub(super) fn adds_up(&self) -> bool {
        !(self.proficiencies.is_empty() && self.tags.is_empty() && self.channels.is_empty())
    }

    /// The fields that it sets for anybody. Security profiles add up, and are not among them.
    pub(super) fn fields(&self) -> Vec<Field> {
        let set = [
            (Field::RoutingProfile, self.routing_profile.is_some()),
            (Field::Hierarchy, self.hierarchy.is_some()),
            (Field::Phone, self.phone.is_some()),
            (Field::Landing, self.landing.is_some()),
        ];
        which(set)
    }

    /// The same, with those that add up.
    pub(super) fn all_fields(&self) -> Vec<Field> {
        let adding_up = which([
            (Field::SecurityProfiles, !self.security_profiles.is_empty()),
            (Field::Proficiencies, !self.proficiencies.is_empty()),
            (Field::Tags, !self.tags.is_empty()),
            (Field::Channels, !self.channels.is_empty()),
        ]);
        self.fields().into_iter().chain(adding_up).collect()
    }

    /// Every value in it.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        let number = self.phone.iter().filter_map(|phone| phone.desk_number.as_ref());
        let channels = self.channels.values().filter_map(|channel| channel.desk_number.as_ref());
        let others = self.hierarchy.iter().flatten().chain(self.tags.values());
        self.security_profiles.iter().chain(&self.routing_profile).chain(others).chain(number).chain(channels)
    }
}

impl Settings {
    /// Takes what is not set yet; says which fields those are.
    pub(super) fn fill(&mut self, more: Self) -> Vec<Field> {
        let before = self.security_profiles.len();
        self.security_profiles.extend(more.security_profiles);
        let taken = [
            (Field::SecurityProfiles, self.security_profiles.len() > before),
            (Field::RoutingProfile, fill_one(&mut self.routing_profile, more.routing_profile)),
            (Field::Hierarchy, fill_one(&mut self.hierarchy, more.hierarchy)),
            (Field::Phone, fill_one(&mut self.phone, more.phone)),
            (Field::Proficiencies, fill_each(&mut self.proficiencies, more.proficiencies)),
            (Field::Tags, fill_each(&mut self.tags, more.tags)),
            (Field::Channels, fill_each(&mut self.channels, more.channels)),
            (Field::Landing, fill_one(&mut self.landing, more.landing)),
        ];
        which(taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl PhoneValues {
    /// The whole phone, or none when its number was not sent.
    fn for_person(&self, facts: &Facts<'_>) -> Result<Option<Phone>, Failed> {
        let desk_number = number(self.desk_number.as_ref(), facts)?;
        if self.desk_number.is_some() && desk_number.is_none() {
            return Ok(None);
        }
        let (kind, auto_accept, after_contact_work_seconds) =
            (self.kind, self.auto_accept, self.after_contact_work_seconds);
        Ok(Some(Phone { kind, auto_accept, after_contact_work_seconds, desk_number }))
    }
}

impl ChannelValues {
    /// All of the channel's settings, or none when its number was not sent.
    fn for_person(&self, facts: &Facts<'_>) -> Result<Option<ChannelSettings>, Failed> {
        if self.desk_number.is_none() {
            return Ok(Some(self.settings.clone()));
        }
        let Some(number) = number(self.desk_number.as_ref(), facts)? else { return Ok(None) };
        let phone = ChannelPhone { kind: PhoneType::DeskPhone, number: Some(number) };
        Ok(Some(ChannelSettings { phone: Some(phone), ..self.settings.clone() }))
    }
}

/// The fields that are marked.
fn which<const N: usize>(fields: [(Field, bool); N]) -> Vec<Field> {
    fields.into_iter().filter_map(|(field, is_marked)| is_marked.then_some(field)).collect()
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

/// A path with a part that was not sent is none: a person is not put at a higher level instead.
fn hierarchy(path: &[Value], facts: &Facts<'_>) -> Result<Option<HierarchyPath>, Failed> {
    let mut names = Vec::new();
    for value in path {
        // Several values are several levels only where that was written: an order that was sent means nothing.
        let found = match value {
            Value::Expression(_) => value.texts(facts)?,
            _ => value.text(facts)?.into_iter().collect(),
        };
        if found.is_empty() {
            return Ok(None);
        }
        for name in found {
            names.push(usable(&name, |name| connect_name(name, 100))?);
        }
    }
    if names.len() > HierarchyPath::DEEPEST {
        return Err(Failed("the hierarchy has more than five levels"));
    }
    Ok(Some(HierarchyPath(names)))
}

fn number(value: Option<&Value>, facts: &Facts<'_>) -> Result<Option<String>, Failed> {
    match text(value, facts)? {
        Some(number) if !is_e164(&number) => Err(Failed("the number is not + and a country code and digits")),
        number => Ok(number),
    }
}

fn text(value: Option<&Value>, facts: &Facts<'_>) -> Result<Option<String>, Failed> {
    value.map_or(Ok(None), |value| value.text(facts))
}

fn usable(name: &str, check: impl Fn(&str) -> Result<String, String>) -> Result<String, Failed> {
    check(name).map_err(|_| Failed("it yields a name that Amazon Connect does not take"))
}

/// `SecurityProfileName`.
pub(super) fn profile_name(name: &str) -> Result<String, String> {
    connect_name(name, 127)
}

/// `RoutingProfileName`.
pub(super) fn routing_profile_name(name: &str) -> Result<String, String> {
    connect_name(name, 127)
}

/// A tag's value. <https://docs.aws.amazon.com/connect/latest/APIReference/API_TagResource.html>
pub(super) fn tag_value(value: &str) -> Result<String, String> {
    let fits = value.chars().count() <= 256 && !value.chars().any(char::is_control);
    fits.then(|| value.to_owned())
        .ok_or_else(|| "has more than 256 characters, or control characters".to_owned())
}

/// A tag's key.
pub(super) fn check_tag_key(key: &str) -> Result<(), String> {
    let is_reserved = key.to_ascii_lowercase().starts_with("aws:");
    match key.chars().count() {
        1..=128 if !is_reserved && !key.chars().any(char::is_control) => Ok(()),
        _ => Err("a tag's key has 1 to 128 characters and does not begin with aws:".to_owned()),
    }
}

/// `+` and 2 to 15 digits, the first one not 0.
pub(super) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
