//! What the administrator writes, as plain data. `config` reads it from the file; [`super::Rules::new`] checks it.

use crate::model::{Phone, SyncPolicy};

use super::Preset;

/// The `[mapping]` section.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What a missing groups attribute means.
    pub on_missing_groups: OnMissingGroups,
    /// What happens to a person whom the rules grant no security profile.
    pub on_no_match: OnNoMatch,
    /// How user names are made.
    pub user: UserConfig,
    /// Which fields of an existing user follow the rules.
    pub sync: SyncPolicy,
    /// The rules, in order.
    pub rules: Vec<RuleConfig>,
}

/// What a missing groups attribute means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissingGroups {
    /// The identity provider's set-up is broken: refuse.
    #[default]
    Deny,
    /// The person is in no group. For identity providers that send no groups at all.
    NoGroups,
}

/// What happens to a person whom the rules grant no security profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnNoMatch {
    /// No place, no entry.
    #[default]
    Deny,
    /// A user that exists in Connect may sign in with the security profiles it has.
    Keep,
}

/// `[mapping.user]`: how user names are made.
#[derive(Debug, Clone, Default)]
pub struct UserConfig {
    /// Which of the identity provider's values is the user name.
    pub username: UsernameFrom,
    /// Whether A-Z become a-z.
    pub lower_case: bool,
    /// A user name that ends in `@` and one of these loses that end; any other keeps its own.
    pub strip_domains: Vec<String>,
}

/// Which of the identity provider's values is the user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UsernameFrom {
    /// What the identity provider's preset, or its `attributes.username`, says.
    #[default]
    Username,
    /// The e-mail address.
    Email,
    /// The subject's `NameID`.
    NameId,
}

/// Where one identity provider's values are: `preset` and `attributes` of its `[idp.<name>]` table.
#[derive(Debug, Clone, Default)]
pub struct NamesConfig {
    /// Where they usually are.
    pub preset: Preset,
    /// Where they are in this case. Empty: as in the preset.
    pub attributes: NameSources,
    /// Splits one value into several groups. Empty text: never, even where the preset does.
    pub groups_separator: Option<String>,
}

impl NamesConfig {
    /// Where this identity provider's values are looked for: the preset with what overrides it.
    #[must_use]
    pub fn sources(&self) -> NameSources {
        let (own, preset) = (&self.attributes, self.preset.sources());
        let chosen = |own: &[String], preset| if own.is_empty() { preset } else { own.to_vec() };
        NameSources {
            username: chosen(&own.username, preset.username),
            first_name: chosen(&own.first_name, preset.first_name),
            last_name: chosen(&own.last_name, preset.last_name),
            display_name: chosen(&own.display_name, preset.display_name),
            email: chosen(&own.email, preset.email),
            groups: chosen(&own.groups, preset.groups),
        }
    }
}

/// Attribute names, or `name_id`, in the order they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameSources {
    /// User name.
    pub username: Vec<String>,
    /// First name.
    pub first_name: Vec<String>,
    /// Last name.
    pub last_name: Vec<String>,
    /// The whole name, as people write it.
    pub display_name: Vec<String>,
    /// E-mail address.
    pub email: Vec<String>,
    /// Groups.
    pub groups: Vec<String>,
}

/// One `[[mapping.rule]]`. Either `deny` or `set`.
#[derive(Debug, Clone, Default)]
pub struct RuleConfig {
    /// Its name, unique.
    pub name: String,
    /// Hits only people of one of these identity providers.
    pub idps: Option<Vec<String>>,
    /// Hits only people in at least one of these groups.
    pub groups: Option<Vec<String>>,
    /// Refuses, with this sentence for the person.
    pub deny: Option<String>,
    /// Sets these fields.
    pub set: Option<SetConfig>,
}

/// `set` of a rule.
#[derive(Debug, Clone, Default)]
pub struct SetConfig {
    /// Security profile names.
    pub security_profiles: Vec<String>,
    /// Routing profile name.
    pub routing_profile: Option<String>,
    /// Hierarchy group names from the top.
    pub hierarchy: Option<Vec<String>>,
    /// Phone settings.
    pub phone: Option<Phone>,
}
