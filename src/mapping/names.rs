//! The names layer: where one identity provider puts the values that the rules need.

use super::text::trimmed;
use crate::model::Identity;

/// Microsoft Entra ID sends this link instead of the groups of a person who is in more than 150.
pub const GROUPS_OVERAGE: &str = "http://schemas.microsoft.com/claims/groups.link";

/// A `NameID` that is new at every sign-in: it names nobody. SAML core 8.3.8.
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Where a value comes from. One variant for each kind of source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// The subject's `NameID`, unless it is transient.
    NameId,
    /// The attribute of exactly this `Name`.
    Attribute(String),
}

impl ValueSource {
    /// `name_id`, or the name of an attribute.
    pub(super) fn parse(text: &str) -> Self {
        if text == "name_id" { Self::NameId } else { Self::Attribute(text.to_owned()) }
    }

    /// The values without surrounding white space; empty ones don't count as sent.
    pub(super) fn values<'a>(&self, identity: &'a Identity) -> Vec<&'a str> {
        let sent: Vec<&str> = match self {
            Self::NameId => identity
                .name_id
                .iter()
                .filter(|name_id| name_id.format.as_deref() != Some(TRANSIENT))
                .map(|name_id| name_id.value.as_str())
                .collect(),
            Self::Attribute(name) => {
                identity.attributes.get(name).into_iter().flatten().map(String::as_str).collect()
            }
        };
        sent.into_iter().map(trimmed).filter(|value| !value.is_empty()).collect()
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::NameId => "name_id",
            Self::Attribute(name) => name,
        }
    }
}

/// The values of the first source that has any.
pub(super) fn first_values<'a>(sources: &[ValueSource], identity: &'a Identity) -> Vec<&'a str> {
    sources.iter().map(|source| source.values(identity)).find(|values| !values.is_empty()).unwrap_or_default()
}

/// The sources' names, for an administrator.
pub(super) fn list(sources: &[ValueSource]) -> String {
    sources.iter().map(ValueSource::name).collect::<Vec<_>>().join(", ")
}

/// A field of `user`: what the names layer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum UserField {
    NameId,
    Username,
    FirstName,
    LastName,
    DisplayName,
    Email,
}

impl UserField {
    /// Every field with its name in rules.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("name_id", Self::NameId),
        ("username", Self::Username),
        ("first_name", Self::FirstName),
        ("last_name", Self::LastName),
        ("display_name", Self::DisplayName),
        ("email", Self::Email),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, field)| field)
    }
}

/// The sources of one identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) username: Vec<ValueSource>,
    pub(super) first_name: Vec<ValueSource>,
    pub(super) last_name: Vec<ValueSource>,
    pub(super) display_name: Vec<ValueSource>,
    pub(super) email: Vec<ValueSource>,
    pub(super) groups: Vec<ValueSource>,
    pub(super) groups_separator: Option<String>,
}

/// What was said about groups.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Groups {
    /// At least one.
    Sent(Vec<String>),
    /// Nothing.
    Missing,
    /// Too many to be sent: what was sent, if anything, is not all of them.
    Overage,
}

impl Names {
    /// Where a field of `user` comes from.
    pub(super) fn sources(&self, field: UserField) -> &[ValueSource] {
        match field {
            UserField::NameId => &[ValueSource::NameId],
            UserField::Username => &self.username,
            UserField::FirstName => &self.first_name,
            UserField::LastName => &self.last_name,
            UserField::DisplayName => &self.display_name,
            UserField::Email => &self.email,
        }
    }

    pub(super) fn groups(&self, identity: &Identity) -> Groups {
        if identity.attributes.contains_key(GROUPS_OVERAGE) {
            return Groups::Overage;
        }
        let values = first_values(&self.groups, identity).into_iter();
        let groups: Vec<String> = match &self.groups_separator {
            None => values.map(str::to_owned).collect(),
            Some(separator) => values
                .flat_map(|value| value.split(separator.as_str()))
                .map(trimmed)
                .filter(|group| !group.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        if groups.is_empty() { Groups::Missing } else { Groups::Sent(groups) }
    }
}
