//! What a rule sets, and what that is for one person.

use std::collections::BTreeSet;

use crate::model::{Destination, Field, HierarchyPath, Phone, PhoneType};

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
    pub(super) landing: Option<Destination>,
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
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) security_profiles: BTreeSet<String>,
    pub(super) routing_profile: Option<String>,
    pub(super) hierarchy: Option<HierarchyPath>,
    pub(super) phone: Option<Phone>,
    pub(super) landing: Option<Destination>,
}

impl Set {
    /// For one person. A value that was not sent sets nothing.
    pub(super) fn for_person(&self, facts: &Facts<'_>) -> Result<Settings, Failed> {
        let mut settings = Settings { landing: self.landing.clone(), ..Settings::default() };
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
        certain.into_iter().filter_map(|(field, is_certain)| is_certain.then_some(field)).collect()
    }

    /// The fields that it sets for anybody. Security profiles add up, and are not among them.
    pub(super) fn fields(&self) -> Vec<Field> {
        let set = [
            (Field::RoutingProfile, self.routing_profile.is_some()),
            (Field::Hierarchy, self.hierarchy.is_some()),
            (Field::Phone, self.phone.is_some()),
            (Field::Landing, self.landing.is_some()),
        ];
        set.into_iter().filter_map(|(field, is_set)| is_set.then_some(field)).collect()
    }

    /// Every value in it.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        let number = self.phone.iter().filter_map(|phone| phone.desk_number.as_ref());
        let path = self.hierarchy.iter().flatten();
        self.security_profiles.iter().chain(&self.routing_profile).chain(path).chain(number)
    }
}

impl Settings {
    pub(super) fn is_empty(&self) -> bool {
        let Self { security_profiles, routing_profile, hierarchy, phone, landing } = self;
        security_profiles.is_empty()
            && routing_profile.is_none()
            && hierarchy.is_none()
            && phone.is_none()
            && landing.is_none()
    }
}

impl PhoneValues {
    /// The whole phone, or none when its number was not sent.
    fn for_person(&self, facts: &Facts<'_>) -> Result<Option<Phone>, Failed> {
        let desk_number = text(self.desk_number.as_ref(), facts)?;
        if self.desk_number.is_some() && desk_number.is_none() {
            return Ok(None);
        }
        if desk_number.as_deref().is_some_and(|number| !is_e164(number)) {
            return Err(Failed("the number is not + and a country code and digits"));
        }
        let (kind, auto_accept, after_contact_work_seconds) =
            (self.kind, self.auto_accept, self.after_contact_work_seconds);
        Ok(Some(Phone { kind, auto_accept, after_contact_work_seconds, desk_number }))
    }
}

/// A path with a part that was not sent is none: a person is not put at a higher level instead.
fn hierarchy(path: &[Value], facts: &Facts<'_>) -> Result<Option<HierarchyPath>, Failed> {
    let mut names = Vec::new();
    for value in path {
        let found = value.texts(facts)?;
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

/// `+` and 2 to 15 digits, the first one not 0.
pub(super) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
