//! `connect-gateway users remove` and `sessions`, as an operator runs them beside a gateway that serves.

use std::process::Output;

use connect_gateway::emulator::Emulator;
use serde_json::Value;

use crate::admin::{NAMED, browser, open, sign_in_at};
use crate::hierarchy::{Terminal, command, err, out};
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{SEED, World, emulator_of, is_inside, removal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_connect-gateway");
const PARK: &str = "policy = \"park\"\nsecurity_profile = \"Left\"\nrouting_profile = \"Nothing\"";
const DELETE: &str = "policy = \"delete\"";
const QUICK_CONNECT: &str = "\n[[instance.quick_connect]]\nname = \"Ask for Al\"\nuser = \"alice\"\n";
const NEWCOMER: &str = r#"
[[instance.user]]
username = "newcomer"
first_name = "Nilüfer"
last_name = "O'Neill"
security_profiles = ["Agent"]
routing_profile = "Sales"
"#;

/// An instance with profiles for people who left, and a quick connect to one who has not yet.
async fn emulator() -> Emulator {
    let seed = SEED
        .replacen("\"QualityAnalyst\"]", "\"QualityAnalyst\", \"Left\"]", 1)
        .replacen("\"Sales\"]\n\n[[instance.user]]", "\"Sales\", \"Nothing\"]\n\n[[instance.user]]", 1)
        .replacen("\n[[person]]", &format!("{NEWCOMER}{QUICK_CONNECT}\n[[person]]"), 1);
    let emulator = emulator_of(&seed).await;
    emulator.set_throttle(false);
    emulator
}

async fn world(more: &str) -> World {
    let change = |settings: &str| format!("{settings}{NAMED}socket = \"control.sock\"\n{more}");
    World::around(emulator().await, change, &[]).await
}

fn run(world: &World, arguments: &[&str]) -> Output {
    command(world, PROGRAM, &[arguments, &["-c", "gateway.toml"]].concat()).output().unwrap()
}

fn remove(world: &World, more: &[&str]) -> Output {
    run(world, &[&["users", "remove", "--instance", "acme"], more].concat())
}

fn sessions(world: &World) -> Value {
    let listed = run(world, &["sessions", "list", "--json"]);
    assert!(listed.status.success(), "{}", err(&listed));
    serde_json::from_slice(&listed.stdout).unwrap()
}

async fn enter(world: &World, uid: &str) -> (PlainBrowser, Page) {
    let browser = browser();
    let page = sign_in_at(world, &browser, "/go/acme", uid).await;
    assert!(is_inside(&page, uid), "{}", page.body);
    (browser, page)
}

/// Whether the next request goes to the identity provider.
async fn must_sign_in(world: &World, browser: &PlainBrowser) -> bool {
    let page = open(world, browser, "/go/acme").await;
    page.forms().iter().any(|form| form.action.path() == "/saml/choose")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_listed_and_a_users_end_everywhere_and_nobody_elses() {
    let world = world("").await;
    let (laptop, inside) = enter(&world, "alice").await;
    let (phone, _) = enter(&world, "alice").await;
    let (other, elsewhere) = enter(&world, "newcomer").await;
    let told = sessions(&world);
    let of = |name: &str| {
        let all = told["sessions"].as_array().unwrap();
        let is_theirs = |one: &&Value| one["entered"][0]["username"] == name;
        all.iter()
            .filter(is_theirs)
            .map(|one| one["entered"][0]["token_kept"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!((of("alice"), of("newcomer")), (vec![true, true], vec![true]), "{told:#}");
    let keys: Vec<_> = told["sessions"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["entered", "idp", "since", "until"], "no id and no token");
    let text = out(&run(&world, &["sessions", "list"]));
    assert!(text.contains("newcomer") && text.contains("3 sessions at this gateway."), "{text}");

    let before = world.calls("DeleteAllEntitySessions");
    let ended = run(&world, &["sessions", "end", "alice", "--instance", "acme"]);
    assert_eq!(ended.status.code(), Some(0), "{}{}", out(&ended), err(&ended));
    assert!(out(&ended).contains("2 sessions ended at this gateway."), "{}", out(&ended));
    assert!(out(&ended).contains("acme: every session in Amazon Connect ended."), "{}", out(&ended));
    assert_eq!(world.calls("DeleteAllEntitySessions"), before + 1);
    let page = laptop.open(inside.url.as_str()).await;
    assert!(page.body.contains("Session expired"), "who is inside is out: {}", page.body);
    assert!(must_sign_in(&world, &laptop).await && must_sign_in(&world, &phone).await);
    assert!(is_inside(&other.open(elsewhere.url.as_str()).await, "newcomer"), "somebody else stays inside");
    assert!(is_inside(&other.settle(open(&world, &other, "/go/acme").await).await, "newcomer"));
    let told = sessions(&world);
    assert_eq!(told["sessions"].as_array().unwrap().len(), 1, "{told:#}");
    let back = sign_in_at(&world, &laptop, "/go/acme", "alice").await;
    assert!(is_inside(&back, "alice"), "{}", back.body);

    let log = world.gateway.log();
    assert!(log.contains("\"question\":\"end_sessions\",\"uid\":"), "{log}");
    let audit: Vec<_> = log.lines().filter(|line| line.contains("\"event\":\"control\"")).collect();
    assert!(audit.iter().all(|line| !line.contains("alice")), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_by_another_section_of_the_same_instance_ends_too() {
    let world = world("").await;
    let browser = browser();
    let inside = sign_in_at(&world, &browser, "/go/by-console", "alice").await;
    assert!(is_inside(&inside, "alice"), "{}", inside.body);
    let ended = run(&world, &["sessions", "end", "alice", "--instance", "acme"]);
    assert!(out(&ended).contains("1 session ended at this gateway."), "{}{}", out(&ended), err(&ended));
    assert!(must_sign_in(&world, &browser).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_in_another_spelling_or_of_nobody_does_not_end() {
    let world = world("").await;
    let (alice, _) = enter(&world, "alice").await;
    for (who, status, words) in [
        ("ALICE", 1, "acme: sessions in Amazon Connect may live on: "),
        ("nobody", 3, "nobody has that user name"),
    ] {
        let ended = run(&world, &["sessions", "end", who, "--instance", "acme"]);
        assert_eq!(ended.status.code(), Some(status), "{}{}", out(&ended), err(&ended));
        assert!(out(&ended).contains("No session at this gateway."), "{}", out(&ended));
        assert!(err(&ended).contains(words), "{}", err(&ended));
    }
    assert!(!must_sign_in(&world, &alice).await);
    for (arguments, words) in [
        (["sessions", "end", "alice", "--instance", "nowhere"], "--instance nowhere: there are"),
        (["sessions", "end", "a b", "--instance", "acme"], "has only letters"),
        (["sessions", "end", "Admin", "--instance", "acme"], "the user name is protected"),
    ] {
        let refused = run(&world, &arguments);
        assert_eq!(refused.status.code(), Some(1), "{}", out(&refused));
        assert!(err(&refused).contains(words), "{words}: {}", err(&refused));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_waits_for_aws_is_out_of_the_line_too() {
    let slow = "\n[budget.connect]\nper_second = 0.01\nburst = 2\n";
    let world = world(slow).await;
    world.emulator.adjust(|behaviour| behaviour.page_cap = 1);
    let (browser, bystander) = (browser(), browser());
    let waits = |page: &Page| page.refresh().is_some() && page.url.path() == "/go/acme";
    let waiting = world.answer_for(&browser, "acme", "newcomer").await;
    let waiting = browser.submit(&waiting, &waiting.forms()[0]).await;
    assert!(waits(&waiting), "{}", waiting.body);
    let other = world.answer_for(&bystander, "acme", "alice").await;
    let other = bystander.submit(&other, &other.forms()[0]).await;
    assert!(waits(&other), "{}", other.body);
    assert!(out(&run(&world, &["sessions", "list"])).contains("(in no instance yet)"));

    let ended = run(&world, &["sessions", "end", "newcomer", "--instance", "acme"]);
    assert!(out(&ended).contains("1 session ended at this gateway."), "{}{}", out(&ended), err(&ended));
    let page = open(&world, &browser, "/go/acme").await;
    assert!(page.body.contains("sign_in.not_kept"), "it had arrived a moment ago: {}", page.body);
    assert!(must_sign_in(&world, &browser).await, "no place in the line lets anybody in");
    assert!(waits(&open(&world, &bystander, "/go/acme").await), "somebody else waits on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_at_a_desk_is_found_and_not_taken_for_who_sat_there_before() {
    let world = world("\n[budget]\noperations.DescribeUser = { per_second = 0.01, burst = 1 }\n").await;
    let desk = browser();
    let page = sign_in_at(&world, &desk, "/go/strict", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let answer = world.answer_for(&desk, "strict", "newcomer").await;
    let waiting = desk.submit(&answer, &answer.forms()[0]).await;
    assert!(waiting.refresh().is_some() && waiting.url.path() == "/go/strict", "{}", waiting.body);
    let told = sessions(&world);
    assert_eq!(told["sessions"].as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told["sessions"][0]["entered"], serde_json::json!([]), "she has gone");
    for (who, words) in [("alice", "No session at this gateway."), ("newcomer", "1 session ended")] {
        let ended = run(&world, &["sessions", "end", who, "--instance", "strict"]);
        assert!(out(&ended).contains(words), "{who}: {}{}", out(&ended), err(&ended));
    }
    assert_eq!(sessions(&world)["sessions"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_leaves_is_parked_thrown_out_and_refused_from_then_on() {
    let world = world(&removal(PARK)).await;
    let (alice, inside) = enter(&world, "alice").await;
    let (other, elsewhere) = enter(&world, "newcomer").await;
    let before = world.writes().len();
    let dry = remove(&world, &["alice", "nobody", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(2), "{}{}", out(&dry), err(&dry));
    for words in [
        "~ park alice (id ",
        "calls: UpdateUserSecurityProfiles, DeleteAllEntitySessions, UpdateUserRoutingProfile",
        "the quick connect \"Ask for Al\" leads to this user and stays",
        "nobody: there is no user of exactly this name",
    ] {
        assert!(out(&dry).contains(words), "{words}\n{}", out(&dry));
    }
    let refused = remove(&world, &["alice"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("there is no terminal to ask at; --yes says yes"), "{}", err(&refused));
    let conflict = remove(&world, &["alice", "Admin", "--yes"]);
    assert_eq!(conflict.status.code(), Some(1));
    assert!(out(&conflict).contains("! Admin: the user name is protected"), "{}", out(&conflict));
    let spelled = remove(&world, &["ALICE", "--yes"]);
    assert_eq!(spelled.status.code(), Some(1), "{}", out(&spelled));
    let words = "! ALICE: there is no user of exactly this name: write alice, if that is the user";
    assert!(out(&spelled).contains(words), "{}", out(&spelled));
    assert_eq!(world.writes().len(), before);

    let parked = remove(&world, &["alice", "--yes"]);
    assert_eq!(parked.status.code(), Some(0), "{}{}", out(&parked), err(&parked));
    assert!(out(&parked).contains("[1/1] parked alice"), "{}", out(&parked));
    let told = "alice: the gateway on this machine was told: 1 session ended.";
    assert!(out(&parked).contains(told), "{}", out(&parked));
    assert_eq!(world.calls("DeleteAllEntitySessions"), 2, "again, after the gateway was told");
    assert!(alice.open(inside.url.as_str()).await.body.contains("Session expired"));
    assert!(is_inside(&other.open(elsewhere.url.as_str()).await, "newcomer"), "somebody else stays");
    assert!(must_sign_in(&world, &alice).await);
    let page = sign_in_at(&world, &alice, "/go/acme", "alice").await;
    assert!(page.body.contains("connect.parked"), "{}", page.body);
    assert_eq!(remove(&world, &["alice", "--dry-run"]).status.code(), Some(0), "nothing to do");
    assert!(world.gateway.log().contains("\"code\":\"connect.parked\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_is_confirmed_by_the_instances_name_and_told_to_the_gateway() {
    let world = world(&removal(DELETE)).await;
    enter(&world, "alice").await;
    let arguments = ["users", "remove", "alice", "--instance", "acme", "-c", "gateway.toml"];
    for (answer, status) in [("yes", 1), ("acme", 0)] {
        let mut asked = Terminal::running(&world, &arguments);
        asked.until(&world, "Write the instance's name, acme, to go on: ", 1).await;
        asked.answer(answer);
        assert_eq!(asked.end(), Some(status), "{answer}");
        assert_eq!(world.emulator.usernames("acme").contains(&"alice".to_owned()), status == 1, "{answer}");
    }
    assert_eq!(world.writes().split_off(world.writes().len() - 2), ["DeleteAllEntitySessions", "DeleteUser"]);
    assert_eq!(sessions(&world)["sessions"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_choice_nothing_is_removed_and_without_a_gateway_that_is_said() {
    let world = world("").await;
    let refused = remove(&world, &["alice", "--yes"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("instance.acme.removal: is not set: choose"), "{}", err(&refused));
    let file = world.gateway.folder.join("gateway.toml");
    let text =
        std::fs::read_to_string(&file).unwrap().replace("control.sock", "gone.sock") + &removal(DELETE);
    std::fs::write(&file, text).unwrap();
    let removed = remove(&world, &["alice", "--yes"]);
    assert_eq!(removed.status.code(), Some(0), "{}{}", out(&removed), err(&removed));
    assert!(err(&removed).contains("warning: no gateway was told"), "{}", err(&removed));
    assert_eq!(run(&world, &["sessions", "list"]).status.code(), Some(1));
}
