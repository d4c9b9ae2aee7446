//! The readable file that says what exists at the start.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What exists at the start. Unknown keys are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// Connect instances.
    #[serde(rename = "instance")]
    pub instances: Vec<SeedInstance>,
    /// Base identities.
    #[serde(rename = "access_key")]
    pub access_keys: Vec<SeedKey>,
    /// IAM roles.
    #[serde(rename = "role", default)]
    pub roles: Vec<SeedRole>,
    /// Identity providers as IAM knows them.
    #[serde(rename = "saml_provider", default)]
    pub saml_providers: Vec<SeedProvider>,
    /// People of the identity provider.
    #[serde(rename = "person", default)]
    pub people: Vec<Person>,
}

/// A Connect instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedInstance {
    /// Alias: first label of its host name.
    pub alias: String,
    /// Instance id.
    pub id: String,
    /// AWS account.
    pub account: String,
    /// AWS Region.
    pub region: String,
    /// `IdentityManagementType`; nobody is federated unless it is `SAML`.
    #[serde(default = "saml")]
    pub identity_management: String,
    /// `InstanceStatus`.
    #[serde(default = "active")]
    pub status: String,
    /// `GlobalSignInEndpoint` of a replicated instance (Global Resiliency).
    pub global_sign_in_endpoint: Option<String>,
    /// Names of hierarchy levels, top first, five at most.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Hierarchy groups as paths, parents before children.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Names of security profiles.
    pub security_profiles: Vec<String>,
    /// Names of routing profiles.
    pub routing_profiles: Vec<String>,
    /// Predefined attributes and their values.
    #[serde(default)]
    pub predefined_attributes: BTreeMap<String, Vec<String>>,
    /// How many users fit.
    #[serde(default = "five_hundred")]
    pub user_quota: usize,
    /// How many hierarchy groups fit.
    #[serde(default = "five_hundred")]
    pub group_quota: usize,
    /// Users.
    #[serde(rename = "user", default)]
    pub users: Vec<SeedUser>,
    /// Quick connects.
    #[serde(rename = "quick_connect", default)]
    pub quick_connects: Vec<SeedQuickConnect>,
}

/// A quick connect: to a user, or to a telephone number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedQuickConnect {
    /// Its name.
    pub name: String,
    /// The username it leads to.
    pub user: Option<String>,
    /// The number it leads to, when it leads to no user.
    pub phone_number: Option<String>,
}

/// A Connect user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Username.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Names of security profiles.
    pub security_profiles: Vec<String>,
    /// Name of the routing profile.
    pub routing_profile: String,
    /// Path of the hierarchy group.
    pub hierarchy: Option<String>,
    /// `DESK_PHONE` with this number; `SOFT_PHONE` when absent.
    pub desk_phone_number: Option<String>,
    /// Whether contacts are accepted for the agent.
    #[serde(default)]
    pub auto_accept: bool,
    /// Seconds of after contact work.
    #[serde(default)]
    pub after_contact_work_seconds: u32,
}

/// A base identity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedKey {
    /// Access key id, `AKIA` and sixteen capitals or digits.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// ARN of the IAM user, or `arn:aws:iam::<account>:root`.
    pub arn: String,
    /// Actions it may call on anything; `*` is a wildcard.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Its permissions in the place of `actions`: an IAM policy in JSON.
    pub policy: Option<String>,
}

/// An IAM role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRole {
    /// ARN.
    pub arn: String,
    /// Who may assume it, in the place of the next five: an IAM trust policy in JSON.
    pub trust_policy: Option<String>,
    /// ARNs of the identities that may assume it.
    #[serde(default)]
    pub trusts: Vec<String>,
    /// ARNs of SAML providers whose answers assume it.
    #[serde(default)]
    pub saml_providers: Vec<String>,
    /// Values of `SAML:aud` in its trust policy: where such answers were sent.
    #[serde(default)]
    pub saml_audiences: Vec<String>,
    /// External id that callers must send.
    pub external_id: Option<String>,
    /// Whether its trust policy allows `sts:SetSourceIdentity`.
    #[serde(default = "yes")]
    pub source_identity: bool,
    /// Whether its trust policy allows `sts:TagSession`.
    #[serde(default)]
    pub tag_session: bool,
    /// Session names that its trust policy refuses.
    #[serde(default)]
    pub denied_session_names: Vec<String>,
    /// Longest session in seconds.
    #[serde(default = "one_hour")]
    pub max_session_seconds: u32,
    /// Its permissions: an IAM policy in JSON.
    pub policy: String,
}

/// A SAML provider of IAM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedProvider {
    /// ARN.
    pub arn: String,
    /// Entity id in its metadata; the emulator's own identity provider when absent.
    pub entity_id: Option<String>,
    /// Signing certificates in its metadata (base64 DER).
    #[serde(default)]
    pub certificates: Vec<String>,
}

/// A person of the identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Short name, unique; part of element ids on the identity provider's page.
    pub uid: String,
    /// Name on the page.
    pub name: String,
    /// What they do, on the page.
    pub title: String,
    /// `NameID`, in e-mail address format.
    pub name_id: String,
    /// Attributes of the assertion.
    #[serde(default)]
    pub attributes: BTreeMap<String, Vec<String>>,
}

impl Seed {
    /// Reads the file's text.
    ///
    /// # Errors
    /// A sentence that says what is wrong, with TOML's line and column where it has one.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let seed: Self = toml::from_str(toml).map_err(|error| error.to_string())?;
        super::state::World::new(&seed)?;
        Ok(seed)
    }
}

fn five_hundred() -> usize {
    500
}

fn one_hour() -> u32 {
    3600
}

fn saml() -> String {
    "SAML".to_owned()
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn yes() -> bool {
    true
}
