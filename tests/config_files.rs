//! Every configuration that is shipped can be loaded as it is.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connect_gateway::config;
use connect_gateway::mapping::{RosterForm, members, roster};

/// The emulator's own seed is not a configuration of the gateway.
const NOT_OURS: &str = "emulator.toml";

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && !path.ends_with(NOT_OURS))
        .collect();
    files.sort();
    files
}

/// The demo makes its key pair when it starts and passes it in the environment.
fn environment(path: &Path) -> BTreeMap<String, String> {
    if !path.ends_with("demo.toml") {
        return BTreeMap::new();
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples");
    [("SIGNING_KEY_FILE", "signing.key"), ("SIGNING_CERTIFICATE_FILE", "signing.crt")]
        .map(|(key, file)| {
            (format!("CONNECT_GATEWAY__SAML__{key}"), examples.join(file).display().to_string())
        })
        .into()
}

#[test]
fn every_shipped_configuration_loads() {
    let files = files();
    assert!(files.len() >= 10, "{files:?}");
    for path in files {
        if let Err(problems) = config::load(&path, environment(&path)) {
            panic!("{}: {problems:#?}", path.display());
        }
    }
}

#[test]
fn the_only_warnings_of_the_reference_are_about_the_example_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    let loaded = config::load(&path, []).expect("usable");
    assert!(!loaded.warnings.is_empty());
    assert!(loaded.warnings.iter().all(|w| w.key == "saml.signing_key_file"), "{:?}", loaded.warnings);
}

#[test]
fn the_shipped_roster_is_one_of_the_shipped_configuration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let config = config::load(&root.join("gateway.toml"), []).expect("usable").config;
    let text = std::fs::read_to_string(root.join("examples/roster.csv")).expect("the roster");
    let instance = &config.instances[0];
    let form = RosterForm { idps: &instance.idps, idp: None, separator: Some("|") };
    let rows = roster(&text, form).expect("a roster");
    let people = members(&rows, &instance.name, &config.rules).expect("people with user names");
    let names: Vec<&str> = people.iter().map(|member| member.username.as_str()).collect();
    assert_eq!(names, ["ana@example.com", "ben@example.com", "cho.park@example.com"]);
    for member in &people {
        assert!(member.outcome.is_ok(), "{}: {:?}", member.at, member.outcome.as_ref().err());
    }
}

#[test]
fn a_store_that_is_silent_takes_no_pod_away() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes/deployment.yaml");
    let deployment = std::fs::read_to_string(path).expect("the deployment");
    let (_, probe) = deployment.split_once("readinessProbe:").expect("a readiness probe");
    let asked = probe.lines().map(str::trim).find(|line| line.starts_with("httpGet:"));
    assert_eq!(asked, Some("httpGet: { path: /healthz, port: http }"));
}
