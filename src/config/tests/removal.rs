//! `[instance.<name>.removal]`: what becomes of people who leave.

use std::path::Path;

use super::{SHORT, assert_about, config, keys, parse, problems};
use crate::connect::Removal;

const PARK: &str = "policy = \"park\"\nsecurity_profile = \"Left\"\nrouting_profile = \"Nothing\"\n";

fn removing(table: &str) -> String {
    SHORT.replacen("[[mapping.rule]]", &format!("[instance.prod.removal]\n{table}[[mapping.rule]]"), 1)
}

fn removal(text: &str) -> Option<Removal> {
    config(text).instances[0].connect.removal.clone()
}

#[test]
fn nobody_is_removed_unless_somebody_chose_how() {
    assert_eq!(removal(SHORT), None);
    assert_eq!(removal(&removing("policy = \"delete\"\n")), Some(Removal::Delete));
    let parked = Removal::Park { security_profile: "Left".into(), routing_profile: "Nothing".into() };
    assert_eq!(removal(&removing(PARK)), Some(parked));
    assert!(
        !config(SHORT).instances[0].end_connect_sessions,
        "nor does a sign-out reach into Amazon Connect"
    );
}

#[test]
fn half_a_choice_is_told() {
    let about = |table: &str, key: &str, words: &str| {
        assert_about(&problems(&removing(table)), &format!("instance.prod.removal.{key}"), words);
    };
    about("", "policy", "is missing");
    about("policy = \"archive\"\n", "policy", "must be one of \"delete\", \"park\"");
    about(
        "policy = \"park\"\nsecurity_profile = \"Left\"\n",
        "policy",
        "needs security_profile and routing_profile",
    );
    about(
        "policy = \"park\"\nrouting_profile = \"Nothing\"\n",
        "policy",
        "needs security_profile and routing_profile",
    );
    about(&PARK.replace("park", "delete"), "policy", "nobody gets a profile");
    about(&PARK.replace("Left", "ADMIN"), "security_profile", "is protected");
}

#[test]
fn a_parking_profile_that_rules_grant_is_told() {
    let granted = removing(&PARK.replace("Left", "Agent"));
    assert_about(&problems(&granted), "instance.prod.removal.security_profile", "is granted by rules");
}

#[test]
fn instances_in_two_accounts_that_one_identity_would_have_to_manage_are_warned_about() {
    let start = SHORT.find("[instance.prod]").unwrap();
    let end = start + SHORT[start..].find("[[mapping.rule]]").unwrap();
    let second = SHORT[start..end].replace("[instance.prod]", "[instance.overseas]");
    let elsewhere = second.replace("123456789012", "210987654321");
    let warned = |more: &str| {
        let loaded = parse(&format!("{SHORT}\n{more}"), Path::new(""), keys()).expect("usable");
        loaded.warnings.iter().any(|warning| warning.message.contains("provisioning_role_arn"))
    };
    assert!(!warned(&second), "one account");
    assert!(warned(&elsewhere));
    let role = "provisioning_role_arn = \"arn:aws:iam::210987654321:role/users\"\n";
    assert!(!warned(&format!("{elsewhere}{role}")));
}

#[test]
fn sections_of_one_instance_agree_on_what_becomes_of_people() {
    let text = removing(PARK);
    let start = text.find("[instance.prod]").unwrap();
    let end = start + text[start..].find("[instance.prod.removal]").unwrap();
    let second = text[start..end].replace("[instance.prod]", "[instance.strict]");
    let also = |policy: &str| format!("{text}\n{second}{policy}");
    let told = problems(&also(""));
    assert_about(&told, "instance.strict.removal", "must be as in instance.prod");
    let other = problems(&also("\n[instance.strict.removal]\npolicy = \"delete\"\n"));
    assert_about(&other, "instance.strict.removal", "must be as in instance.prod");
    assert_eq!(config(&also(&format!("\n[instance.strict.removal]\n{PARK}"))).instances.len(), 2);
    let elsewhere = second.replace("instance/i-1", "instance/i-2");
    assert_eq!(config(&format!("{text}\n{elsewhere}")).instances.len(), 2, "another instance's own affair");
}
