//! `connect-gateway iam print`: what it prints is enough, nothing of it is too much, and the documentation shows it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use connect_gateway::emulator::Emulator;
use serde_json::Value;

use crate::gateway::CREDENTIALS;
use crate::plain_browser::PlainBrowser;
use crate::world::{SEED, World, emulator_of, is_inside, settings};

const GATEWAY: &str = "arn:aws:iam::111122223333:user/gateway";
/// What the rules of the tests don't say, so that everything can be asked for.
const MORE_RULES: &str = r#"
[[mapping.rule]]
name = "everybody"
[mapping.rule.set]
proficiencies = { Product = { "Billing" = 3 } }
tags = { team = "blue" }
"#;
/// Somebody of yesterday, whom the rules want otherwise in every field.
const YESTERDAY: &str = r#"
[[instance.user]]
username = "yesterday"
first_name = "Old"
last_name = "Name"
security_profiles = ["QualityAnalyst"]
routing_profile = "Sales"
desk_phone_number = "+442071838750"
"#;
const PERSON: &str = r#"
[[person]]
uid = "yesterday"
name = "Yesterday's"
title = "Moved today"
name_id = "yesterday@example.com"
[person.attributes]
uid = ["yesterday"]
givenName = ["Yes"]
sn = ["Terday"]
mail = ["yesterday@example.com"]
groups = ["cc-agents", "cc-supervisors"]
"#;

fn print(config: &Path, more: &[&str]) -> String {
    let answer = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["iam", "print", "--config"])
        .arg(config)
        .args(more)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap()
}

fn documents(config: &Path, more: &[&str]) -> Vec<Value> {
    serde_json::from_str(&print(config, &[&["--json"], more].concat())).unwrap()
}

fn policy<'d>(documents: &'d [Value], subject: &str, kind: &str) -> &'d Value {
    let found = documents.iter().find(|found| found["for"] == subject && found["kind"] == kind);
    &found.unwrap_or_else(|| panic!("no {kind} for {subject}: {documents:?}"))["policy"]
}

/// The tests' seed with one more user, and what the rules name.
fn seed() -> String {
    let attributes = "predefined_attributes = { Product = [\"Billing\"] }\nlevels = ";
    let seed = SEED.replacen("levels = ", attributes, 1);
    seed.replacen("[[instance.user]]", &format!("{YESTERDAY}\n[[instance.user]]"), 1) + PERSON
}

/// The same with the gateway and its role restricted to what these documents say.
fn restricted(documents: &[Value], without: Option<&str>) -> String {
    let text = |policy: &Value| {
        let mut policy = policy.clone();
        for statement in policy["Statement"].as_array_mut().unwrap() {
            statement["Action"].as_array_mut().unwrap().retain(|action| action.as_str() != without);
        }
        format!("'''{policy}'''")
    };
    let own = text(policy(documents, "gateway", "permissions"));
    let role = text(policy(documents, "federation", "permissions"));
    let trust = text(policy(documents, "federation", "trust"));
    seed()
        .replacen("actions = [\"sts:AssumeRole\", \"sts:SetSourceIdentity\", \"connect:*\"]", &format!("policy = {own}"), 1)
        .replacen("trusts = [\"arn:aws:iam::111122223333:user/gateway\"]\n", &format!("trust_policy = {trust}\n"), 1)
        .replacen(
            "policy = '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"connect:GetFederationToken\",\"Resource\":\"*\"}]}'",
            &format!("policy = {role}"),
            1,
        )
}

/// One instance, with rules for everything.
fn only_acme(text: &str) -> String {
    let start = text.find("[instance.strict]").unwrap();
    let rules = text.find("# The part of the gateway's configuration").unwrap();
    format!("{}{}{MORE_RULES}", &text[..start], &text[rules..])
}

/// A configuration for this emulator, in a folder of its own.
async fn world_of(emulator: Emulator) -> World {
    World::around(emulator, only_acme, &[]).await
}

/// What is printed for the configuration, with the ids of security profiles as AWS has them.
async fn printed() -> Vec<Value> {
    let world = world_of(emulator_of(&seed()).await).await;
    let config = world.gateway.folder.join("gateway.toml");
    documents(&config, &["--principal", GATEWAY, "--online"])
}

