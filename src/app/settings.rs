//! `connect-gateway config schema | dump`: what can be written in the configuration file, and what is in force.

use std::path::Path;

use serde_json::{Value, json};

use super::{Outcome, load};
use crate::admin;
use crate::config::{self, Origin, Setting, Shown};

/// Prints a JSON Schema of the configuration file.
#[must_use]
pub fn config_schema() -> Outcome {
    say!("{:#}", config::schema());
    Outcome::Done
}

/// Prints every key with what is in force under it and where that comes from; secrets as `(secret)`. With `all` also
/// keys under which there is nothing. Exit status 0: printed; 1: the configuration can't be used.
#[must_use]
pub fn config_dump(path: &Path, json: bool, all: bool) -> Outcome {
    let settings = match load(path) {
        Ok(loaded) => loaded.config.settings,
        Err(failed) => return failed,
    };
    let shown = settings.iter().filter(|setting| all || setting.origin != Origin::Unset);
    if json {
        let settings: Vec<Value> = shown.map(as_json).collect();
        say!("{:#}", Value::from(settings));
    } else {
        say_text!("{}", shown.map(line).collect::<String>());
    }
    Outcome::Done
}

/// The same for the console, where the rules are told as sentences.
pub(super) fn rows(settings: Vec<Setting>) -> Vec<admin::Setting> {
    let is_told = |setting: &Setting| {
        ["mapping.rule[", "mapping.check[", "mapping.test["].iter().any(|list| setting.key.starts_with(list))
    };
    let shown = settings.into_iter().filter(|setting| setting.origin != Origin::Unset && !is_told(setting));
    let row = |setting: Setting| admin::Setting {
        value: setting.text(),
        origin: setting.origin.to_string(),
        key: setting.key,
    };
    shown.map(row).collect()
}

fn line(setting: &Setting) -> String {
    let written = match setting.origin {
        Origin::Unset => setting.key.clone(),
        _ => format!("{} = {}", setting.key, setting.text()),
    };
    format!("{written:<60} # {}\n", setting.origin)
}

fn as_json(setting: &Setting) -> Value {
    let origin = match &setting.origin {
        Origin::File(line) => json!({ "kind": "file", "line": line }),
        Origin::RulesFile(name, line) => json!({ "kind": "file", "file": name, "line": line }),
        Origin::Environment(variable) => json!({ "kind": "environment", "variable": variable }),
        Origin::Default => json!({ "kind": "default" }),
        Origin::Unset => json!({ "kind": "not set" }),
    };
    let value = match &setting.value {
        None => Value::Null,
        Some(Shown::Secret) => setting.text().into(),
        Some(Shown::Value(value)) => value.clone(),
    };
    json!({ "key": setting.key, "value": value, "origin": origin })
}
