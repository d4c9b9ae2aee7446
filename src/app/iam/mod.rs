//! `connect-gateway iam print`: the policies that a configuration needs, and no more.

mod documents;
mod needs;
mod policy;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::audit;
use crate::budget::ProcessBudget;
use crate::config::{Config, Instance};
use crate::connect::Connect;
use crate::model::{Clock, Pace, Patience, SystemClock, SystemRandom};

use super::mapping::chosen;
use super::{Outcome, load, sdk, user_client};
use documents::{Document, Ids, Kind, documents};
use needs::Needs;

/// How long reading the names of security profiles may take.
const LISTING_TAKES: Duration = Duration::from_mins(2);
/// In the place of what only the operator knows.
const NO_PRINCIPAL: &str = "<ARN of the gateway's own role>";
/// What fits into a managed policy, white space not counted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MANAGED_POLICY: usize = 6144;

/// What is printed.
#[derive(Debug)]
pub struct IamPrint {
    /// The configuration file.
    pub config: PathBuf,
    /// The instance's name in the configuration; all of them when left out.
    pub instance: Option<String>,
    /// ARN of the gateway's own identity.
    pub principal: Option<String>,
    /// Whose policies; all of them when left out.
    pub subject: Option<For>,
    /// Whether AWS is asked for the ids of security profiles.
    pub online: bool,
    /// Print JSON.
    pub json: bool,
}

/// Whose policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum For {
    /// The gateway's own identity.
    Gateway,
    /// The federation roles.
    Federation,
    /// Whoever manages users: the provisioning roles, or a part of the gateway's own policy; and whoever runs
    /// `connect-gateway users`.
    Users,
    /// Whoever runs `connect-gateway hierarchy`.
    Hierarchy,
}

/// Prints policies and trust policies. Exit status 0: printed; 1: not.
pub async fn print_iam(ask: &IamPrint) -> Outcome {
    let config = match load(&ask.config) {
        Ok(loaded) => loaded.config,
        Err(failed) => return failed,
    };
    match printed(ask, &config).await {
        Ok(text) => {
            say_text!("{text}");
            Outcome::Done
        }
        Err(reason) => Outcome::Failed(vec![reason]),
    }
}

async fn printed(ask: &IamPrint, config: &Config) -> Result<String, String> {
    let names = config.instances.iter().map(|instance| instance.name.as_str());
    let only = ask.instance.as_deref().map(|name| chosen("--instance", Some(name), names)).transpose()?;
    let principal = principal(ask.principal.as_deref())?;
    let is_meant = |instance: &&Instance| only.as_ref().is_none_or(|name| instance.name.as_str() == name);
    let instances: Vec<&Instance> = config.instances.iter().filter(is_meant).collect();
    warn_of_any_profile(config, &instances);
    let ids = if ask.online { ids(config, &instances).await? } else { Ids::new() };
    let mut found = documents(config, &instances, &principal, &ids);
    if let Some(subject) = ask.subject {
        found = documents::of(found, subject, config, &instances, &ids);
    }
    warn_of_size(&found);
    if ask.json {
        return serde_json::to_string_pretty(&found)
            .map(|text| text + "\n")
            .map_err(|error| error.to_string());
    }
    Ok(found.iter().map(as_text).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// An ARN that a trust policy may name.
fn principal(named: Option<&str>) -> Result<String, String> {
    let Some(arn) = named else { return Ok(NO_PRINCIPAL.to_owned()) };
    let parts: Vec<&str> = arn.split(':').collect();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b);
    match parts[..] {
        ["arn", "aws" | "aws-us-gov", "iam", "", account, resource]
            if account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && ["role/", "user/"].iter().any(|kind| resource.starts_with(kind))
                && resource.bytes().all(is_plain) =>
        {
            Ok(arn.to_owned())
        }
        _ => Err("--principal: must be arn:aws:iam::<account>:role/<name>, or of a user".to_owned()),
    }
}

fn warn_of_any_profile(config: &Config, instances: &[&Instance]) {
    let any = instances.iter().filter(|instance| Needs::of(instance, config).grants_any_profile());
    for instance in any {
        eprintln!(
            "warning: instance.{}: rules copy or compute security profiles, so that every one can be granted: write them \
             out, or deny those that must never be",
            instance.name
        );
    }
}

fn warn_of_size(documents: &[Document]) {
    for document in documents {
        let length = serde_json::to_string(&document.policy).map_or(0, |text| text.len());
        if length > MANAGED_POLICY {
            eprintln!(
                "warning: the policy of {} has {length} characters, more than a managed policy takes ({MANAGED_POLICY}): print \
                 one --instance at a time, or give instances provisioning roles",
                document.identity
            );
        }
    }
}

/// The ids of security profiles, as AWS lists them.
async fn ids(config: &Config, instances: &[&Instance]) -> Result<Ids, String> {
    let sdk = sdk(config).await?;
    let pace = Pace::new(Arc::new(ProcessBudget::new(config.rates.clone())), Arc::new(SystemRandom));
    let mut ids = Ids::new();
    for instance in instances {
        let (protected, clock) =
            (Arc::new(config.protected.clone()), Arc::new(SystemClock) as Arc<dyn Clock>);
        let client = user_client(&sdk, instance, &config.endpoints, (&pace, &clock));
        let connect = Connect::new(instance.connect.clone(), client, pace.clone(), protected, clock);
        let listed = connect.security_profiles(Patience::lasting(LISTING_TAKES)).await;
        let listed =
            listed.map_err(|error| format!("instance.{}: {}", instance.name, audit::cause(&error)))?;
        ids.insert(
            instance.name.clone(),
            listed.into_iter().map(|listed| (listed.name, listed.id)).collect(),
        );
    }
    Ok(ids)
}

fn as_text(document: &Document) -> Result<String, String> {
    let of = document.instance.as_ref().map(|name| format!(" (instance.{name})")).unwrap_or_default();
    let what = match document.kind {
        Kind::Permissions => "permissions",
        Kind::Trust => "trust policy",
        Kind::NativeSignIn => {
            "belongs into the trust policy too, if people also sign in without the gateway, through IAM's SAML provider"
        }
    };
    let policy = serde_json::to_string_pretty(&document.policy).map_err(|error| error.to_string())?;
    Ok(format!("# {}{of}: {what}\n# {}\n{policy}\n", document.identity, place(document)))
}

/// Where the IAM console takes it.
fn place(document: &Document) -> String {
    let Some((_, path)) = document.identity.split_once(":role/") else {
        return "IAM > Policies > Create policy > JSON; attach it to whom it is for".to_owned();
    };
    // A role's path is no part of its name.
    let name = path.rsplit('/').next().unwrap_or(path);
    let tab = match document.kind {
        Kind::Permissions => "Permissions > Add permissions > Create inline policy > JSON",
        Kind::Trust | Kind::NativeSignIn => "Trust relationships > Edit trust policy",
    };
    format!("IAM > Roles > {name} > {tab}")
}