/// Signs this person in; says where they end.
async fn sign_in(world: &World, uid: &str) -> (u16, String, bool) {
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", uid).await;
    let page = browser.settle(page).await;
    (page.status, page.body.clone(), is_inside(&page, uid))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_enough_to_create_and_to_correct() {
    let documents = printed().await;
    assert!(!documents.iter().any(|found| found.to_string().contains("<id of")), "{documents:?}");
    let world = world_of(emulator_of(&restricted(&documents, None)).await).await;
    for uid in ["newcomer", "yesterday"] {
        let (status, body, inside) = sign_in(&world, uid).await;
        assert!(inside, "{uid}: {status}\n{body}\n{}", world.gateway.log());
    }
    for call in
        ["CreateUser", "AssociateUserProficiencies", "UpdateUserSecurityProfiles", "UpdateUserHierarchy"]
    {
        assert!(world.calls(call) > 0, "{call} was not needed");
    }
}

/// What a sign-in of these two people does not meet: the first is for `/readyz` and the console; nobody of yesterday has
/// settings by channel or proficiencies.
const NOT_MET: [&str; 4] = [
    "connect:DescribeInstance",
    "connect:UpdateUserConfig",
    "connect:UpdateUserProficiencies",
    "connect:DisassociateUserProficiencies",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_one_action_somebody_is_refused_and_the_audit_log_names_it() {
    let documents = printed().await;
    let mut actions = self::actions(policy(&documents, "gateway", "permissions"));
    actions.extend(self::actions(policy(&documents, "federation", "permissions")));
    actions.retain(|action| !NOT_MET.contains(&action.as_str()));
    assert!(actions.len() > 15, "{actions:?}");
    for action in &actions {
        let code = match action.as_str() {
            "sts:AssumeRole" | "sts:SetSourceIdentity" => "federation.role",
            "connect:GetFederationToken" => "federation.permission",
            _ => "connect.access_denied",
        };
        let world = world_of(emulator_of(&restricted(&documents, Some(action))).await).await;
        let mut refused = false;
        for uid in ["newcomer", "yesterday"] {
            let (_, body, inside) = sign_in(&world, uid).await;
            assert!(inside || body.contains(code), "{action}:\n{body}");
            refused |= !inside;
        }
        let log = world.gateway.log();
        let audited = log.lines().find(|line| line.contains("\"audit\"") && line.contains(code));
        let operation = action.split(':').nth(1).unwrap();
        assert!(refused && audited.is_some_and(|line| line.contains(operation)), "{action}: {audited:?}");
    }
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_rules_do_not_name_can_not_be_granted_and_a_protected_name_not_be_assumed() {
    let documents = printed().await;
    let own = policy(&documents, "gateway", "permissions");
    let create =
        own["Statement"].as_array().unwrap().iter().find(|found| found["Sid"] == "CreateUsers").unwrap();
    let profiles: Vec<&Value> = create["Resource"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|resource| resource.as_str().unwrap().contains("security-profile/"))
        .collect();
    assert_eq!(profiles.len(), 2, "Agent and CallCenterManager: {profiles:?}");
    let never = &policy(&documents, "federation", "trust")["Statement"][2];
    assert_eq!(never["Effect"], "Deny");
    assert_eq!(never["Condition"]["StringEqualsIgnoreCase"]["sts:RoleSessionName"][0], "admin");
    // The rules grant more than the policy allows: AWS says no, not the gateway.
    let world = World::around(
        emulator_of(&restricted(&documents, None)).await,
        |text| only_acme(text).replace("[\"CallCenterManager\"]", "[\"QualityAnalyst\"]"),
        &[],
    )
    .await;
    let (_, body, inside) = sign_in(&world, "newcomer").await;
    assert!(!inside && body.contains("connect.access_denied"), "{body}");
}

#[test]
fn the_documentation_shows_what_is_printed_for_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = documents(
        &root.join("config/gateway.toml"),
        &["--principal", "arn:aws:iam::123456789012:role/connect-gateway"],
    );
    let page = std::fs::read_to_string(root.join("docs/aws.md")).unwrap();
    let blocks: Vec<Value> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    for document in &found {
        assert!(blocks.contains(&document["policy"]), "docs/aws.md lacks {document:#}");
    }
    for block in &blocks {
        let is_printed = found.iter().any(|document| document["policy"] == *block);
        assert!(is_printed, "iam print does not print {block:#}");
    }
}

#[test]
fn what_is_printed_follows_the_configuration() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    let ids = |key: &str, value: &str| -> Vec<String> {
        let answer = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
            .args(["iam", "print", "--json", "--for", "gateway", "--config"])
            .arg(&config)
            .env(format!("CONNECT_GATEWAY__INSTANCE__PROD__{key}"), value)
            .output()
            .unwrap();
        let found: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
        let statements = found[0]["policy"]["Statement"].as_array().unwrap().iter();
        statements.map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
    };
    let usual = ["BecomeTheFederatedUser", "Look", "CreateUsers", "CorrectUsers"];
    assert_eq!(ids("PROVISIONING", "sync"), usual);
    assert_eq!(ids("PROVISIONING", "create"), usual[..3]);
    assert_eq!(ids("PROVISIONING", "off"), usual[..2]);
    assert_eq!(ids("CREATE_HIERARCHY_GROUPS", "true")[4..], ["CreateHierarchyGroups"]);
}

#[test]
fn each_subject_can_be_printed_alone_and_a_wrong_principal_is_refused() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    let of = |subject| documents(&config, &["--for", subject]).len();
    assert_eq!([of("gateway"), of("federation"), of("users"), of("hierarchy"), of("all")], [1, 3, 1, 1, 5]);
    assert!(print(&config, &[]).contains("<id of Agent>"));
    for wrong in ["*", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:root"] {
        let answer = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
            .args(["iam", "print", "--principal", wrong, "--config"])
            .arg(&config)
            .output()
            .unwrap();
        assert_eq!(answer.status.code(), Some(1), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provisioning_role_takes_what_manages_users_off_the_gateways_own_policy() {
    let emulator = emulator_of(&seed()).await;
    let role = "provisioning_role_arn = \"arn:aws:iam::111122223333:role/users\"\nprovisioning_external_id = \"both-know\"\n";
    let text = only_acme(&settings(&emulator)).replacen("role_arn = ", &format!("{role}role_arn = "), 1);
    let change = |_: &str| text.clone();
    let world = World::around(emulator, change, &[]).await;
    let found = documents(&world.gateway.folder.join("gateway.toml"), &["--principal", GATEWAY]);
    let own = policy(&found, "gateway", "permissions").to_string();
    assert!(own.contains("role/users") && !own.contains("connect:"), "{own}");
    let trust = policy(&found, "users", "trust");
    let condition = &trust["Statement"][0]["Condition"]["StringEquals"];
    assert_eq!(condition["sts:ExternalId"][0], "<the external id>", "never the id itself");
    assert!(policy(&found, "users", "permissions").to_string().contains("connect:CreateUser"));
}
