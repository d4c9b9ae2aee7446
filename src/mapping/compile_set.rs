//! Checks what a rule sets.

use std::collections::BTreeMap;

use crate::model::{
    Channel, ChannelPhone, ChannelSettings, Destination, HierarchyPath, InstanceName, MAX_PROFICIENCIES,
    PhoneType, Proficiency, ProficiencyLevel,
};

use super::compile::Reader;
use super::config::{ChannelConfig, PhoneConfig, ValueConfig};
use super::set::{
    ChannelValues, PhoneValues, Set, check_tag_key, is_e164, profile_name, routing_profile_name, tag_value,
};
use super::text::connect_name;
use super::value::Value;
use super::{MAX_SECURITY_PROFILES, RuleConfig, SetConfig};

const NUMBER: &str = "a desk_phone needs a number with + and country code, such as \"+442079460000\"";

impl Reader<'_> {
    pub(super) fn set(&mut self, set: &SetConfig, rule: &RuleConfig) -> Set {
        let SetConfig {
            security_profiles,
            routing_profile,
            hierarchy,
            phone,
            proficiencies,
            tags,
            channels,
            landing,
        } = set;
        if *set == SetConfig::default() {
            self.problem("set", "sets nothing: name at least one field");
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
            proficiencies: self.proficiencies(proficiencies),
            tags: self.tags(tags),
            channels: channels
                .iter()
                .map(|(channel, settings)| (*channel, self.channel(*channel, settings)))
                .collect(),
            landing,
        }
    }

    pub(super) fn check_profiles(&mut self, field: &str, place: &str, profiles: &[Value]) {
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
    pub(super) fn check_landing(
        &mut self,
        field: &str,
        place: &str,
        landing: &Destination,
        rule: &RuleConfig,
    ) {
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
        PhoneValues {
            kind: phone.kind,
            auto_accept: phone.auto_accept,
            after_contact_work_seconds: phone.after_contact_work_seconds,
            desk_number: self.number("set.phone", Some(phone.kind), phone.desk_number.as_ref()),
        }
    }

    /// The number of a phone of this kind: a desk phone has one, and no other.
    fn number(&mut self, phone: &str, kind: Option<PhoneType>, value: Option<&ValueConfig>) -> Option<Value> {
        let field = format!("{phone}.desk_number");
        match (kind, value) {
            (Some(PhoneType::DeskPhone), None) => self.problem(&field, NUMBER),
            (Some(PhoneType::SoftPhone) | None, Some(_)) => {
                self.problem(&field, "only a desk_phone has a number");
            }
            (Some(PhoneType::DeskPhone), Some(_)) | (Some(PhoneType::SoftPhone) | None, None) => {}
        }
        let number = |text: &str| is_e164(text).then(|| text.to_owned()).ok_or_else(|| NUMBER.to_owned());
        value.and_then(|value| self.value(&field, value, number))
    }

    fn proficiencies(
        &mut self,
        proficiencies: &BTreeMap<Proficiency, ProficiencyLevel>,
    ) -> BTreeMap<Proficiency, ProficiencyLevel> {
        if proficiencies.len() > MAX_PROFICIENCIES {
            self.problem("set.proficiencies", format!("a user has at most {MAX_PROFICIENCIES}"));
        }
        proficiencies.clone()
    }

    fn tags(&mut self, tags: &BTreeMap<String, ValueConfig>) -> BTreeMap<String, Value> {
        let mut read = BTreeMap::new();
        for (key, value) in tags {
            if let Err(why) = check_tag_key(key) {
                self.problem("set.tags", why);
            }
            let value = self.value(&format!("set.tags.{key}"), value, tag_value);
            read.extend(value.map(|value| (key.clone(), value)));
        }
        read
    }

    /// `UpdateUserConfig` of the Connect API.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UpdateUserConfig.html>
    fn channel(&mut self, channel: Channel, config: &ChannelConfig) -> ChannelValues {
        let field = format!("set.channels.{}", channel.word());
        if *config == ChannelConfig::default() {
            self.problem(&field, "sets nothing: name at least one setting");
        }
        let for_calls = config.persistent_connection.is_some()
            || config.phone.is_some()
            || config.desk_number.is_some()
            || config.voice_enhancement.is_some();
        if for_calls && channel != Channel::Voice {
            self.problem(&field, "only voice has a phone, a persistent connection and voice enhancement");
        }
        let soft_phone = config.phone.filter(|kind| *kind == PhoneType::SoftPhone);
        ChannelValues {
            settings: ChannelSettings {
                auto_accept: config.auto_accept,
                after_contact_work_seconds: config.after_contact_work_seconds,
                persistent_connection: config.persistent_connection,
                phone: soft_phone.map(|kind| ChannelPhone { kind, number: None }),
                voice_enhancement: config.voice_enhancement,
            },
            desk_number: self.number(&field, config.phone, config.desk_number.as_ref()),
        }
    }
}
