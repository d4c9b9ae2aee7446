//! The documents of a configuration: which identity has which policy.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Config, Instance};
use crate::federation::CredentialSource;
use crate::model::{InstanceName, ProtectedNames};

use super::For;
use super::needs::{Needs, hierarchy};
use super::policy::{Policy, Statement};

/// `RoleSessionName` of the provisioning role.
const SESSION_NAME: &str = crate::federation::PROVISIONING_SESSION_NAME;
/// In the place of what only the operator knows.
const EXTERNAL_ID: &str = "<the external id>";

/// A policy, and where it belongs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Document {
    #[serde(rename = "for")]
    pub(super) subject: For,
    /// The instance's name, where it is about one.
    pub(super) instance: Option<String>,
    /// The identity that it is attached to.
    pub(super) identity: String,
    pub(super) kind: Kind,
    pub(super) policy: Policy,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// What the identity may do.
    Permissions,
    /// Who may assume the role.
    Trust,
    /// Belongs into the role's trust policy as well, where people sign in through IAM's SAML provider too.
    NativeSignIn,
}

/// Ids of security profiles, by instance and name.
pub(super) type Ids = BTreeMap<InstanceName, BTreeMap<String, String>>;

/// Every document of these instances.
pub(super) fn documents(
    config: &Config,
    instances: &[&Instance],
    principal: &str,
    ids: &Ids,
) -> Vec<Document> {
    let mut all = vec![gateway(config, instances, principal, ids)];
    for instance in instances {
        all.extend(federation(instance, config, principal));
        all.extend(users(config, instance, principal, ids));
        all.extend(commands(config, instance, ids));
        all.push(Document {
            subject: For::Hierarchy,
            instance: Some(instance.name.to_string()),
            identity: "whoever runs `connect-gateway hierarchy`".to_owned(),
            kind: Kind::Permissions,
            policy: Policy::new(hierarchy(&instance.connect.arn)),
        });
    }
    all
}

/// Those of one subject. Where no role of its own manages users, what does so is a part of the gateway's policy.
pub(super) fn of(
    all: Vec<Document>,
    subject: For,
    config: &Config,
    instances: &[&Instance],
    ids: &Ids,
) -> Vec<Document> {
    let gateway =
        all.iter().find(|document| document.subject == For::Gateway).map(|own| own.identity.clone());
    let mut found = Vec::new();
    if subject == For::Users {
        let own = instances.iter().filter(|instance| instance.provisioning_role.is_none());
        found.extend(own.map(|instance| Document {
            subject,
            instance: Some(instance.name.to_string()),
            identity: gateway.clone().unwrap_or_default(),
            kind: Kind::Permissions,
            policy: Policy::new(Needs::of(instance, config).users(&ids_of(instance, ids))),
        }));
    }
    found.extend(all.into_iter().filter(|document| document.subject == subject));
    found
}

/// The gateway's own identity. It manages the users of instances without a provisioning role.
fn gateway(config: &Config, instances: &[&Instance], principal: &str, ids: &Ids) -> Document {
    let mut statements: Vec<Statement> = Vec::new();
    for instance in instances {
        let mut own: Vec<Statement> = become_user(instance).into_iter().collect();
        match &instance.provisioning_role {
            Some(role) => {
                own.push(Statement::allow(
                    "ManageUsers",
                    "sts",
                    &["AssumeRole"],
                    vec![role.role_arn.clone()],
                ));
            }
            None => own.extend(Needs::of(instance, config).users(&ids_of(instance, ids))),
        }
        let several = instances.len() > 1;
        let named = own.into_iter().map(|statement| {
            let sid = if several {
                format!("{}{}", statement.sid(), camel(&instance.name))
            } else {
                statement.sid().to_owned()
            };
            let sid = unused(&statements, sid);
            statement.named(sid)
        });
        let named: Vec<_> = named.collect();
        statements.extend(named);
    }
    Document {
        subject: For::Gateway,
        instance: None,
        identity: principal.to_owned(),
        kind: Kind::Permissions,
        policy: Policy::new(statements),
    }
}

/// None where the person's own answer does it.
fn become_user(instance: &Instance) -> Option<Statement> {
    let settings = &instance.federation;
    let mut actions = match settings.credentials {
        CredentialSource::Base => vec!["AssumeRole"],
        CredentialSource::Assertion { .. } => return None,
    };
    actions.extend(settings.source_identity.then_some("SetSourceIdentity"));
    actions.extend((!settings.session_tags.is_empty()).then_some("TagSession"));
    Some(Statement::allow("BecomeTheFederatedUser", "sts", &actions, vec![settings.role_arn.clone()]))
}

/// The federation role: what it may do, who may assume it, and what stays where people sign in natively.
fn federation(instance: &Instance, config: &Config, principal: &str) -> Vec<Document> {
    let settings = &instance.federation;
    let token = Statement::allow(
        "SignIn",
        "connect",
        &["GetFederationToken"],
        vec![format!("{}/user/${{aws:userid}}", settings.arn)],
    );
    let document = |kind, statements| Document {
        subject: For::Federation,
        instance: Some(instance.name.to_string()),
        identity: settings.role_arn.clone(),
        kind,
        policy: Policy::new(statements),
    };
    let trust = match &settings.credentials {
        CredentialSource::Base => gateway_trust(instance, &config.protected, principal),
        CredentialSource::Assertion { provider_arn, .. } => answer_trust(config, provider_arn),
    };
    vec![
        document(Kind::Permissions, vec![token]),
        document(Kind::Trust, trust),
        document(Kind::NativeSignIn, vec![native(instance)]),
    ]
}

