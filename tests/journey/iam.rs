//! `connect-gateway iam print`: what it prints is enough, nothing of it is too much, and the documentation shows it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use connect_gateway::emulator::{Emulator, Failing};
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

/// What becomes of people who leave, in the example: parked or deleted; and its tokens by people's own answers.
const PARK: [(&str, &str); 3] = [
    ("REMOVAL__POLICY", "park"),
    ("REMOVAL__SECURITY_PROFILE", "Left"),
    ("REMOVAL__ROUTING_PROFILE", "Nothing"),
];
const DELETE: [(&str, &str); 1] = [("REMOVAL__POLICY", "delete")];
const ASSERTION: [(&str, &str); 2] = [("CREDENTIALS", "assertion"), ("SAML_PROVIDER_ARN", PROVIDER)];
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corporate";
/// Who runs the gateway in the documentation.
const EXAMPLE_GATEWAY: &str = "arn:aws:iam::123456789012:role/connect-gateway";

fn print(config: &Path, more: &[&str]) -> String {
    print_with(config, more, &[])
}

/// The same with these keys of the example's instance.
fn print_with(config: &Path, more: &[&str], keys: &[(&str, &str)]) -> String {
    let key = |(key, value): &(&str, &str)| {
        (format!("CONNECT_GATEWAY__INSTANCE__PROD__{key}"), (*value).to_owned())
    };
    let answer = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["iam", "print", "--config"])
        .arg(config)
        .args(more)
        .envs(keys.iter().map(key))
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

/// What is printed for the example with these keys.
fn of_example(keys: &[(&str, &str)]) -> Vec<Value> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    serde_json::from_str(&print_with(&config, &["--json", "--principal", EXAMPLE_GATEWAY], keys)).unwrap()
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

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().unwrap()
}

fn sids(policy: &Value) -> Vec<&str> {
    statements(policy).iter().map(|statement| statement["Sid"].as_str().unwrap()).collect()
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
    let ways: [&[(&str, &str)]; 4] = [&[], &PARK, &DELETE, &ASSERTION];
    let found: Vec<Value> = ways.into_iter().flat_map(of_example).collect();
    let page = std::fs::read_to_string(root.join("docs/aws.md")).unwrap();
    let blocks: Vec<Value> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    let shown: Vec<&Value> = blocks.iter().flat_map(statements).collect();
    for document in &found {
        // What `users apply` needs, and the gateway without its role, is put together of what is shown.
        let is_shown = statements(&document["policy"]).iter().all(|statement| {
            shown.contains(&statement)
                || (statement["Sid"] == "NativeSignIn" && document["policy"].to_string().contains(PROVIDER))
        });
        assert!(is_shown, "docs/aws.md lacks {document:#}");
    }
    for block in &blocks {
        let is_printed = found.iter().any(|document| document["policy"] == *block);
        assert!(is_printed, "iam print does not print {block:#}");
    }
}

#[test]
fn what_is_printed_follows_the_configuration() {
    let ids = |key: &str, value: &str| -> Vec<String> {
        let found = of_example(&[(key, value)]);
        sids(policy(&found, "gateway", "permissions")).into_iter().map(str::to_owned).collect()
    };
    let usual = ["BecomeTheFederatedUser", "Look", "CreateUsers", "CompleteUsers", "CorrectUsers"];
    assert_eq!(ids("PROVISIONING", "sync"), usual);
    assert_eq!(ids("PROVISIONING", "create"), usual[..4]);
    assert_eq!(ids("PROVISIONING", "off"), usual[..2]);
    assert_eq!(ids("CREATE_HIERARCHY_GROUPS", "true")[5..], ["CreateHierarchyGroups"]);
    assert_eq!(ids("END_CONNECT_SESSIONS", "true")[5..], ["EndSessions"]);
}

#[test]
fn with_answers_nobody_but_the_person_can_assume_the_role_and_the_gateway_may_not() {
    let found = of_example(&ASSERTION);
    let all = Value::from(found.clone()).to_string();
    assert!(!all.contains("\"sts:AssumeRole\"") && !all.contains("sts:SetSourceIdentity"), "{all}");
    assert_eq!(sids(policy(&found, "gateway", "permissions"))[0], "Look");
    let trust = policy(&found, "federation", "trust");
    assert_eq!(sids(trust), ["ThePerson", "NeverTheseUsers"]);
    let (person, never) = (&statements(trust)[0], &statements(trust)[1]);
    assert_eq!(person["Principal"], serde_json::json!({ "Federated": PROVIDER }));
    assert_eq!(person["Action"], serde_json::json!(["sts:AssumeRoleWithSAML"]));
    let sent_to =
        serde_json::json!({ "StringEquals": { "SAML:aud": ["https://sign-in.example.org/saml/acs"] } });
    assert_eq!(person["Condition"], sent_to);
    assert_eq!((&never["Effect"], &never["Principal"]), (&"Deny".into(), &"*".into()));
    assert_eq!(never["Action"], person["Action"]);
    assert_eq!(never["Condition"]["StringEqualsIgnoreCase"]["sts:RoleSessionName"][0], "admin");
    let native = policy(&found, "federation", "native_sign_in");
    assert_eq!(statements(native)[0]["Principal"], person["Principal"]);
}

