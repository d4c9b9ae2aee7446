//! A value of a rule: written out, copied or computed.

use crate::model::Problem;

use super::config::ValueConfig;
use super::expression::{Expression, Failed, Purpose};
use super::facts::Facts;
use super::names::{self, UserField, ValueSource};

/// A value that passed every check at load.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    /// The text itself.
    Text(String),
    /// What the names layer found.
    Field(UserField),
    /// What was sent.
    Attribute(ValueSource),
    /// What is computed.
    Expression(Expression),
}

impl Value {
    /// Reads what the administrator wrote under `key`.
    pub(super) fn new(key: &str, config: &ValueConfig) -> Result<Self, Problem> {
        match config {
            ValueConfig::Text(text) => Ok(Self::Text(text.clone())),
            ValueConfig::Attribute(name) if name.is_empty() => Err(Problem::new(key, "names no attribute")),
            ValueConfig::Attribute(name) => Ok(UserField::named(name)
                .map_or_else(|| Self::Attribute(ValueSource::Attribute(name.clone())), Self::Field)),
            ValueConfig::Expression(source) => Expression::new(source, Purpose::Value)
                .map(Self::Expression)
                .map_err(|mistake| Problem::new(key, mistake.message).at(mistake.caret)),
        }
    }

    /// All that it yields for a person; nothing when what it copies was not sent.
    pub(super) fn texts(&self, facts: &Facts<'_>) -> Result<Vec<String>, Failed> {
        let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
        match self {
            Self::Text(text) => Ok(vec![text.clone()]),
            Self::Field(field) => Ok(owned(facts.field(*field))),
            Self::Attribute(source) => Ok(owned(source.values(facts.identity))),
            Self::Expression(expression) => expression.texts(facts.scope()),
        }
    }

    /// The one text that it yields.
    pub(super) fn text(&self, facts: &Facts<'_>) -> Result<Option<String>, Failed> {
        let mut texts = self.texts(facts)?;
        texts.dedup();
        let text = texts.pop();
        if texts.is_empty() { Ok(text) } else { Err(Failed("it yields several values where one is wanted")) }
    }

    /// Where it comes from, for an administrator.
    pub(super) fn origin(&self, facts: &Facts<'_>) -> String {
        match self {
            Self::Text(_) => "the rule itself".to_owned(),
            Self::Field(field) => names::list(facts.names.sources(*field)),
            Self::Attribute(source) => names::list(std::slice::from_ref(source)),
            Self::Expression(_) => "what the expression computes".to_owned(),
        }
    }

    /// Whether everybody has it.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    pub(super) fn as_expression(&self) -> Option<&Expression> {
        match self {
            Self::Expression(expression) => Some(expression),
            _ => None,
        }
    }
}
