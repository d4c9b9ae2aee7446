//! The company of the tests, in several languages.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::config::{catalogue, english};
use crate::model::{Brand, Words};

pub(super) const ENGLISH: &str = include_str!("../../config/words/en.toml");
const GERMAN: &str = include_str!("../../config/words/de.toml");

/// In English.
pub(super) fn acme() -> Brand {
    Brand::named("Acme", english().unwrap())
}

/// With other words.
pub(super) fn in_language(tag: &str, texts: &str) -> Brand {
    let (words, _) = catalogue(tag, "test", texts, &english().unwrap()).unwrap();
    Brand::named("Acme", Arc::new(words))
}

pub(super) fn german() -> Brand {
    in_language("de", GERMAN)
}

/// Every text is its own key and its place, between marks: `«choose.places {instance}»`.
pub(super) fn marked() -> Words {
    let mut texts = String::new();
    for (key, text) in flat("", ENGLISH.parse().unwrap()) {
        let place = text.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let place = if place.is_empty() { String::new() } else { format!(" {{{place}}}") };
        writeln!(texts, "{key} = \"«{key}{place}»\"").unwrap();
    }
    catalogue("en-XA", "marked", &texts, &english().unwrap()).unwrap().0
}

/// Every text of a catalogue under its dotted key.
pub(super) fn flat(start: &str, table: toml::Table) -> Vec<(String, String)> {
    let below = |(key, value)| match value {
        toml::Value::Table(table) => flat(&format!("{start}{key}."), table),
        value => vec![(format!("{start}{key}"), value.as_str().unwrap().to_owned())],
    };
    table.into_iter().flat_map(below).collect()
}
