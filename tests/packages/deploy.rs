//! The examples in `deploy/`, by those who will read them; the compose example serves a sign-in.

use std::path::Path;
use std::process::Command;

use crate::{PROGRAM, project, python, run, scratch};

#[test]
fn kubernetes_and_cloudformation_are_understood() {
    let said = run(Command::new(python()).arg("tests/packages/manifests.py").arg(project().join("deploy")));
    assert_eq!(said, "understood");
}

/// In a network of its own: ports are those of the example.
#[test]
fn people_sign_in_through_the_compose_example_while_a_gateway_leaves() {
    let programs = Path::new(PROGRAM).parent().expect("a folder");
    let said = run(Command::new("unshare")
        .args(["--net", "--mount", "sh", "-ec", "ip link set lo up; exec \"$@\"", "sh"])
        .arg(python())
        .arg("tests/packages/compose.py")
        .arg(programs)
        .arg(scratch("compose")));
    assert!(said.ends_with("signed in"), "{said}");
}

#[test]
fn configurations_of_examples_can_be_used() {
    for (example, environment) in [("kubernetes", &[][..]), ("ecs", &ECS)] {
        let folder = scratch(&format!("check-{example}"));
        let file = folder.join("gateway.toml");
        std::fs::copy(project().join("deploy").join(example).join("gateway.toml"), &file).expect("a copy");
        let secrets = folder.join("secrets");
        std::fs::create_dir(&secrets).expect("a folder");
        for key in ["signing.key", "signing.crt"] {
            std::fs::copy(project().join("config/examples").join(key), secrets.join(key)).expect("a copy");
        }
        std::fs::write(secrets.join("state.key"), STATE_KEY).expect("a key");
        std::fs::write(secrets.join("state.password"), "not a password").expect("a password");
        let mut check = Command::new(PROGRAM);
        check.args(["check", "--config"]).arg(&file);
        for (name, value) in environment {
            match value.strip_prefix('@') {
                Some(key) => check.env(name, std::fs::read_to_string(secrets.join(key)).expect("a key")),
                None => check.env(name, value),
            };
        }
        run(&mut check);
    }
}

/// Thirty-two bytes, not random.
const STATE_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// What the task definition hands over. `@` stands for a file's text.
const ECS: [(&str, &str); 6] = [
    ("CONNECT_GATEWAY__STATE__URLS", "[\"rediss://valkey.example.org:6379\"]"),
    ("CONNECT_GATEWAY__STATE__REPLICAS", "2"),
    ("CONNECT_GATEWAY__STATE__KEY", "@state.key"),
    ("CONNECT_GATEWAY__STATE__PASSWORD", "@state.password"),
    ("CONNECT_GATEWAY__SAML__SIGNING_KEY", "@signing.key"),
    ("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE", "@signing.crt"),
];
