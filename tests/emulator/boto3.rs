//! All operations, driven by boto3: a parser and a service model that are not ours.

use std::process::Stdio;

use connect_gateway::emulator::Emulator;

use crate::{kind, start};

/// Where this file is, when the test runs.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator");

async fn python() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/boto3-venv");
    let directory = format!("{}/boto3-venv", env!("CARGO_TARGET_TMPDIR"));
    let made = tokio::process::Command::new(script).arg(directory).stderr(Stdio::inherit()).output().await;
    let made = made.expect("scripts/boto3-venv runs");
    assert!(made.status.success(), "scripts/boto3-venv made no Python environment");
    String::from_utf8(made.stdout).expect("a path").trim().to_owned()
}

/// What the identity provider tells AWS of people: all that is needed, or less.
fn issue_for_aws(emulator: &Emulator) {
    const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
    const SESSION_NAME: &str = "https://aws.amazon.com/SAML/Attributes/RoleSessionName";
    const PAIR: &str =
        "arn:aws:iam::123456789012:role/acme-by-assertion,arn:aws:iam::123456789012:saml-provider/emulated";
    for (uid, names) in [
        ("ana", &["ana@acme.test"][..]),
        ("ben", &[]),
        ("dee", &["dee@acme.test", "ana@acme.test"]),
        ("mallory", &["Admin"]),
    ] {
        assert!(emulator.put_attribute(uid, ROLE, &[PAIR]));
        assert!(emulator.put_attribute(uid, SESSION_NAME, names));
    }
    assert!(emulator.put_attribute("cho", SESSION_NAME, &["cho@acme.test"]));
    emulator.trust_service_provider("https://gateway.test/saml/metadata", "https://gateway.test/saml/acs");
    emulator.trust_service_provider("https://elsewhere.test/", "https://elsewhere.test/saml/acs");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_every_operation_as_botocore_models_it() {
    let python = python().await;
    // Two hierarchy groups more than the seed has: a quota that can be reached.
    let mut options = kind();
    for instance in &mut options.seed.instances {
        if instance.alias == "globex" {
            instance.group_quota = 3;
        }
    }
    options.idp.audiences = vec!["urn:amazon:webservices".to_owned()];
    let emulator = start(options).await;
    issue_for_aws(&emulator);
    let run = tokio::process::Command::new(python)
        .arg("-B")
        .arg(format!("{HERE}/conformance.py"))
        .arg(emulator.api_url())
        .arg(emulator.idp_url())
        .output()
        .await
        .expect("the driver runs");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{out}");
    assert!(run.status.success(), "{out}\n{err}");
    assert!(out.contains(" of 31 operations"), "{out}");
}
