//! The JSON Schema of the configuration file, by a validator that is not ours, beside what the gateway says of the same
//! documents.
#![expect(clippy::unwrap_used, reason = "a test stops where something is missing")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use connect_gateway::config;
use serde_json::{Value, json};

mod dump;
mod mistakes;

use mistakes::{Mistake, mistakes};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the validator finds wrong with each document.
fn verdicts(documents: &[Value]) -> Vec<Option<String>> {
    let directory = format!("{}/jsonschema-venv", env!("CARGO_TARGET_TMPDIR"));
    let script = format!("{ROOT}/scripts/jsonschema-venv");
    let made = Command::new(script).arg(directory).stderr(Stdio::inherit()).output().unwrap();
    assert!(made.status.success(), "scripts/jsonschema-venv made no Python environment");
    let mut run = Command::new(String::from_utf8(made.stdout).unwrap().trim())
        .args(["-B", &format!("{ROOT}/tests/configuration/verdicts.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = json!({ "schema": config::schema(), "documents": documents }).to_string();
    run.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let answer = run.wait_with_output().unwrap();
    assert!(answer.status.success(), "the validator stopped");
    let verdicts: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(verdicts.len(), documents.len());
    verdicts.into_iter().map(|verdict| (!verdict.is_null()).then(|| verdict.to_string())).collect()
}

fn document(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

fn reference() -> Value {
    document(&std::fs::read_to_string(Path::new(ROOT).join("config/gateway.toml")).unwrap())
}

/// What the gateway says of the same document: the keys that are wrong.
fn refused(document: &Value) -> Vec<String> {
    let text = toml::to_string(document).unwrap();
    match config::parse(&text, &Path::new(ROOT).join("config"), BTreeMap::new()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.key).collect(),
    }
}

/// Everything in `config/` but the emulator's own seed.
fn shipped() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join("config")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && !path.ends_with("emulator.toml"))
        .collect()
}

#[test]
fn every_shipped_configuration_is_valid() {
    let paths = shipped();
    assert!(paths.len() >= 10, "{paths:?}");
    let documents: Vec<Value> =
        paths.iter().map(|path| document(&std::fs::read_to_string(path).unwrap())).collect();
    for (path, verdict) in paths.iter().zip(verdicts(&documents)) {
        assert_eq!(verdict, None, "{}", path.display());
    }
}

#[test]
fn every_mistake_of_type_word_range_and_name_is_refused_by_the_schema_and_by_the_gateway() {
    let mistakes = mistakes(&config::schema(), &reference());
    let kinds = mistakes.iter().fold(BTreeMap::<_, usize>::new(), |mut kinds, mistake| {
        *kinds.entry(mistake.kind).or_default() += 1;
        kinds
    });
    let enough = [("type", 150), ("word", 25), ("range", 40), ("name", 30), ("missing", 10)];
    assert!(enough.iter().all(|(kind, least)| kinds.get(kind) >= Some(least)), "{kinds:?}");
    let documents: Vec<Value> = mistakes.iter().map(|mistake| mistake.document.clone()).collect();
    for (Mistake { kind, key, document }, verdict) in mistakes.iter().zip(verdicts(&documents)) {
        assert!(verdict.is_some(), "the schema takes {kind} at {key}");
        let keys = refused(document);
        let below = |told: &String| {
            told.strip_prefix(key.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        assert!(keys.iter().any(below), "{kind} at {key}: {keys:?}");
    }
}

#[test]
fn a_value_that_can_be_written_in_several_ways_has_no_other_way() {
    let rule = |set: Value| (vec!["mapping", "rule", "[0]", "set"], set);
    let wrong = [
        rule(json!({ "routing_profile": { "attr": "a", "cel": "b" } })),
        rule(json!({ "routing_profile": { "attribute": "a" } })),
        rule(json!({ "routing_profile": {} })),
        rule(json!({ "hierarchy": "EMEA" })),
        rule(json!({ "security_profiles": [1] })),
        rule(json!({ "tags": { "team": 1 } })),
        rule(json!({ "proficiencies": { "Language": 1 } })),
        rule(json!({ "proficiencies": { "Language": { "German": 6 } } })),
        (vec!["mapping", "user", "username"], json!("everybody")),
        (vec!["mapping", "test", "[0]", "attributes"], json!({ "groups": 1 })),
        (vec!["idp", "okta", "attributes", "groups"], json!([1])),
        (vec!["instance", "prod", "destinations"], json!({ "ccp": 1 })),
    ];
    let document = reference();
    let documents: Vec<Value> =
        wrong.iter().map(|(path, value)| mistakes::with(&document, path, Some(value.clone()))).collect();
    for (document, (verdict, (path, value))) in
        documents.iter().zip(verdicts(&documents).into_iter().zip(&wrong))
    {
        assert!(verdict.is_some(), "the schema takes {value} at {path:?}");
        assert!(!refused(document).is_empty(), "the gateway takes {value} at {path:?}");
    }
}

#[test]
fn the_ends_of_every_range_and_every_word_are_taken_by_the_schema() {
    let mut document = reference();
    document["mapping"]["rule"][0]["set"] = json!({ "phone": { "type": "soft_phone" } });
    let documents = mistakes::taken(&config::schema(), &document);
    assert!(documents.len() > 120, "{}", documents.len());
    for (document, verdict) in documents.iter().zip(verdicts(&documents)) {
        assert_eq!(verdict, None, "{document}");
    }
}
