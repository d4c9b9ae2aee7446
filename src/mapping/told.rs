//! A result field by field, each with the rules that set it.

use crate::model::{Channel, ChannelSettings, Field, Phone, Placement};

use super::explain::Explanation;

/// One field of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The field, as rules write it.
    pub name: &'static str,
    /// What it is.
    pub value: String,
    /// The rules that set it, by name; `mapping.user` for what the names layer makes.
    pub from: Vec<String>,
}

impl Explanation {
    /// The fields of the placement that have a value; none for somebody who is refused.
    #[must_use]
    pub fn fields(&self) -> Vec<Told> {
        self.placed.outcome.as_ref().map(|placement| fields(placement, self)).unwrap_or_default()
    }
}

fn fields(placement: &Placement, explanation: &Explanation) -> Vec<Told> {
    let own = |name, value: Option<&str>| {
        value.map(|value| Told { name, value: value.to_owned(), from: vec!["mapping.user".to_owned()] })
    };
    let set = |field: Field, value: Option<String>| {
        let from = explanation.set_by(field).into_iter().map(str::to_owned).collect();
        value.map(|value| Told { name: field.word(), value, from })
    };
    let lines = [
        own("username", Some(placement.username.as_str())),
        own("first_name", placement.first_name.as_deref()),
        own("last_name", placement.last_name.as_deref()),
        own("email", placement.email.as_deref()),
        set(Field::SecurityProfiles, list(placement.security_profiles.iter().cloned())),
        set(Field::RoutingProfile, placement.routing_profile.clone()),
        set(Field::Hierarchy, placement.hierarchy.as_ref().map(ToString::to_string)),
        set(Field::Phone, placement.phone.as_ref().map(Phone::in_words)),
        set(
            Field::Proficiencies,
            list(placement.proficiencies.iter().map(|(what, level)| format!("{} {level}", what.value()))),
        ),
        set(Field::Tags, list(placement.tags.iter().map(|(key, value)| format!("{key} = {value}")))),
        set(Field::Channels, list(placement.channels.iter().map(channel))),
        set(Field::Landing, placement.landing.as_ref().map(|landing| landing.as_str().to_owned())),
    ];
    lines.into_iter().flatten().collect()
}

fn channel((channel, settings): (&Channel, &ChannelSettings)) -> String {
    format!("{} ({})", channel.word(), settings.in_words())
}

fn list(values: impl Iterator<Item = String>) -> Option<String> {
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| values.join(", "))
}
