//! `[instance.<name>]`: an Amazon Connect instance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use url::Url;

use crate::connect::{self, GroupCreation, Provisioning, Removal};
use crate::federation::{self, HandOffMode, ProvisioningRole};
use crate::model::{Destination, IdpName, InstanceArn, InstanceName, ProtectedNames, RequestOptions, Secret};

use super::address;
use super::cache::Cache;
use super::credentials;
use super::files::Files;
use super::request;
use super::section::Section;

/// Where people may land unless something else is written.
const USUAL_DESTINATIONS: [(&str, &str); 3] =
    [("admin", "/home"), ("ccp", "/ccp-v2/"), ("workspace", "/agent-app-v2/")];

/// Where people land unless something else is written.
const USUAL_DESTINATION: &str = "ccp";

/// One Amazon Connect instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name in paths.
    pub name: InstanceName,
    /// Its name on pages.
    pub display_name: String,
    /// Identity providers that may sign people in here; never empty.
    pub idps: Vec<IdpName>,
    /// Destination names to paths in the instance.
    pub destinations: BTreeMap<Destination, String>,
    /// The path used when none is named.
    pub default_destination: String,
    /// What is asked of identity providers for this instance.
    pub request: RequestOptions,
    /// Whether a sign-out ends the sessions that Amazon Connect keeps, in every browser.
    pub end_connect_sessions: bool,
    /// Its users.
    pub connect: connect::Settings,
    /// Its tokens.
    pub federation: federation::Settings,
    /// Who manages its users, where that is not the gateway's own identity.
    pub provisioning_role: Option<ProvisioningRole>,
}

impl Instance {
    /// Its name, and those of its destinations.
    pub(super) fn destinations(&self) -> (InstanceName, BTreeSet<Destination>) {
        (self.name.clone(), self.destinations.keys().cloned().collect())
    }
}

/// What instances share.
pub(super) struct Shared<'c> {
    pub(super) public_url: Option<&'c Url>,
    pub(super) idps: Vec<IdpName>,
    pub(super) cache: Cache,
    pub(super) patience: Duration,
    pub(super) place_kept_for: Duration,
    pub(super) protected: ProtectedNames,
}

pub(super) fn read(
    name: &str,
    section: &mut Section<'_>,
    files: &Files<'_>,
    shared: &Shared<'_>,
) -> Option<Instance> {
    if let Err(message) = address::name(name) {
        section.problem("", message);
    }
    let display_name = section.text("display_name", 100).unwrap_or_else(|| name.to_owned());
    section.instead("display_name", name);
    let arn = section.required("arn", "write the instance's ARN", arn);
    let idps = idps(section, &shared.idps);
    let (destinations, default_destination) = destinations(section);
    let request = request::read(section);
    let end_connect_sessions = section.flag("end_connect_sessions", false);
    let federation = tokens(name, section, files, (arn.as_ref(), &idps), shared);
    let provisioning_role = provisioning_role(section, files, arn.as_ref(), federation.as_ref());
    let url = federation.as_ref().map(|federation| federation.url.clone());
    let connect = users(name, section, (arn.as_ref(), url), shared);
    Some(Instance {
        name: InstanceName::new(name),
        display_name,
        idps,
        destinations,
        default_destination,
        request,
        end_connect_sessions,
        connect: connect?,
        federation: federation?,
        provisioning_role,
    })
}

/// Sections of one instance are ways in to the same users: who is parked must be so by all of them.
pub(super) fn check_removal(root: &Section<'_>, instances: &[Instance]) {
    for (number, instance) in instances.iter().enumerate() {
        let (arn, removal) = (&instance.connect.arn, &instance.connect.removal);
        let is_other = |first: &&Instance| first.connect.arn == *arn && first.connect.removal != *removal;
        if let Some(first) = instances[..number].iter().find(is_other) {
            root.problem(
                &format!("instance.{}.removal", instance.name),
                format!(
                    "must be as in instance.{}, which is the same Amazon Connect instance: who is parked there would be \
                     let in here",
                    first.name
                ),
            );
        }
    }
}