/// Lets the gateway in under every name but the protected ones.
fn gateway_trust(instance: &Instance, protected: &ProtectedNames, principal: &str) -> Vec<Statement> {
    let settings = &instance.federation;
    let gateway = Statement::trust("TheGateway", "AWS", principal, "AssumeRole");
    let mut statements = vec![with_external_id(gateway, settings.external_id.is_some())];
    if settings.source_identity {
        statements.push(Statement::trust("TheGatewayNamesThePerson", "AWS", principal, "SetSourceIdentity"));
    }
    if !settings.session_tags.is_empty() {
        statements.push(Statement::trust("TheGatewayTagsTheSession", "AWS", principal, "TagSession"));
    }
    statements.extend(never(protected, "AssumeRole"));
    statements
}

/// Lets nobody in but people with an answer that was sent to our assertion consumer service. `SAML:aud` is where that
/// was, not the answer's audience.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml>
fn answer_trust(config: &Config, provider_arn: &str) -> Vec<Statement> {
    let person = Statement::trust("ThePerson", "Federated", provider_arn, "AssumeRoleWithSAML");
    let person = person.when("StringEquals", "SAML:aud", vec![config.saml.acs_url()]);
    [person].into_iter().chain(never(&config.protected, "AssumeRoleWithSAML")).collect()
}

/// The names that are never federated, however somebody spells them.
fn never(protected: &ProtectedNames, action: &str) -> Option<Statement> {
    let names: Vec<String> = protected.usernames().map(str::to_owned).collect();
    let refuse = || Statement::trust_nobody("NeverTheseUsers", action);
    (!names.is_empty()).then(|| refuse().when("StringEqualsIgnoreCase", "sts:RoleSessionName", names))
}

/// <https://docs.aws.amazon.com/connect/latest/adminguide/configure-saml.html>
fn native(instance: &Instance) -> Statement {
    let arn = &instance.connect.arn;
    let provider = match &instance.federation.credentials {
        CredentialSource::Base => format!("arn:{}:iam::{}:saml-provider/<name>", arn.partition, arn.account),
        CredentialSource::Assertion { provider_arn, .. } => provider_arn.clone(),
    };
    let domain = if arn.partition == "aws" { "signin.aws.amazon.com" } else { "signin.amazonaws-us-gov.com" };
    let audiences = vec![format!("https://{domain}/saml"), format!("https://{}.{domain}/saml", arn.region)];
    Statement::trust("NativeSignIn", "Federated", &provider, "AssumeRoleWithSAML").when(
        "StringEquals",
        "SAML:aud",
        audiences,
    )
}

/// The provisioning role, where the instance has one.
fn users(config: &Config, instance: &Instance, principal: &str, ids: &Ids) -> Vec<Document> {
    let Some(role) = &instance.provisioning_role else { return Vec::new() };
    let gateway = Statement::trust("TheGateway", "AWS", principal, "AssumeRole");
    let gateway = with_external_id(gateway, role.external_id.is_some()).when(
        "StringEquals",
        "sts:RoleSessionName",
        vec![SESSION_NAME.to_owned()],
    );
    let document = |kind, statements| Document {
        subject: For::Users,
        instance: Some(instance.name.to_string()),
        identity: role.role_arn.clone(),
        kind,
        policy: Policy::new(statements),
    };
    vec![
        document(Kind::Permissions, Needs::of(instance, config).users(&ids_of(instance, ids))),
        document(Kind::Trust, vec![gateway]),
    ]
}

/// What commands need whose identity is that of whoever runs them.
fn commands(config: &Config, instance: &Instance, ids: &Ids) -> Vec<Document> {
    let (needs, ids) = (Needs::of(instance, config), ids_of(instance, ids));
    let commands = [
        ("list, show, export or plan", needs.read_everybody()),
        ("apply", needs.put_everybody(&ids)),
        ("remove", needs.remove(&ids)),
    ];
    let allowed = commands.into_iter().filter(|(_, statements)| !statements.is_empty());
    allowed
        .map(|(command, statements)| Document {
            subject: For::Users,
            instance: Some(instance.name.to_string()),
            identity: format!("whoever runs `connect-gateway users {command}`"),
            kind: Kind::Permissions,
            policy: Policy::new(statements),
        })
        .collect()
}

fn with_external_id(statement: Statement, has_one: bool) -> Statement {
    if has_one {
        statement.when("StringEquals", "sts:ExternalId", vec![EXTERNAL_ID.to_owned()])
    } else {
        statement
    }
}

fn ids_of(instance: &Instance, ids: &Ids) -> BTreeMap<String, String> {
    ids.get(&instance.name).cloned().unwrap_or_default()
}

/// `Sid` takes letters and digits only.
fn camel(name: &InstanceName) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.as_str().split('-').filter_map(capital).collect()
}

/// The id, with a number where another statement has it already.
fn unused(statements: &[Statement], sid: String) -> String {
    let is_used = |sid: &str| statements.iter().any(|statement| statement.sid() == sid);
    if !is_used(&sid) {
        return sid;
    }
    let numbered = (2..=statements.len() + 2).map(|number| format!("{sid}{number}"));
    numbered.into_iter().find(|sid| !is_used(sid)).unwrap_or_default()
}
