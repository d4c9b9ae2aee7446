//! `connect-gateway config`, as an operator runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(arguments: &[&str], config: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .arg("config")
        .args(arguments)
        .args(if arguments[0] == "dump" { vec!["--config".into(), config.to_owned()] } else { Vec::new() })
        .env("CONNECT_GATEWAY__SESSION__MAX_HOURS", "9")
        .env("CONNECT_GATEWAY__INSTANCE__PROD__EXTERNAL_ID", "hush-variable")
        .output()
        .unwrap()
}

fn reference() -> PathBuf {
    Path::new(ROOT).join("config/gateway.toml")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_schema_is_printed_as_json() {
    let answer = run(&["schema"], Path::new(""));
    assert!(answer.status.success());
    let schema: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(schema, connect_gateway::config::schema());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn what_is_in_force_is_printed_with_where_it_comes_from() {
    let answer = run(&["dump"], &reference());
    let said = stdout(&answer);
    assert!(answer.status.success(), "{said}");
    let line = |start: &str| {
        said.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {said}"))
    };
    assert!(line("session.max_hours = 9 ").ends_with("# environment (CONNECT_GATEWAY__SESSION__MAX_HOURS)"));
    assert!(line("version = 1 ").contains("# file (line "), "{said}");
    assert!(line("listen = \"127.0.0.1:8080\" ").ends_with("# default"), "{said}");
    assert!(line("instance.prod.external_id = (secret) ").contains("EXTERNAL_ID)"), "{said}");
    assert!(!said.contains("saml.description") && !said.contains("hush"), "{said}");
    let all = stdout(&run(&["dump", "--all"], &reference()));
    assert!(
        all.lines().any(|line| line.starts_with("saml.description ") && line.ends_with("# not set")),
        "{all}"
    );
}

#[test]
fn a_program_reads_the_same_as_json() {
    let answer = run(&["dump", "--json"], &reference());
    let settings: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
    let of = |key: &str| settings.iter().find(|setting| setting["key"] == key).unwrap().clone();
    let variable = "CONNECT_GATEWAY__SESSION__MAX_HOURS";
    let origin = json!({ "kind": "environment", "variable": variable });
    assert_eq!(of("session.max_hours"), json!({ "key": "session.max_hours", "value": 9, "origin": origin }));
    assert_eq!(of("instance.prod.external_id")["value"], "(secret)");
    assert_eq!(of("log.level")["origin"], json!({ "kind": "default" }));
    assert_eq!(of("version")["origin"]["kind"], "file");
    assert!(of("version")["origin"]["line"].as_u64() > Some(1));
    assert!(!stdout(&answer).contains("hush"));
}

#[test]
fn a_configuration_that_can_not_be_used_shows_its_problems_and_no_value() {
    let path = std::env::temp_dir().join(format!("connect-gateway-dump-{}.toml", std::process::id()));
    let key = "-----BEGIN PRIVATE KEY----- hush";
    std::fs::write(&path, format!("version = 1\n[saml]\nsigning_key = \"{key}\"\nsining_key = \"{key}\"\n"))
        .unwrap();
    let answer = run(&["dump"], &path);
    std::fs::remove_file(&path).unwrap();
    let problems = String::from_utf8(answer.stderr.clone()).unwrap();
    assert_eq!((answer.status.code(), stdout(&answer).as_str()), (Some(1), ""), "{problems}");
    assert!(problems.contains("saml.sining_key: unknown key") && !problems.contains("hush"), "{problems}");
}