fn users(
    name: &str,
    section: &mut Section<'_>,
    (arn, url): (Option<&InstanceArn>, Option<Url>),
    shared: &Shared<'_>,
) -> Option<connect::Settings> {
    let words = [("off", Provisioning::Off), ("create", Provisioning::Create), ("sync", Provisioning::Sync)];
    let provisioning = section.one_of("provisioning", &words, Provisioning::Sync);
    let send_email = section.flag("send_email", false);
    let group_creation = group_creation(section, provisioning);
    let removal = section.optional("removal", |s| removal(s, &shared.protected)).flatten();
    Some(connect::Settings {
        instance: InstanceName::new(name),
        arn: arn?.clone(),
        url: url?,
        provisioning,
        group_creation,
        removal,
        send_email,
        directory_max_age: shared.cache.directory_max_age,
        known_for: shared.cache.known_for,
        settle_within: shared.cache.settle_within,
        refusal_for: shared.cache.refusal_for,
        patience: shared.patience,
        place_kept_for: shared.place_kept_for,
    })
}

/// `[instance.<name>.removal]`: what becomes of people who leave.
fn removal(section: &mut Section<'_>, protected: &ProtectedNames) -> Option<Removal> {
    let is_written = section.has("policy");
    let parks = section.one_of("policy", &[("delete", Some(false)), ("park", Some(true))], None);
    section.require("policy");
    if !is_written {
        section.problem("policy", "is missing: write \"delete\" or \"park\"");
    }
    let security_profile = section.text("security_profile", 128);
    let routing_profile = section.text("routing_profile", 127);
    if security_profile.as_deref().is_some_and(|name| protected.is_security_profile(name)) {
        section.problem("security_profile", "is protected: people who left would hold it");
    }
    match (parks?, security_profile, routing_profile) {
        (false, None, None) => Some(Removal::Delete),
        (false, _, _) => {
            section.problem(
                "policy",
                "with \"delete\" nobody gets a profile: leave out both, or write \"park\"",
            );
            None
        }
        (true, Some(security_profile), Some(routing_profile)) => {
            Some(Removal::Park { security_profile, routing_profile })
        }
        (true, _, _) => {
            section.problem("policy", "\"park\" needs security_profile and routing_profile");
            None
        }
    }
}

fn group_creation(section: &mut Section<'_>, provisioning: Provisioning) -> GroupCreation {
    let (own, copied) = ("create_hierarchy_groups", "create_copied_hierarchy_groups");
    let creates = section.flag(own, false);
    let creates_copied = section.flag(copied, false);
    if creates && provisioning == Provisioning::Off {
        section.problem(own, "creates nothing with provisioning = \"off\": leave one of them out");
    }
    if creates_copied && !creates {
        section.problem(copied, format!("does nothing without {own} = true"));
    }
    match (creates, creates_copied) {
        (false, _) => GroupCreation::Never,
        (true, false) => GroupCreation::WrittenOut,
        (true, true) => GroupCreation::Any,
    }
}

fn tokens(
    name: &str,
    section: &mut Section<'_>,
    files: &Files<'_>,
    (arn, idps): (Option<&InstanceArn>, &[IdpName]),
    shared: &Shared<'_>,
) -> Option<federation::Settings> {
    let url = section.required("url", "write the instance's access URL", address::instance);
    let role_arn =
        section.required("role_arn", "write the ARN of the federation role", |text| role(text, arn));
    let credentials = credentials::read(section, arn, idps);
    let external_id = external_id(section, files, "external_id", "external_id_file");
    let source_identity = section.flag("source_identity", true);
    let session_tags = credentials::session_tags(section);
    let words = [("instance", HandOffMode::Instance), ("console", HandOffMode::Console)];
    let hand_off = section.one_of("hand_off", &words, HandOffMode::Instance);
    let signin_endpoint = section.parsed("signin_endpoint", address::endpoint);
    let console_url = section.parsed("console_url", address::origin);
    let arn = arn?;
    let (usual_endpoint, usual_console) = (default_signin_endpoint(arn)?, default_console_url(arn)?);
    section.instead("signin_endpoint", usual_endpoint.as_str());
    section.instead("console_url", usual_console.as_str());
    let cache = &shared.cache;
    Some(federation::Settings {
        instance: InstanceName::new(name),
        url: url?,
        role_arn: role_arn?,
        external_id,
        source_identity,
        session_tags,
        credentials: credentials?,
        hand_off,
        signin_endpoint: signin_endpoint.unwrap_or(usual_endpoint),
        console_url: console_url.unwrap_or(usual_console),
        issuer_url: shared.public_url?.join(&format!("go/{name}")).ok()?,
        arn: arn.clone(),
        token_margin: cache.token_margin,
        refresh_ahead: cache.refresh_ahead,
        max_token_age: cache.max_token_age,
        refusal_for: cache.refusal_for,
        patience: shared.patience,
        place_kept_for: shared.place_kept_for,
    })
}

