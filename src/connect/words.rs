//! A user's fields in words, with names in the place of ids.

use std::collections::BTreeMap;

use super::Error;
use super::directory::Kind;
use super::plan::{Proficiencies, Tags, UserFields};
use super::provision::{NEW_GROUP, Provision};
use crate::model::{Cause, Channel, ChannelSettings, Patience, Phone, Placement};

/// The fields, in the order in which people read them. Those that rules set are called as in rules.
pub(super) const FIELDS: [&str; 13] = [
    "username",
    "first_name",
    "last_name",
    "email",
    "secondary_email",
    "mobile",
    "security_profiles",
    "routing_profile",
    "hierarchy",
    "phone",
    "proficiencies",
    "tags",
    "channels",
];

/// The fields that have a value.
#[derive(Clone, Default)]
pub(super) struct Words(BTreeMap<&'static str, String>);

impl Words {
    pub(super) fn of(&self, field: &str) -> Option<&String> {
        self.0.get(field)
    }

    fn put(&mut self, field: &'static str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.insert(field, value);
        }
    }

    /// The fields that the rules write by name and Connect keeps by id.
    pub(super) fn put_names(&mut self, placement: &Placement) {
        self.put("security_profiles", Some(joined(placement.security_profiles.iter().cloned())));
        self.put("routing_profile", placement.routing_profile.clone());
        self.put("hierarchy", placement.hierarchy.as_ref().map(ToString::to_string));
    }

    /// The path of a group that is not there yet.
    pub(super) fn put_new_group(&mut self, fields: &UserFields, placement: &Placement) {
        if fields.hierarchy_group.as_deref() == Some(NEW_GROUP) {
            self.put("hierarchy", placement.hierarchy.as_ref().map(ToString::to_string));
        }
    }

    /// What the rules say, but for the person's name.
    pub(super) fn of_rules(placement: &Placement) -> Self {
        let mut words = Self::default();
        words.put_names(placement);
        words.put("phone", placement.phone.as_ref().map(Phone::in_words));
        words.put("channels", Some(channels(&placement.channels)));
        words.put("proficiencies", Some(proficiencies(&placement.proficiencies)));
        words.put("tags", Some(tags(&placement.tags)));
        words
    }

    pub(super) fn into_rows(mut self) -> Vec<(&'static str, String)> {
        FIELDS.into_iter().filter_map(|field| Some((field, self.0.remove(field)?))).collect()
    }
}

impl Provision {
    /// A name that may not be read is an id.
    pub(super) async fn words(
        &self,
        username: &str,
        fields: &UserFields,
        patience: Patience,
    ) -> Result<Words, Error> {
        let mut words = Words::default();
        let identity = &fields.identity;
        words.put("username", Some(username.to_owned()));
        words.put("first_name", identity.first_name.clone());
        words.put("last_name", identity.last_name.clone());
        words.put("email", identity.email.clone());
        words.put("secondary_email", identity.secondary_email.clone());
        words.put("mobile", identity.mobile.clone());
        let mut profiles = Vec::new();
        for id in &fields.security_profiles {
            profiles.push(self.name_or_id(Kind::SecurityProfile, id, patience).await?);
        }
        profiles.sort();
        words.put("security_profiles", Some(joined(profiles.into_iter())));
        if let Some(id) = &fields.routing_profile {
            words.put("routing_profile", Some(self.name_or_id(Kind::RoutingProfile, id, patience).await?));
        }
        if let Some(id) = fields.hierarchy_group.as_ref().filter(|id| *id != NEW_GROUP) {
            words.put("hierarchy", Some(self.path_or_id(id, patience).await?));
        }
        words.put("phone", fields.phone_in_words());
        words.put("channels", Some(channels(&fields.by_channel())));
        words.put("proficiencies", Some(proficiencies(&fields.proficiencies)));
        words.put("tags", Some(tags(&fields.tags)));
        Ok(words)
    }

    pub(super) async fn name_or_id(&self, kind: Kind, id: &str, patience: Patience) -> Result<String, Error> {
        let name = or_unread(self.directory.name(kind, id, patience).await, None)?;
        Ok(name.unwrap_or_else(|| id.to_owned()))
    }

    async fn path_or_id(&self, id: &str, patience: Patience) -> Result<String, Error> {
        Ok(self.names_or_id(id, patience).await?.join(" / "))
    }

    /// The names of a hierarchy group's path.
    pub(super) async fn names_or_id(&self, id: &str, patience: Patience) -> Result<Vec<String>, Error> {
        let path = self.directory.path_of(id, patience).await.map(|path| path.to_vec());
        let path = or_unread(path, Vec::new())?;
        Ok(if path.is_empty() { vec![id.to_owned()] } else { path })
    }
}

/// What we lack the permission for is `unread`.
pub(super) fn or_unread<T>(answer: Result<T, Error>, unread: T) -> Result<T, Error> {
    match answer {
        Err(error) if error.is(Cause::AccessDenied) || error.is(Cause::NotFound) => Ok(unread),
        answer => answer,
    }
}

fn channels(channels: &BTreeMap<Channel, ChannelSettings>) -> String {
    joined(channels.iter().map(|(channel, settings)| format!("{} ({})", channel.word(), settings.in_words())))
}

fn proficiencies(proficiencies: &Proficiencies) -> String {
    joined(proficiencies.iter().map(|(what, level)| format!("{} {level}", what.value())))
}

fn tags(tags: &Tags) -> String {
    joined(tags.iter().map(|(key, value)| format!("{key} = {value}")))
}

fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(", ")
}
