//! Everybody's latest sign-in, written by the gateway and read by `connect-gateway users`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use connect_gateway::model::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::hierarchy::{PROGRAM, command, err, out};
use crate::plain_browser::PlainBrowser;
use crate::users::said;
use crate::world::{World, is_inside};

const KEEPS: &str = "[people]\nseen_file = \"seen.jsonl\"\n";

async fn signed_in(world: &World, uid: &str) {
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", uid).await;
    let inside = browser.settle(browser.submit(&page, &page.forms().remove(0)).await).await;
    assert!(is_inside(&inside, uid), "{}", inside.body);
}

/// The file's lines, once there are so many.
async fn lines(world: &World, count: usize) -> Vec<Value> {
    let path = world.gateway.folder.join("seen.jsonl");
    for _ in 0..200 {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.len() >= count && text.ends_with('\n') {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", fs::read_to_string(&path));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_keeps_everybodys_latest_sign_in_and_todays_rules_place_them_again() {
    let world = World::configured("", |text| format!("{KEEPS}{text}")).await;
    world.emulator.set_throttle(false);
    signed_in(&world, "alice").await;
    signed_in(&world, "alice").await;
    signed_in(&world, "newcomer").await;
    let lines = lines(&world, 2).await;
    assert_eq!(lines.len(), 2, "one line a person and day: {lines:#?}");
    assert_eq!((&lines[0]["username"], &lines[0]["idp"]), (&json!("alice"), &json!("corporate")));
    assert_eq!(lines[0]["attributes"]["groups"][0], "cc-agents");
    let mode = fs::metadata(world.gateway.folder.join("seen.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!world.gateway.log().contains("Lindström"), "what is kept is not logged");

    let users = |config: &str, verb: &str, more: &[&str]| {
        let seen = ["--seen", "seen.jsonl"];
        let words = [&["users", verb, "-c", config, "--instance", "acme"], &seen[..], more].concat();
        command(&world, PROGRAM, &words).output().unwrap()
    };
    world.emulator.advance(Duration::from_mins(1));
    let same = users("gateway.toml", "plan", &[]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    // Other rules: agents work elsewhere, and supervisors may not come in any more.
    let config = fs::read_to_string(world.gateway.folder.join("gateway.toml")).unwrap();
    let other = config.replace("routing_profile = \"Basic Routing Profile\"", "routing_profile = \"Sales\"").replace(
        "[[mapping.rule]]\nname = \"supervisors\"",
        "[[mapping.rule]]\nname = \"gone\"\ngroups = [\"cc-supervisors\"]\ndeny = \"They left\"\n[[mapping.rule]]\nname = \"supervisors\"",
    );
    fs::write(world.gateway.folder.join("other.toml"), other).unwrap();
    let plan = users("other.toml", "plan", &[]);
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
    for lines in [
        "  ~ alice (seen ",
        "routing_profile: Basic Routing Profile → Sales\n",
        "  ! newcomer (seen ",
        "mapping.denied by \"gone\": They left; has a user\n",
        "refused by the rules, last seen ",
    ] {
        assert!(out(&plan).contains(lines), "{lines}\n{}", out(&plan));
    }
    let applied = users("other.toml", "apply", &["--yes"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    assert!(out(&applied).contains("[1/1] ~ alice\n"), "{}", out(&applied));
}

fn line(days_ago: i64, instance: &str, username: &str, idp: &str, groups: &[&str]) -> String {
    let now = SystemClock.now().unix_timestamp();
    let attributes = json!({ "uid": [username], "givenName": ["Z"], "sn": ["G"], "groups": groups });
    let at = now - days_ago * 24 * 60 * 60;
    let line =
        json!({ "at": at, "instance": instance, "username": username, "idp": idp, "attributes": attributes });
    format!("{line}\n")
}

fn user(name: &str) -> String {
    format!(
        "[[instance.user]]\nusername = \"{name}\"\nfirst_name = \"Z\"\nlast_name = \"G\"\n\
         security_profiles = [\"Agent\"]\nrouting_profile = \"Basic Routing Profile\"\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_several_replicas_are_one_and_who_was_not_seen_for_long_is_a_leaver() {
    let others = ["zoe", "max", "kim", "ned"].map(user).concat();
    let desk = Desk::start(&others).await;
    let agents = &["cc-agents"];
    let (first, second) = (
        line(200, "acme", "zoe", "corporate", agents) + &line(200, "acme", "MAX", "corporate", agents),
        // Torn by a crash: the rest of this line is missing.
        line(3, "acme", "max", "corporate", agents)
            + &line(1, "strict", "zoe", "corporate", agents)
            + &line(100, "acme", "kim", "former-idp", agents)
            + &line(10, "acme", "removed", "corporate", agents)
            + &line(0, "acme", "ned", "corporate", agents)[..40],
    );
    desk.write("one.jsonl", &first);
    desk.write("two.jsonl", &second);
    let seen = ["--seen", "one.jsonl", "--seen", "two.jsonl"];
    let plan = desk.users("plan", &[&seen[..], &["--not-seen-for", "90d", "--json"]].concat());
    assert_eq!(plan.status.code(), Some(0), "{}", said(&plan));
    assert_eq!(err(&plan), "warning: two.jsonl: 1 lines could not be read\n");
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let leavers: Vec<_> =
        plan["leavers"].as_array().unwrap().iter().map(|l| (&l["username"], &l["why"])).collect();
    assert_eq!(leavers, [(&json!("kim"), &json!("not_seen")), (&json!("zoe"), &json!("not_seen"))]);
    // Max was at another replica three days ago; Zoe is as the rules want her, and a leaver. A line that can't be read is of nobody.
    assert_eq!((&plan["changes"], &plan["unchanged"]), (&json!([]), &json!(2)), "{plan:#}");
    assert_eq!((&plan["never_seen"], &plan["gone"]), (&json!(2), &json!(1)), "{plan:#}");

    let all = desk.users("plan", &seen);
    assert!(!out(&all).contains("Leavers"), "{}", out(&all));
    let removed = desk.users("apply", &[&seen[..], &["--yes"]].concat());
    assert_eq!(removed.status.code(), Some(0), "{}", said(&removed));
    assert_eq!(desk.calls("CreateUser"), 0, "who was seen and has no user may have left");

    // With a roster, the file only says who was seen.
    desk.write("people.csv", "uid,givenName,sn,groups\nzoe,Z,G,cc-agents\nnew,N,N,cc-agents\n");
    let both =
        desk.users("plan", &[&["--roster", "people.csv", "--not-seen-for", "90d"], &seen[..]].concat());
    for lines in
        ["  + new (line 3)\n", "zoe (id ", "not seen for too long, last seen ", "not in the file, last seen "]
    {
        assert!(out(&both).contains(lines), "{lines}\n{}", out(&both));
    }
    assert!(!out(&both).contains("~ zoe"), "{}", out(&both));
    for wrong in [
        &["--not-seen-for", "90d", "--roster", "people.csv"][..],
        &["--seen", "one.jsonl", "--not-seen-for", "x"],
    ] {
        assert_eq!(desk.users("plan", wrong).status.code(), Some(1));
    }
    assert!(
        err(&desk.users("plan", &["--seen", "none.jsonl"])).contains("none.jsonl: there is no such file")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_can_not_be_written_stops_no_sign_in() {
    let world = World::configured("", |text| format!("{KEEPS}{text}")).await;
    world.emulator.set_throttle(false);
    fs::create_dir(world.gateway.folder.join("seen.jsonl")).unwrap();
    signed_in(&world, "alice").await;
    for _ in 0..200 {
        if world.gateway.log().contains("a sign-in was not written to people.seen_file") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no warning");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_as_a_twin_in_another_case_is_a_twins() {
    let desk = Desk::start(&["Kim", "kim"].map(user).concat()).await;
    let agents = &["cc-agents"];
    let lines = line(200, "acme", "kim", "corporate", agents) + &line(1, "acme", "Kim", "corporate", agents);
    desk.write("seen.jsonl", &lines);
    let plan = desk.users("plan", &["--seen", "seen.jsonl", "--not-seen-for", "90d", "--json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", said(&plan));
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let leavers = plan["leavers"].as_array().unwrap();
    assert_eq!(
        leavers.iter().map(|leaver| &leaver["username"]).collect::<Vec<_>>(),
        [&json!("kim")],
        "{plan:#}"
    );
    assert_eq!(plan["people"], 2, "{plan:#}");
}
