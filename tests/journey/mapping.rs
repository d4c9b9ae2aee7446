//! Rules as an administrator works with them: explained before, in force after, and never half of either.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::gateway::CREDENTIALS;
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

fn program(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(arguments)
        .current_dir(folder)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

pub(crate) fn change_config(world: &World, change: impl Fn(&str) -> String) {
    let path = world.gateway.folder.join("gateway.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(&text)).unwrap();
}

pub(crate) async fn sign_in(world: &World, uid: &str) -> Page {
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", uid).await;
    let form = page.forms().remove(0);
    browser.settle(browser.submit(&page, &form).await).await
}

/// What `/readyz?verbose` says, once `is_it` holds of it.
async fn ready(world: &World, is_it: impl Fn(&Value) -> bool) -> Value {
    let url = format!("{}/readyz?verbose", world.operations_url);
    for _ in 0..100 {
        let state: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        if is_it(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", world.gateway.log());
}

/// Until the log has so many lines about replaced rules.
async fn replaced(world: &World, times: usize) {
    for _ in 0..100 {
        let log = world.gateway.log();
        if log.lines().filter(|line| line.contains("\"replaced\"")).count() >= times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", world.gateway.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_explain_says_of_a_captured_answer_is_what_the_sign_in_does() {
    let world = World::start("").await;
    let folder = &world.gateway.folder;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", "newcomer").await;
    let form = page.forms().remove(0);
    std::fs::write(folder.join("answer"), form.value("SAMLResponse").unwrap()).unwrap();
    let metadata = reqwest::get(world.emulator.idp_metadata_url()).await.unwrap().text().await.unwrap();
    std::fs::write(folder.join("idp.xml"), metadata).unwrap();
    let explain = ["mapping", "explain", "--config", "gateway.toml", "--saml-response", "answer"];
    let offline = ["--idp", "corporate", "--metadata", "idp.xml", "--instance", "acme", "--json"];
    let told = program(&[&explain[..], &offline].concat(), folder);
    assert!(told.status.success(), "{}", said(&told));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let placed = &told["result"]["placed"];
    assert_eq!(placed["security_profiles"]["from"][0], "agents");

    let entered = browser.settle(browser.submit(&page, &form).await).await;
    assert!(is_inside(&entered, placed["username"]["value"].as_str().unwrap()), "{}", entered.body);
    let created = world.emulator.history().into_iter().find(|call| call.operation == "CreateUser");
    assert!(created.is_some(), "she is new, and created as she was explained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_are_explained_with_an_exit_status_for_each_kind_of_result() {
    let world = World::start("").await;
    let folder = &world.gateway.folder;
    let explain = |attributes: &str| {
        std::fs::write(folder.join("person.json"), attributes).unwrap();
        let arguments = ["mapping", "explain", "-c", "gateway.toml", "--attributes", "person.json"];
        program(&[&arguments[..], &["--instance", "acme"]].concat(), folder)
    };
    for (attributes, status, words) in [
        (r#"{"uid": "dora", "groups": ["cc-agents"]}"#, 0, "1 agents       hit"),
        (r#"{"uid": "dora", "groups": ["other"]}"#, 3, "Refused: mapping.no_match"),
        (r#"{"uid": "dora"}"#, 4, "Refused: mapping.no_groups"),
        (r#"{"groups": ["cc-agents"]}"#, 4, "Refused: mapping.missing_attribute"),
        ("no json", 1, "person.json: line 1: is no JSON"),
    ] {
        let output = explain(attributes);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    change_config(&world, |text| text.replace("groups = [\"cc-agents\"]", "groups = []"));
    assert_eq!(explain("{}").status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_rules_are_in_force_for_the_next_sign_in_and_bad_ones_never() {
    let world = World::start("").await;
    let agents = "groups = [\"cc-agents\"]\n";
    change_config(&world, |text| text.replace(agents, "groups = [\"cc-agent\"]\n"));
    replaced(&world, 1).await;
    let refused = sign_in(&world, "alice").await;
    assert!(refused.status == 403 && refused.body.contains("mapping.no_match"), "{}", refused.body);

    let bad = |text: &str| text.replace("groups = [\"cc-agent\"]\n", "when = \"grups == []\"\n");
    change_config(&world, bad);
    let state = ready(&world, |state| state["rules"] == "older_than_file").await;
    assert_eq!(state["ready"], true, "people who have a place under the old rules still have it");
    assert!(world.gateway.log().contains("did you mean `groups`?"), "the reason is in the log");
    assert!(sign_in(&world, "alice").await.body.contains("mapping.no_match"), "the old rules decide");

    let tested = |expected: &str| {
        format!(
            "\n[[mapping.test]]\nname = \"agents\"\ninstance = \"acme\"\nattributes = {{ uid = \"x1\", groups = \"cc-agents\" }}\nexpect = {{ {expected} }}\n"
        )
    };
    let good = |text: &str| text.replace("when = \"grups == []\"\n", agents);
    change_config(&world, |text| good(text) + &tested("denied = \"mapping.denied\""));
    tokio::time::sleep(Duration::from_secs(5)).await;
    ready(&world, |state| state["rules"] == "older_than_file").await;
    assert!(
        sign_in(&world, "alice").await.body.contains("mapping.no_match"),
        "rules that fail their own test"
    );

    change_config(&world, |text| {
        text.replace("denied = \"mapping.denied\"", "security_profiles = [\"Agent\"]")
    });
    let state = ready(&world, |state| state["rules"] == "in_force").await;
    assert_eq!(state["needs_restart"], false);
    let inside = sign_in(&world, "alice").await;
    assert!(is_inside(&inside, "alice"), "{}", inside.body);

    change_config(&world, |text| text.replace("Call 555-0100.", "Call 555-0199."));
    ready(&world, |state| state["needs_restart"] == true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_online_names_what_the_instance_does_not_have_and_what_is_near() {
    let world = World::start("").await;
    let folder = &world.gateway.folder;
    change_config(&world, |text| {
        text.replace("Basic Routing Profile", "Basic Routing Profil").replace("\"Inbound\"", "\"Outbound\"")
    });
    let answer = program(&["check", "--config", "gateway.toml", "--online"], folder);
    let said = said(&answer);
    assert_eq!(answer.status.code(), Some(1), "{said}");
    for line in [
        "instance.acme: has no routing profile \"Basic Routing Profil\": did you mean \"Basic Routing Profile\"?",
        "instance.acme: has no hierarchy group \"Sales / Outbound\"",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains("has no security profile"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_land_where_their_rule_says_unless_the_bookmark_names_another_place() {
    let world = World::configured("", |text| {
        text.replace("phone = { type = \"soft_phone\" } }", "landing = \"workspace\" }")
    })
    .await;
    let landed = sign_in(&world, "alice").await;
    assert!(is_inside(&landed, "alice"), "{}", landed.body);
    assert!(landed.url.path().starts_with("/agent-app-v2"), "{}", landed.url);
}

/// Nobody may be let in by half of a file, nor be kept out by what was written while the gateway started.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_read_when_nobody_writes_it_any_more_and_by_what_is_in_it() {
    let world = World::start("").await;
    let path = world.gateway.folder.join("gateway.toml");
    let deny = "\n[[mapping.rule]]\nname = \"closed\"\ngroups = [\"cc-agents\"]\ndeny = \"Closed.\"\n";
    change_config(&world, |text| format!("{text}{deny}"));
    replaced(&world, 1).await;
    assert_eq!(sign_in(&world, "alice").await.status, 403);

    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole.strip_suffix(deny).unwrap()).unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    std::fs::write(&path, &whole).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let log = world.gateway.log();
    assert_eq!(
        log.lines().filter(|line| line.contains("\"replaced\"")).count(),
        1,
        "half a file was in force"
    );

    let same = world.gateway.folder.join("same");
    std::fs::write(
        &same,
        whole.replace("\"closed\"\ngroups = [\"cc-agents\"]", "\"closed\"\ngroups = [\"cc-agentz\"]"),
    )
    .unwrap();
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::File::options().write(true).open(&same).unwrap().set_modified(time).unwrap();
    std::fs::rename(&same, &path).unwrap();
    replaced(&world, 2).await;
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"), "of the same length and the same time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_put_right_is_enough() {
    let world = World::start("").await;
    let table = world.gateway.folder.join("teams.csv");
    std::fs::write(&table, "group,security_profile\ncc-agents,Agent\n").unwrap();
    let lookup = "\n[[mapping.rule]]\nname = \"teams\"\nlookup = \"teams.csv\"\n";
    change_config(&world, |text| format!("{text}{lookup}"));
    ready(&world, |state| state["rules"] == "older_than_file").await;
    std::fs::write(&table, "group,security_profiles\ncc-agents,CallCenterManager\n").unwrap();
    ready(&world, |state| state["rules"] == "in_force").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rules_stand_on_waits_for_a_restart_and_the_rules_with_it() {
    let world = World::start("").await;
    change_config(&world, |text| text.replace("groups = \"groups\"", "groups = \"memberOf\""));
    let state = ready(&world, |state| state["needs_restart"] == true).await;
    assert_eq!(state["rules"], "older_than_file");
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"), "by the names that the gateway began with");
    assert!(world.gateway.log().contains("until the gateway is restarted"), "the reason is in the log");
}
