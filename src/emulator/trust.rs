//! Trust policies: who may assume a role, and how.
//!
//! `Effect`, `Principal`, `Action`, and conditions on the keys below. A statement with anything else is refused when it
//! is read.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::policy::{Effect, OneOrMany, Version, wildcard};

/// A trust policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TrustPolicy {
    #[expect(dead_code, reason = "read so that a policy without it, or with another, is refused")]
    version: Version,
    statement: OneOrMany<Statement>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[expect(dead_code, reason = "read so that a statement may have one")]
    sid: Option<String>,
    effect: Effect,
    principal: Principals,
    action: OneOrMany<String>,
    #[serde(default)]
    condition: BTreeMap<Operator, BTreeMap<Key, OneOrMany<String>>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Principals {
    Anybody(Star),
    Named(Named),
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Star {
    #[serde(rename = "*")]
    Star,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "AWS")]
    aws: Option<OneOrMany<String>>,
    #[serde(rename = "Federated")]
    federated: Option<OneOrMany<String>>,
}

#[expect(clippy::enum_variant_names, reason = "IAM's names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Operator {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Key {
    #[serde(rename = "sts:RoleSessionName")]
    RoleSessionName,
    #[serde(rename = "sts:ExternalId")]
    ExternalId,
    #[serde(rename = "sts:SourceIdentity")]
    SourceIdentity,
    #[serde(rename = "SAML:aud")]
    SamlAudience,
}

/// Somebody who asks for a role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Such as `sts:AssumeRole`.
    pub(super) action: &'a str,
    /// ARN of the user, or of the role whose session asks.
    pub(super) principal: &'a str,
    pub(super) session_name: &'a str,
    pub(super) external_id: Option<&'a str>,
    pub(super) source_identity: Option<&'a str>,
}

impl TrustPolicy {
    /// Reads a document; an error is a sentence.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// Whether some statement allows it and none denies it.
    pub(super) fn allows(&self, ask: Ask<'_>) -> bool {
        let says = |effect| {
            let mut statements = self.statement.items().iter();
            statements.any(|statement| statement.effect == effect && statement.covers(ask))
        };
        says(Effect::Allow) && !says(Effect::Deny)
    }
}

impl Statement {
    fn covers(&self, ask: Ask<'_>) -> bool {
        self.principal.has(ask.principal)
            && self.action.items().iter().any(|action| wildcard(action, ask.action))
            && self.condition.iter().all(|(operator, keys)| {
                keys.iter().all(|(key, values)| operator.holds(key.of(ask), values.items()))
            })
    }
}

impl Principals {
    fn has(&self, arn: &str) -> bool {
        match self {
            Self::Anybody(Star::Star) => true,
            Self::Named(named) => named.has(arn),
        }
    }
}

impl Named {
    /// An account stands for everybody in it. Federated principals call other actions than are emulated.
    fn has(&self, arn: &str) -> bool {
        let account = arn.split(':').nth(4).unwrap_or_default();
        let is = |named: &String| {
            named == "*"
                || named == arn
                || named == account
                || *named == format!("arn:aws:iam::{account}:root")
        };
        debug_assert!(self.aws.is_some() || self.federated.is_some());
        self.aws.as_ref().is_some_and(|named| named.items().iter().any(is))
    }
}

impl Key {
    fn of(self, ask: Ask<'_>) -> Option<&str> {
        match self {
            Self::RoleSessionName => Some(ask.session_name),
            Self::ExternalId => ask.external_id,
            Self::SourceIdentity => ask.source_identity,
            Self::SamlAudience => None,
        }
    }
}

impl Operator {
    /// A key that is absent is like nothing, and unlike everything.
    fn holds(self, actual: Option<&str>, values: &[String]) -> bool {
        let any = |is: fn(&str, &str) -> bool| {
            actual.is_some_and(|actual| values.iter().any(|value| is(value, actual)))
        };
        match self {
            Self::StringEquals => any(|value, actual| value == actual),
            Self::StringNotEquals => !any(|value, actual| value == actual),
            Self::StringEqualsIgnoreCase => any(str::eq_ignore_ascii_case),
            Self::StringNotEqualsIgnoreCase => !any(str::eq_ignore_ascii_case),
            Self::StringLike => any(wildcard),
            Self::StringNotLike => !any(wildcard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "arn:aws:iam::1:role/gateway";

    fn policy(statements: &str) -> TrustPolicy {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        TrustPolicy::parse(&text).expect("a trust policy")
    }

    fn ask(session_name: &str) -> Ask<'_> {
        Ask {
            action: "sts:AssumeRole",
            principal: GATEWAY,
            session_name,
            external_id: Some("x-1"),
            source_identity: None,
        }
    }

    #[test]
    fn only_who_is_named_is_let_in() {
        let named = policy(
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/gateway"},"Action":"sts:AssumeRole"}"#,
        );
        assert!(named.allows(ask("ana")));
        assert!(!named.allows(Ask { principal: "arn:aws:iam::1:role/other", ..ask("ana") }));
        assert!(!named.allows(Ask { action: "sts:SetSourceIdentity", ..ask("ana") }));
    }

    #[test]
    fn a_denied_name_is_refused_in_any_case_and_the_external_id_is_asked_for() {
        let both = policy(
            r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-1"}}},
               {"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEqualsIgnoreCase":{"sts:RoleSessionName":["admin"]}}}"#,
        );
        assert!(both.allows(ask("ana")));
        assert!(!both.allows(ask("ADMIN")));
        assert!(!both.allows(Ask { external_id: None, ..ask("ana") }));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for statement in [
            r#"{"Effect":"Allow","Principal":{"Service":"x"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":"arn:aws:iam::1:role/gateway","Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#,
        ] {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
            assert!(TrustPolicy::parse(&text).is_err(), "{statement}");
        }
    }
}
