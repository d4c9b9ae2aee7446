//! IAM policy documents, in the order in which people read them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

use std::collections::BTreeMap;

use serde::Serialize;

/// A policy, or a trust policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

/// One of its statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    sid: String,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal>,
    action: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>,
}

/// Whom a statement of a trust policy is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Principal {
    /// One, by its kind.
    Named(BTreeMap<&'static str, String>),
    /// `*`: whoever it is, of every kind.
    Anybody(&'static str),
}

impl Policy {
    pub(super) fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

impl Statement {
    /// Allows these actions of a service on these resources.
    pub(super) fn allow(sid: &str, service: &str, actions: &[&str], resource: Vec<String>) -> Self {
        let action = actions.iter().map(|action| format!("{service}:{action}")).collect();
        let condition = BTreeMap::new();
        Self { sid: sid.to_owned(), effect: "Allow", principal: None, action, resource, condition }
    }

    /// Lets `principal`, of this kind, call an action of STS on the role whose trust policy this is in.
    pub(super) fn trust(sid: &str, kind: &'static str, principal: &str, action: &str) -> Self {
        let principal = Some(Principal::Named(BTreeMap::from([(kind, principal.to_owned())])));
        Self { principal, ..Self::allow(sid, "sts", &[action], Vec::new()) }
    }

    /// Lets nobody, of whatever kind, call it.
    pub(super) fn trust_nobody(sid: &str, action: &str) -> Self {
        let principal = Some(Principal::Anybody("*"));
        Self { principal, effect: "Deny", ..Self::allow(sid, "sts", &[action], Vec::new()) }
    }

    /// Holds only where the key compares so with one of the values.
    pub(super) fn when(mut self, operator: &'static str, key: &'static str, values: Vec<String>) -> Self {
        self.condition.entry(operator).or_default().insert(key, values);
        self
    }

    /// The same under another id.
    pub(super) fn named(self, sid: String) -> Self {
        Self { sid, ..self }
    }

    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    /// Whether it allows nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.action.is_empty()
    }
}
