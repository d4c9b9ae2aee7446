//! What the administrator writes, as plain data. `config` reads it from the file; [`super::Rules::new`] checks it.

use std::collections::BTreeMap;

use crate::model::{
    Attributes, Channel, PhoneType, Proficiency, ProficiencyLevel, SyncPolicy, VoiceEnhancement,
};

use super::Preset;

/// The `[mapping]` section.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What a missing groups attribute means.
    pub on_missing_groups: OnMissingGroups,
    /// What happens to a person whom the rules grant no security profile.
    pub on_no_match: OnNoMatch,
    /// How user names and names are made.
    pub user: UserConfig,
    /// Which fields of an existing user follow the rules.
    pub sync: SyncPolicy,
    /// The rules, in order.
    pub rules: Vec<RuleConfig>,
    /// What must hold for everybody whom the rules give a place.
    pub checks: Vec<CheckConfig>,
    /// Examples: made-up people, and what the rules must make of them.
    pub tests: Vec<TestConfig>,
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

/// `[mapping.user]`: how user names and names are made. What is `None` is what the names layer found.
#[derive(Debug, Clone, Default)]
pub struct UserConfig {
    /// The user name.
    pub username: Option<ValueConfig>,
    /// First name.
    pub first_name: Option<ValueConfig>,
    /// Last name.
    pub last_name: Option<ValueConfig>,
    /// E-mail address.
    pub email: Option<ValueConfig>,
    /// Whether A-Z of the user name become a-z.
    pub lower_case: bool,
    /// A user name that ends in `@` and one of these loses that end; any other keeps its own.
    pub strip_domains: Vec<String>,
}

/// A value: written out, copied or computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueConfig {
    /// The text itself.
    Text(String),
    /// What the names layer found for this field of `user`; else what was sent as the attribute of this name.
    Attribute(String),
    /// What this expression computes.
    Expression(String),
}

impl From<&str> for ValueConfig {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Where one identity provider's values are: `preset` and `attributes` of its `[idp.<name>]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

/// One `[[mapping.rule]]`. One of `deny`, `set` and `lookup`.
#[derive(Debug, Clone, Default)]
pub struct RuleConfig {
    /// Its name, unique.
    pub name: String,
    /// Hits only people of one of these identity providers.
    pub idps: Option<Vec<String>>,
    /// Hits only people on their way to one of these instances.
    pub instances: Option<Vec<String>>,
    /// Hits only people in at least one of these groups.
    pub groups: Option<Vec<String>>,
    /// Hits only people in at least one group that looks like one of these: `*` stands for anything.
    pub groups_glob: Option<Vec<String>>,
    /// Hits only people for whom this expression is true.
    pub when: Option<String>,
    /// Refuses, with this sentence for the person.
    pub deny: Option<String>,
    /// Sets these fields.
    pub set: Option<SetConfig>,
    /// Sets what a table says for the person's groups.
    pub lookup: Option<LookupConfig>,
}

/// `set` of a rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SetConfig {
    /// Security profile names.
    pub security_profiles: Vec<ValueConfig>,
    /// Routing profile name.
    pub routing_profile: Option<ValueConfig>,
    /// Hierarchy group names from the top.
    pub hierarchy: Option<Vec<ValueConfig>>,
    /// Phone settings.
    pub phone: Option<PhoneConfig>,
    /// Proficiencies, each with its level.
    pub proficiencies: BTreeMap<Proficiency, ProficiencyLevel>,
    /// Tags of the user, by key.
    pub tags: BTreeMap<String, ValueConfig>,
    /// Settings of single channels.
    pub channels: BTreeMap<Channel, ChannelConfig>,
    /// The destination that the person lands at, where the bookmark names none.
    pub landing: Option<String>,
}

/// `set.channels.<channel>` of a rule. What is `None` is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Whether contacts are accepted without the agent.
    pub auto_accept: Option<bool>,
    /// After-contact work, in seconds; 0 means no limit.
    pub after_contact_work_seconds: Option<u32>,
    /// Whether the line is kept between calls; calls only.
    pub persistent_connection: Option<bool>,
    /// Where calls ring; calls only.
    pub phone: Option<PhoneType>,
    /// E.164 number, required where calls ring at a desk phone.
    pub desk_number: Option<ValueConfig>,
    /// What is done to the agent's voice; calls only.
    pub voice_enhancement: Option<VoiceEnhancement>,
}

/// `set.phone` of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneConfig {
    /// Soft phone or desk phone.
    pub kind: PhoneType,
    /// Whether calls are answered automatically.
    pub auto_accept: bool,
    /// After-contact work, in seconds; 0 means no limit.
    pub after_contact_work_seconds: u32,
    /// E.164 number, required for a desk phone.
    pub desk_number: Option<ValueConfig>,
}

/// `lookup` of a rule: a table of comma-separated values.
#[derive(Debug, Clone, Default)]
pub struct LookupConfig {
    /// The file's name, for people.
    pub file: String,
    /// What is in it.
    pub text: String,
}

/// One `[[mapping.check]]`.
#[derive(Debug, Clone, Default)]
pub struct CheckConfig {
    /// Its name, unique.
    pub name: String,
    /// Must be true.
    pub expression: String,
    /// The sentence for a person for whom it is not.
    pub message: String,
}

/// One `[[mapping.test]]`.
#[derive(Debug, Clone, Default)]
pub struct TestConfig {
    /// What it is about.
    pub name: String,
    /// The identity provider; may be left out when there is only one.
    pub idp: Option<String>,
    /// The instance; may be left out when there is only one.
    pub instance: Option<String>,
    /// The subject's `NameID`.
    pub name_id: Option<String>,
    /// What is sent.
    pub attributes: Attributes,
    /// What the rules must make of it.
    pub expect: ExpectConfig,
}

/// `expect` of a test. What is `None` is not looked at; an empty text means that no rule set it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectConfig {
    /// Refused, with this code.
    pub denied: Option<String>,
    /// User name.
    pub username: Option<String>,
    /// Exactly these security profiles.
    pub security_profiles: Option<Vec<String>>,
    /// Routing profile.
    pub routing_profile: Option<String>,
    /// Hierarchy group names from the top.
    pub hierarchy: Option<Vec<String>>,
    /// Landing destination.
    pub landing: Option<String>,
    /// The desk phone's number.
    pub desk_number: Option<String>,
}
