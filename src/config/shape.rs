//! What can be written under a key, as its reader says it.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Text that its reader understands.
    Text,
    /// Text that is never shown.
    Secret,
    /// One line of 1 to so many characters.
    Line(usize),
    /// One of these words.
    Words(Vec<String>),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole(RangeInclusive<u64>),
    /// A number.
    Number(RangeInclusive<f64>),
    /// A number above 0, at most this.
    Rate(f64),
    /// A list of such values.
    ListOf(Box<Shape>),
    /// Such values under names that the operator chose.
    TableOf(Box<Shape>),
    /// A table with exactly one of these keys, whose value is text.
    OneKey(Vec<String>),
    /// Any of these.
    AnyOf(Vec<Shape>),
    /// A table whose keys have readers of their own.
    Section,
    /// A table of such tables, under names that the operator chose.
    Named(Names),
    /// A list of such tables.
    Sections,
}

/// The names that tables may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Names that match this expression.
    Like(&'static str),
    /// These.
    Listed(&'static [&'static str]),
}

impl Shape {
    pub(super) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::Words(words.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn texts() -> Self {
        Self::ListOf(Box::new(Self::Text))
    }

    /// One text or a list of them.
    pub(super) fn text_or_texts() -> Self {
        Self::AnyOf(vec![Self::Text, Self::texts()])
    }

    /// Whether a variable's text is the value as it is.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Secret | Self::Line(_) | Self::Words(_))
    }

    /// The same as JSON Schema; of a table only what is known without its keys.
    pub(super) fn schema(&self) -> Value {
        match self {
            Self::Text | Self::Secret => json!({ "type": "string" }),
            Self::Line(longest) => json!({ "type": "string", "minLength": 1, "maxLength": longest }),
            Self::Words(words) => json!({ "type": "string", "enum": words }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Whole(range) => {
                json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
            }
            Self::Number(range) => {
                json!({ "type": "number", "minimum": range.start(), "maximum": range.end() })
            }
            Self::Rate(most) => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": most }),
            Self::ListOf(item) => json!({ "type": "array", "items": item.schema() }),
            Self::TableOf(value) => json!({ "type": "object", "additionalProperties": value.schema() }),
            Self::OneKey(keys) => {
                let keys: Map<_, _> = keys.iter().map(|key| (key.clone(), Self::Text.schema())).collect();
                json!({
                    "type": "object", "properties": keys, "additionalProperties": false,
                    "minProperties": 1, "maxProperties": 1,
                })
            }
            Self::AnyOf(shapes) => json!({ "anyOf": shapes.iter().map(Self::schema).collect::<Vec<_>>() }),
            Self::Section | Self::Named(_) => json!({ "type": "object" }),
            Self::Sections => json!({ "type": "array" }),
        }
    }
}
