//! What a sign-in would change in Amazon Connect, shown and not done.

use std::process::Command;

use serde_json::Value;

use crate::admin::{between, browser, open, sign_in_at, world};
use crate::gateway::CREDENTIALS;
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

/// The page once it no longer says that others are first.
async fn patiently(world: &World, browser: &PlainBrowser, path: &str) -> Page {
    for _ in 0..10 {
        let page = open(world, browser, path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        if !page.body.contains("class=\"note waits\"") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    panic!("{path} waits for ever");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_compared_with_amazon_connect_on_demand_and_nothing_is_written() {
    let world = world().await;
    assert!(is_inside(&sign_in_at(&world, &browser(), "/go/acme", "alice").await, "alice"));
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    world.emulator.put_users_profiles("acme", "alice", &["QualityAnalyst"]).unwrap();
    let list = open(&world, &boss, "/admin/sign-ins?outcome=let_in").await;
    let ids =
        list.body.split("<a href=\"/admin/sign-ins/").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut of_alice = None;
    for id in ids {
        let path = format!("/admin/sign-ins/{id}");
        world.emulator.clear_history();
        let page = open(&world, &boss, &path).await;
        assert_eq!(world.emulator.history().len(), 0, "AWS is asked on demand only");
        if page.body.contains("alice@example.com") {
            of_alice = Some((path, page));
        }
    }
    let (path, page) = of_alice.unwrap();
    assert!(page.body.contains("href=\"?connect=1#comparison\""), "{}", page.body);
    let page = patiently(&world, &boss, &format!("{path}?connect=1")).await;
    let compared = between(&page.body, "<section id=\"comparison\"", "</section>");
    assert!(
        compared
            .contains("<code>QualityAnalyst</code></td><td data-label=\"After the sign-in\"><strong>change</strong> <code>Agent</code></td>"),
        "{compared}"
    );
    let calls = between(compared, "<p id=\"would-call\">", "</p>");
    assert_eq!(calls, "The sign-in would call <code>UpdateUserSecurityProfiles</code>.");
    assert_eq!(world.writes(), [""; 0], "shown and not done");
    assert!(world.calls("DescribeUser") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pasted_attributes_are_compared_by_the_draft() {
    let world = world().await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    world.emulator.clear_history();
    let page = open(&world, &boss, "/admin/playground").await;
    let form = page.forms().into_iter().find(|form| form.action.path() == "/admin/playground").unwrap();
    let person = |uid: &str| {
        format!(r#"{{"uid": "{uid}", "givenName": "Nia", "sn": "Fox", "groups": ["cc-agents"]}}"#)
    };
    let ask = async |uid: &str, connect: &str| {
        let form = form.clone().with("attributes", &person(uid)).with("do", connect);
        let form = form.with("draft", include_str!("../support/rules.toml"));
        let form = form.with("idp", "corporate").with("instance", "acme").with("on", "pasted");
        boss.submit(&page, &form).await
    };
    let plain = ask("nia", "").await;
    assert!(!plain.body.contains("id=\"comparison\""), "{}", plain.body);
    assert_eq!(world.emulator.history().len(), 0, "AWS is asked on demand only");
    for (uid, words) in [
        ("nia", "The sign-in would call <code>CreateUser</code>."),
        ("ALICE", "The user is there, as <code>alice</code>"),
        ("admin", "<code>connect.protected_user</code>"),
    ] {
        let mut shown = ask(uid, "connect").await;
        while shown.body.contains("class=\"note waits\"") {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            shown = ask(uid, "connect").await;
        }
        let compared = between(&shown.body, "<section id=\"comparison\"", "</section>");
        assert!(compared.contains(words), "{uid}: {compared}");
    }
    assert_eq!(world.writes(), [""; 0]);
    let log = world.gateway.log();
    for value in ["\"nia\"", "ALICE", "Fox"] {
        assert!(!log.contains(value), "{value} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_online_says_what_would_be_called_and_the_sign_in_then_calls_it() {
    let world = World::start("").await;
    let folder = &world.gateway.folder;
    let explain = |attributes: &str, more: &[&str]| {
        std::fs::write(folder.join("person.json"), attributes).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
            .args(["mapping", "explain", "-c", "gateway.toml", "--attributes", "person.json"])
            .args(["--instance", "acme", "--online"])
            .args(more)
            .current_dir(folder)
            .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
            .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let newcomer = r#"{"uid": "newcomer", "givenName": "Nilüfer", "sn": "日本 O'Neill", "groups": ["cc-agents", "cc-supervisors"]}"#;
    let (status, told) = explain(newcomer, &["--json"]);
    assert_eq!(status, Some(0), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["connect"]["user"], Value::Null);
    assert_eq!(told["connect"]["fields"]["hierarchy"]["after"], "Sales / Inbound");
    assert_eq!(told["connect"]["fields"]["hierarchy"]["fate"], "change");
    assert_eq!(world.writes(), [""; 0], "explaining changes nothing");

    let alice = |surname: &str| {
        format!(r#"{{"uid": "alice", "givenName": "Alice", "sn": "{surname}", "groups": ["cc-agents"]}}"#)
    };
    let (status, text) = explain(&alice("Lind"), &[]);
    assert_eq!(status, Some(0), "{text}");
    let (head, rows) = text.split_once("now in Connect").unwrap();
    assert!(head.ends_with("field              ") && rows.contains("after login"), "{text}");
    for line in [
        "last_name          \"Lindström\"",
        "\"Lind\"  ← change",
        "security_profiles  \"Agent\"",
        "(same)",
        "would call: UpdateUserIdentityInfo",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let (status, text) = explain(r#"{"uid": "admin", "groups": ["cc-agents"]}"#, &[]);
    assert!(status == Some(3) && text.contains("refused there: connect.protected_user"), "{text}");
    let (status, text) = explain(r#"{"uid": "fresh", "groups": ["cc-agents"]}"#, &[]);
    assert!(status == Some(3) && text.contains("connect.incomplete"), "{text}");
    let (status, text) = explain(r#"{"uid": "x1", "groups": ["other"]}"#, &[]);
    assert!(status == Some(3) && text.contains("mapping.no_match"), "{text}");

    world.emulator.clear_history();
    let entered = sign_in_at(&world, &browser(), "/go/acme", "newcomer").await;
    assert!(is_inside(&entered, "newcomer"), "{}", entered.body);
    let told: Vec<&str> =
        told["connect"]["would_call"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(world.writes(), told);
}