/// A role of its own: the federation role signs people in and may do nothing else.
fn provisioning_role(
    section: &mut Section<'_>,
    files: &Files<'_>,
    arn: Option<&InstanceArn>,
    federation: Option<&federation::Settings>,
) -> Option<ProvisioningRole> {
    let (key, id, id_file) =
        ("provisioning_role_arn", "provisioning_external_id", "provisioning_external_id_file");
    let alone = [id, id_file].into_iter().filter(|id| section.has(id) && !section.has(key));
    let alone: Vec<_> = alone.collect();
    let role_arn = section.parsed(key, |text| role(text, arn));
    let external_id = external_id(section, files, id, id_file);
    for id in alone {
        section.problem(id, format!("does nothing without {key}"));
    }
    if role_arn.is_some() && role_arn.as_ref() == federation.map(|settings| &settings.role_arn) {
        section
            .problem(key, "is the federation role: that one must be able to do nothing but sign people in");
    }
    Some(ProvisioningRole { role_arn: role_arn?, external_id })
}

fn arn(text: &str) -> Result<InstanceArn, String> {
    let arn: InstanceArn = text.parse().map_err(|error| format!("is {error}"))?;
    match arn.partition.as_str() {
        "aws" | "aws-us-gov" => Ok(arn),
        _ => Err("must be in the partition aws or aws-us-gov".to_owned()),
    }
}

/// `GetFederationToken` works only from within the instance's own account.
fn role(text: &str, instance: Option<&InstanceArn>) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return Err("must be arn:aws:iam::<account>:role/<name>".to_owned());
    };
    let name = resource.strip_prefix("role/").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b);
    if name.is_empty() || name.len() > 576 || !name.bytes().all(plain) {
        return Err("must end in role/<name>".to_owned());
    }
    match instance {
        Some(arn) if arn.account != account || arn.partition != partition => {
            Err("must be a role in the instance's own account and partition".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

/// `ExternalId` of `AssumeRole`. <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn external_id(section: &mut Section<'_>, files: &Files<'_>, key: &str, file_key: &str) -> Option<Secret> {
    let id = files.secret(section, key, file_key)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
    let usable = (2..=1224).contains(&id.expose().len()) && id.expose().bytes().all(plain);
    if !usable {
        section.problem(key, "must be 2 to 1224 letters, digits and _ + = , . @ : / -");
    }
    usable.then_some(id)
}

fn idps(section: &mut Section<'_>, configured: &[IdpName]) -> Vec<IdpName> {
    let written = section.texts("idps");
    section.instead("idps", configured.iter().map(IdpName::as_str).collect::<Vec<_>>());
    let Some(idps) = written else { return configured.to_vec() };
    let idps: Vec<IdpName> = idps.into_iter().map(IdpName::new).collect();
    if idps.is_empty() {
        section.problem("idps", "is empty: name at least one, or leave the key out to allow all");
    }
    for idp in idps.iter().filter(|idp| !configured.contains(idp)) {
        section.problem("idps", format!("there is no [idp.{idp}]"));
    }
    idps
}

fn destinations(section: &mut Section<'_>) -> (BTreeMap<Destination, String>, String) {
    let written = section.text_table("destinations", &USUAL_DESTINATIONS);
    let mut destinations = BTreeMap::new();
    for (name, path) in written {
        let checked = address::name(&name).and_then(|()| address::local_path(&path));
        match checked {
            Ok(path) => _ = destinations.insert(Destination::new(name), path),
            Err(message) => section.problem(&format!("destinations.{name}"), message),
        }
    }
    let default = section.text("default_destination", 64).unwrap_or_else(|| USUAL_DESTINATION.to_owned());
    section.usual("default_destination", USUAL_DESTINATION);
    let path = destinations.get(&Destination::new(&default)).cloned();
    if path.is_none() {
        section.problem("default_destination", format!("there is no \"{default}\" in destinations"));
    }
    (destinations, path.unwrap_or_default())
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html>
fn default_signin_endpoint(arn: &InstanceArn) -> Option<Url> {
    let host = if arn.partition == "aws" { "signin.aws.amazon.com" } else { "signin.amazonaws-us-gov.com" };
    Url::parse(&format!("https://{host}/federation")).ok()
}

/// <https://docs.aws.amazon.com/connect/latest/adminguide/configure-saml.html#destination-relay>: `GovCloud` has one for all
/// its Regions.
fn default_console_url(arn: &InstanceArn) -> Option<Url> {
    match arn.partition.as_str() {
        "aws" => Url::parse(&format!("https://{}.console.aws.amazon.com", arn.region)).ok(),
        _ => Url::parse("https://console.amazonaws-us-gov.com").ok(),
    }
}