/// One that lacks proficiencies, and a person who was refused for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_enough_to_complete_a_user_where_existing_ones_are_left_alone() {
    let change =
        |text: &str| only_acme(text).replacen("role_arn = ", "provisioning = \"create\"\nrole_arn = ", 1);
    let world = World::around(emulator_of(&seed()).await, change, &[]).await;
    let config = world.gateway.folder.join("gateway.toml");
    let documents = documents(&config, &["--principal", GATEWAY, "--online"]);
    let world = World::around(emulator_of(&restricted(&documents, None)).await, change, &[]).await;
    let failing = Failing {
        operation: "AssociateUserProficiencies".into(),
        error: "InvalidRequestException".into(),
        times: 2,
        loses_answers: false,
    };
    world.emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
    let (_, body, inside) = sign_in(&world, "newcomer").await;
    assert!(!inside && world.calls("CreateUser") == 1, "{body}");
    world.emulator.adjust(|behaviour| behaviour.failing.clear());
    let (_, body, inside) = completed(&world, "newcomer").await;
    assert!(inside, "{body}\n{}", world.gateway.log());
    assert!(world.calls("ListUserProficiencies") > 0, "it was looked what is missing");
}

/// Signs in until what AWS refused a moment ago is not answered from memory any more.
async fn completed(world: &World, uid: &str) -> (u16, String, bool) {
    for _ in 0..100 {
        let tried = sign_in(world, uid).await;
        if tried.2 || !tried.1.contains("connect.refused") {
            return tried;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", world.gateway.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_enough_for_tags_ended_sessions_and_people_who_are_parked() {
    let change = |text: &str| {
        let keys = "provisioning = \"off\"\nend_connect_sessions = true\nsession_tags = { Application = \"gateway\" }\n";
        let park = "[instance.acme.removal]\npolicy = \"park\"\nsecurity_profile = \"QualityAnalyst\"\nrouting_profile = \"Sales\"\n";
        let rules = only_acme(text).replacen("role_arn = ", &format!("{keys}role_arn = "), 1);
        format!("{rules}\n{park}[protected]\nsecurity_profiles = []\n")
    };
    let world = World::around(emulator_of(&seed()).await, change, &[]).await;
    let documents =
        documents(&world.gateway.folder.join("gateway.toml"), &["--principal", GATEWAY, "--online"]);
    let trust = policy(&documents, "federation", "trust");
    assert!(sids(trust).contains(&"TheGatewayTagsTheSession"), "{trust}");
    let seed =
        restricted(&documents, None).replacen("trust_policy = ", "tag_session = true\ntrust_policy = ", 1);
    let world = World::around(emulator_of(&seed).await, change, &[]).await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = browser.settle(world.answer_for(&browser, "acme", "alice").await).await;
    assert!(is_inside(&page, "alice"), "{}\n{}", page.body, world.gateway.log());
    let page = browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    let form = page.forms().into_iter().find(|form| form.post).unwrap();
    browser.submit(&page, &form).await;
    let history = world.emulator.history();
    let refused: Vec<_> =
        history.iter().filter(|call| call.error.is_some()).map(|call| &call.operation).collect();
    assert!(refused.is_empty(), "{refused:?}");
    for call in ["ListSecurityProfiles", "DeleteAllEntitySessions"] {
        assert!(world.calls(call) > 0, "{call} was not needed");
    }
}

#[test]
fn whoever_runs_users_is_told_what_that_takes() {
    let needed = |keys: &[(&str, &str)], command: &str| -> BTreeSet<String> {
        let found = of_example(keys);
        let whose = format!("whoever runs `connect-gateway users {command}`");
        let found = found.iter().find(|document| document["identity"] == *whose);
        found.map(|document| actions(&document["policy"])).unwrap_or_default()
    };
    let read = needed(&[], "list, show, export or plan");
    assert!(read.contains("connect:SearchUsers"), "{read:?}");
    let reads = ["Describe", "List", "Search"].map(|verb| format!("connect:{verb}"));
    assert!(read.iter().all(|action| reads.iter().any(|verb| action.starts_with(verb))), "{read:?}");
    let apply = needed(&[], "apply");
    assert!(apply.is_superset(&read) && apply.contains("connect:CreateUser"), "{apply:?}");
    assert_eq!(needed(&[("PROVISIONING", "off")], "apply"), BTreeSet::new());
    assert_eq!(needed(&[], "remove"), BTreeSet::new(), "nobody chose what becomes of them");
    let (park, delete) = (needed(&PARK, "remove"), needed(&DELETE, "remove"));
    assert!(park.contains("connect:UpdateUserSecurityProfiles") && !park.contains("connect:DeleteUser"));
    assert!(delete.contains("connect:DeleteUser") && !delete.contains("connect:UpdateUserSecurityProfiles"));
}

#[test]
fn each_subject_can_be_printed_alone_and_a_wrong_principal_is_refused() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    let of = |subject| documents(&config, &["--for", subject]).len();
    assert_eq!([of("gateway"), of("federation"), of("users"), of("hierarchy"), of("all")], [1, 3, 3, 1, 7]);
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
