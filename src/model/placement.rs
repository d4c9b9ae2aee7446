//! Noun 2: what the rules make of an identity.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Channel, ChannelSettings, Code, Destination, Proficiency, ProficiencyLevel, Username};

/// A Connect user as the rules want it, by names; ids come later from the directory.
///
/// A field that no rule set is `None` or empty and is left as it is in Connect.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The name the rules computed; Connect's own spelling wins where it differs in case only.
    pub username: Username,
    /// First name, NFC, 1 to 255 characters.
    pub first_name: Option<String>,
    /// Last name, NFC, 1 to 300 characters.
    pub last_name: Option<String>,
    /// E-mail address; sent to Connect only where the instance is configured to take it.
    pub email: Option<String>,
    /// Security profile names, the union of all rules that hit; at most ten.
    pub security_profiles: BTreeSet<String>,
    /// Routing profile name.
    pub routing_profile: Option<String>,
    /// Hierarchy group, as the path of group names from the top.
    pub hierarchy: Option<HierarchyPath>,
    /// Whether that path is written out in a rule, and not only copied or computed from what was sent.
    pub hierarchy_is_written: bool,
    /// Phone settings.
    pub phone: Option<Phone>,
    /// Where the person lands when the bookmark names no destination. Nothing of Connect's.
    pub landing: Option<Destination>,
    /// All proficiencies the user is to have, at most [`super::MAX_PROFICIENCIES`].
    pub proficiencies: BTreeMap<Proficiency, ProficiencyLevel>,
    /// Tags by key. Tags of the user with other keys are nobody's business here and stay.
    pub tags: BTreeMap<String, String>,
    /// Settings of single channels; they go before those of [`Self::phone`].
    pub channels: BTreeMap<Channel, ChannelSettings>,
    /// Which of the above may be changed on a user that exists.
    pub sync: SyncPolicy,
}

/// One to five hierarchy group names, from the top level down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HierarchyPath(pub Vec<String>);

impl HierarchyPath {
    /// The most levels that Connect has.
    pub const DEEPEST: usize = 5;
}

impl fmt::Display for HierarchyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" / "))
    }
}

/// `UserPhoneConfig` of the Connect API.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UserPhoneConfig.html>
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    /// Soft phone or desk phone.
    pub kind: PhoneType,
    /// Whether calls are answered automatically.
    pub auto_accept: bool,
    /// After-contact work, in seconds; 0 means no limit.
    pub after_contact_work_seconds: u32,
    /// E.164 number, required for a desk phone.
    pub desk_number: Option<String>,
}

impl Phone {
    /// For people.
    #[must_use]
    pub fn in_words(&self) -> String {
        let accepts = if self.auto_accept { ", calls are answered automatically" } else { "" };
        let rings = self.kind.rings(self.desk_number.as_deref());
        format!("{rings}, {} s after-contact work{accepts}", self.after_contact_work_seconds)
    }
}

/// `PhoneType` of the Connect API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneType {
    /// In the browser.
    SoftPhone,
    /// A telephone with a number.
    DeskPhone,
}

impl PhoneType {
    /// For people: where it rings, with `number` as its desk number.
    #[must_use]
    pub fn rings(self, number: Option<&str>) -> &str {
        match self {
            Self::SoftPhone => "in the browser",
            Self::DeskPhone => number.unwrap_or("at the desk"),
        }
    }
}

/// When a field of an existing user follows the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncWhen {
    /// At every sign-in.
    #[default]
    Always,
    /// Only when the user is created.
    Create,
    /// Not at all: neither at creation, where the API allows leaving it out, nor later.
    Never,
}

impl SyncWhen {
    /// As `[mapping.sync]` writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Create => "create",
            Self::Never => "never",
        }
    }
}

/// [`SyncWhen`] for each field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncPolicy {
    /// First and last name, and e-mail where it is sent.
    pub names: SyncWhen,
    /// Security profiles.
    pub security_profiles: SyncWhen,
    /// Routing profile.
    pub routing_profile: SyncWhen,
    /// Hierarchy group.
    pub hierarchy: SyncWhen,
    /// Phone settings.
    pub phone: SyncWhen,
    /// Proficiencies.
    pub proficiencies: SyncWhen,
    /// Tags.
    pub tags: SyncWhen,
    /// Settings of single channels.
    pub channels: SyncWhen,
}

/// The rules refuse this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Which kind of refusal: see [`crate::model::code`].
    pub code: &'static Code,
    /// The rule that refused, when one did.
    pub rule: Option<String>,
    /// The administrator's sentence for the person, when the rule has one.
    pub message: Option<String>,
    /// For the audit line: what was missing or wrong, without attribute values.
    pub detail: String,
}

/// The outcome of the rules with the reasons for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What the rules decided.
    pub outcome: Result<Placement, Denial>,
    /// Every rule in order, and why it hit or missed.
    pub trace: Trace,
}

/// Every rule that was tried, in order. Holds rule names and configured values, no attribute values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace(pub Vec<TraceEntry>);

/// One rule's part in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEntry {
    /// The rule's name.
    pub rule: String,
    /// What became of it.
    pub outcome: RuleOutcome,
    /// The reason, in words an administrator understands.
    pub why: String,
    /// The fields that it set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<Field>,
}

impl TraceEntry {
    /// An entry of a rule that set nothing.
    pub fn new(rule: impl Into<String>, outcome: RuleOutcome, why: impl Into<String>) -> Self {
        Self { rule: rule.into(), outcome, why: why.into(), sets: Vec::new() }
    }
}

/// A field of a [`Placement`] that rules set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Security profiles: the one that adds up.
    SecurityProfiles,
    /// Routing profile.
    RoutingProfile,
    /// Hierarchy group.
    Hierarchy,
    /// Phone settings.
    Phone,
    /// Proficiencies: add up, the first level of each counts.
    Proficiencies,
    /// Tags: add up, the first value of each key counts.
    Tags,
    /// Settings of single channels: the first of each channel counts.
    Channels,
    /// Where the person lands.
    Landing,
}

impl Field {
    /// As rules write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SecurityProfiles => "security_profiles",
            Self::RoutingProfile => "routing_profile",
            Self::Hierarchy => "hierarchy",
            Self::Phone => "phone",
            Self::Proficiencies => "proficiencies",
            Self::Tags => "tags",
            Self::Channels => "channels",
            Self::Landing => "landing",
        }
    }
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleOutcome {
    /// Its condition held and it set something, or denied.
    Hit,
    /// Its condition did not hold.
    Miss,
    /// Its condition held, but an earlier rule had already set all it would have set.
    Shadowed,
    /// It can't be computed for this person.
    Failed,
    /// A check of the result: it holds.
    Passed,
    /// A check of the result: it does not hold.
    Refused,
}

impl RuleOutcome {
    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Shadowed => "shadowed",
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Debug for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placement")
            .field("security_profiles", &self.security_profiles)
            .field("routing_profile", &self.routing_profile)
            .field("hierarchy", &self.hierarchy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phone").field("kind", &self.kind).finish_non_exhaustive()
    }
}
