//! `connect-gateway check`, as an operator runs it.

use std::path::Path;
use std::process::{Command, Output};

use crate::gateway::CREDENTIALS;
use crate::world::World;

fn check(config: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .arg("check")
        .arg("--config")
        .arg(config)
        .args(more)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_works_is_confirmed_by_the_identity_provider_and_aws() {
    let world = World::start("").await;
    let answer = check(&world.gateway.folder.join("gateway.toml"), &["--online"]);
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.success(), "{said}\n{}", String::from_utf8_lossy(&answer.stderr));
    for line in ["idp.corporate: metadata can be used", "instance.acme: the federation role can be assumed"] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(world.calls("CreateUser") + world.calls("GetFederationToken"), 0, "a check changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_would_refuse_is_said_before_deployment() {
    let world = World::start("").await;
    let config = world.gateway.folder.join("gateway.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("role/connect-federation", "role/no-such-role")).unwrap();
    let answer = check(&config, &["--online"]);
    let reasons = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(1), "{reasons}");
    assert!(reasons.contains("instance.acme: ") && reasons.contains("trust policy"), "{reasons}");
}

#[test]
fn every_problem_is_reported_at_once() {
    let folder = std::env::temp_dir().join(format!("connect-gateway-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, "version = 1\npublic_url = \"http://example.com\"\nlisten_on = 1\n").unwrap();
    let answer = check(&config, &[]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(answer.status.code(), Some(1));
    let reasons = String::from_utf8(answer.stderr).unwrap();
    for key in ["public_url", "listen_on", "saml.signing_key", "idp", "instance"] {
        assert!(reasons.lines().any(|line| line.starts_with(key)), "{key} is missing:\n{reasons}");
    }
}
