//! The part of IAM policies that sign-in into Connect rests on.
//!
//! `Effect`, `Action`, `Resource` with `*`, `?` and `${aws:userid}`, and conditions on
//! `connect:InstanceId` with `StringEquals`, `StringEqualsIgnoreCase` and `StringLike`. A statement with
//! anything else is refused when it is read, rather than half understood.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A policy document.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    #[expect(dead_code, reason = "read so that a policy without it, or with another, is refused")]
    version: Version,
    #[expect(dead_code, reason = "read so that a policy may have one")]
    id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Version {
    #[serde(rename = "2012-10-17")]
    V2012,
    #[serde(rename = "2008-10-17")]
    V2008,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[expect(dead_code, reason = "read so that a statement may have one")]
    sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: BTreeMap<Operator, BTreeMap<ConditionKey, OneOrMany<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

#[expect(clippy::enum_variant_names, reason = "IAM's names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Operator {
    #[serde(alias = "ForAnyValue:StringEquals")]
    StringEquals,
    StringEqualsIgnoreCase,
    #[serde(alias = "ForAnyValue:StringLike")]
    StringLike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum ConditionKey {
    #[serde(rename = "connect:InstanceId", alias = "connect:instanceId")]
    InstanceId,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(super) fn items(&self) -> &[T] {
        match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }
}

/// What somebody wants to do.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// Such as `connect:GetFederationToken`.
    pub(super) action: &'a str,
    /// ARN.
    pub(super) resource: &'a str,
    /// Value of `connect:InstanceId`.
    pub(super) instance_id: Option<&'a str>,
    /// Value of `aws:userid`.
    pub(super) user_id: &'a str,
}

impl Policy {
    /// Reads a document; an error is a sentence.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// Allows these actions on everything.
    pub(super) fn allowing(actions: &[String]) -> Self {
        let statement = Statement {
            sid: None,
            effect: Effect::Allow,
            action: OneOrMany::Many(actions.to_vec()),
            resource: OneOrMany::One("*".to_owned()),
            condition: BTreeMap::new(),
        };
        Self { version: Version::V2012, id: None, statement: OneOrMany::One(statement) }
    }

    /// Whether some statement allows it and none denies it.
    pub(super) fn allows(&self, wish: &Wish<'_>) -> bool {
        let says = |effect| {
            let mut statements = self.statement.items().iter();
            statements.any(|statement| statement.effect == effect && statement.covers(wish))
        };
        says(Effect::Allow) && !says(Effect::Deny)
    }
}

impl Statement {
    fn covers(&self, wish: &Wish<'_>) -> bool {
        let action = wish.action.to_lowercase();
        let resource =
            |pattern: &String| wildcard(&pattern.replace("${aws:userid}", wish.user_id), wish.resource);
        self.action.items().iter().any(|pattern| wildcard(&pattern.to_lowercase(), &action))
            && self.resource.items().iter().any(resource)
            && self.condition.iter().all(|(operator, keys)| {
                keys.values().all(|values| operator.holds(wish.instance_id, values.items()))
            })
    }
}

impl Operator {
    fn holds(self, actual: Option<&str>, values: &[String]) -> bool {
        actual.is_some_and(|actual| {
            values.iter().any(|value| match self {
                Self::StringEquals => value == actual,
                Self::StringEqualsIgnoreCase => value.eq_ignore_ascii_case(actual),
                Self::StringLike => wildcard(value, actual),
            })
        })
    }
}

/// `*` stands for any characters, `?` for one.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reachable = vec![false; text.len() + 1];
    if let Some(first) = reachable.first_mut() {
        *first = true;
    }
    for symbol in pattern {
        let before = reachable.clone();
        let mut any = false;
        for (position, slot) in reachable.iter_mut().enumerate() {
            any |= before.get(position).copied().unwrap_or(false);
            let previous = position.checked_sub(1);
            let step = previous.is_some_and(|previous| {
                before.get(previous).copied().unwrap_or(false)
                    && (symbol == '?' || text.get(previous) == Some(&symbol))
            });
            *slot = if symbol == '*' { any } else { step };
        }
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(resource: &str) -> Wish<'_> {
        Wish {
            action: "connect:GetFederationToken",
            resource,
            instance_id: Some("i-1"),
            user_id: "AROA1:ana@acme.test",
        }
    }

    fn policy(statement: &str) -> Policy {
        Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).expect("a policy")
    }

    #[test]
    fn the_documented_resource_with_the_user_id_covers_only_that_session() {
        let policy = policy(
            r#"{"Effect":"Allow","Action":"connect:GetFederationToken","Resource":"arn:x:instance/i-1/user/${aws:userid}"}"#,
        );
        assert!(policy.allows(&wish("arn:x:instance/i-1/user/AROA1:ana@acme.test")));
        assert!(!policy.allows(&wish("arn:x:instance/i-1/user/AROA1:ben@acme.test")));
        assert!(!policy.allows(&wish("arn:x:instance/i-2/user/AROA1:ana@acme.test")));
    }

    #[test]
    fn an_instance_condition_covers_only_the_instances_it_lists() {
        let on = |id: &str| {
            policy(&format!(
                r#"{{"Effect":"Allow","Action":"connect:*","Resource":"*","Condition":{{"StringEquals":{{"connect:InstanceId":["{id}"]}}}}}}"#
            ))
        };
        assert!(on("i-1").allows(&wish("arn")));
        assert!(!on("i-2").allows(&wish("arn")));
    }

    #[test]
    fn a_denial_beats_every_permission() {
        let policy = policy(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"connect:Get*","Resource":"*"}"#,
        );
        assert!(!policy.allows(&wish("arn")));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for statement in [
            r#"{"Effect":"Allow","NotAction":"x","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"x","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
            r#"{"Effect":"Permit","Action":"x","Resource":"*"}"#,
        ] {
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
            assert!(Policy::parse(&text).is_err(), "{statement}");
        }
    }

    #[test]
    fn wildcards_match_as_iam_says() {
        assert!(wildcard("connect:*", "connect:createuser"));
        assert!(wildcard("*", ""));
        assert!(wildcard("a?c*", "abcdef"));
        assert!(!wildcard("a?c", "ac"));
        assert!(!wildcard("abc", "abcd"));
    }
}
