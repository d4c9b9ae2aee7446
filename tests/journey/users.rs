//! `connect-gateway users`, as an operator runs it.

use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::Duration;

use connect_gateway::emulator::Lag;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::hierarchy::{err, out};
use crate::world::{emulator_of, removal};

/// Protected by name, protected by a profile, and two people who left.
const OTHERS: &str = r#"
[[instance.user]]
username = "Admin"
first_name = "The"
last_name = "Administrator"
security_profiles = ["Admin"]
routing_profile = "Basic Routing Profile"
[[instance.user]]
username = "root.ish"
first_name = "Root"
last_name = "Ish"
security_profiles = ["Agent", "Admin"]
routing_profile = "Basic Routing Profile"
[[instance.user]]
username = "zoe"
first_name = "Zoe"
last_name = "Gone"
security_profiles = ["Agent"]
routing_profile = "Basic Routing Profile"
[[instance.user]]
username = "visitor"
first_name = "Vi"
last_name = "Sitor"
security_profiles = ["Agent"]
routing_profile = "Basic Routing Profile"
"#;

/// Alice is corrected, Ben and Cho are created, the visitor is refused, the protected ones are left alone.
pub(crate) const ROSTER: &str = "\
uid;givenName;sn;groups
alice;Alice;Lindström;cc-agents|cc-supervisors
ben;Ben;Okafor;cc-agents
Cho;Cho;\"Park; senior\";cc-agents|cc-supervisors
visitor;Vi;Sitor;visitors
root.ish;Root;Ish;cc-agents
";

pub(crate) const FILE: [&str; 4] = ["--roster", "people.csv", "--separator", "|"];

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", out(output), err(output))
}

async fn desk() -> Desk {
    let desk = Desk::start(OTHERS).await;
    desk.write("people.csv", ROSTER);
    desk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_planned_corrected_and_created_and_then_need_nothing() {
    let desk = desk().await;
    let plan = desk.users("plan", &FILE);
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
    for lines in [
        "People of acme, compared with people.csv (5 people)\n",
        "  ~ alice (line 2)\n",
        "      security_profiles: Agent → Agent, CallCenterManager\n",
        "      hierarchy: - → Sales / Inbound\n",
        "  + ben (line 3)\n      first_name: Ben\n      last_name: Okafor\n",
        "  + Cho (line 4)\n      first_name: Cho\n      last_name: Park; senior\n",
        "Refused by the rules:\n  ! visitor (line 5): mapping.no_match: no rule that hit grants a security profile; has a user\n",
        "Leavers, kept: --remove-leavers would remove them\n  visitor (id ",
        "): refused by the rules\n  zoe (id ",
        "): not in the file\n",
        "Protected, never touched:\n  Admin\n  root.ish\n",
        "\n1 to correct, 2 to create; 0 people need nothing; 2 leavers, kept.\n",
    ] {
        assert!(out(&plan).contains(lines), "{lines}\n{}", out(&plan));
    }
    assert_eq!(desk.writes(), [""; 0]);
    // Only who differs, or can't be told not to, is described.
    assert!(desk.calls("DescribeUser") <= 2, "{}", desk.calls("DescribeUser"));

    let refused = desk.users("apply", &FILE);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("there is no terminal to ask at; --yes says yes"), "{}", err(&refused));
    assert_eq!(desk.writes(), [""; 0]);

    let applied = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    for line in ["[1/3] ~ alice\n", "[2/3] + ben\n", "[3/3] + Cho\n", "Done.\n"] {
        assert!(out(&applied).contains(line), "{line}\n{}", out(&applied));
    }
    assert_eq!(desk.usernames(), ["Admin", "Cho", "alice", "ben", "root.ish", "visitor", "zoe"]);

    desk.emulator.advance(Duration::from_mins(1));
    let writes = desk.writes().len();
    let again = desk.users("plan", &FILE);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(
        out(&again).contains("Nothing to do; 3 people need nothing; 2 leavers, kept.\n"),
        "{}",
        out(&again)
    );
    let again = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert_eq!(desk.writes().len(), writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_told_to_programs_too_and_a_list_in_json_says_the_same_as_a_sheet() {
    let desk = desk().await;
    desk.write(
        "people.json",
        r#"[{"uid": "alice", "givenName": "Alice", "sn": "Lindström", "groups": ["cc-agents", "cc-supervisors"]},
            {"attributes": {"uid": "ben", "givenName": "Ben", "sn": "Okafor", "groups": "cc-agents"}, "idp": "corporate"},
            {"uid": "visitor", "groups": ["visitors"]}]"#,
    );
    let plan = desk.users("plan", &["--roster", "people.json", "--json"]);
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(plan["instance"], "acme");
    assert_eq!(plan["people"], 3);
    let [alice, ben] = &plan["changes"].as_array().unwrap()[..] else { panic!("{plan:#}") };
    assert_eq!((&alice["action"], &alice["at"]), (&json!("correct"), &json!("row 1")));
    assert_eq!(
        alice["fields"]["security_profiles"],
        json!({ "now": "Agent", "after": "Agent, CallCenterManager" })
    );
    assert_eq!((&ben["action"], &ben["username"]), (&json!("create"), &json!("ben")));
    assert_eq!(ben["would_call"], json!(["CreateUser"]));
    assert_eq!(plan["refused"][0]["code"], "mapping.no_match");
    assert_eq!(plan["refused"][0]["has_user"], true);
    let leavers: Vec<_> =
        plan["leavers"].as_array().unwrap().iter().map(|l| (&l["username"], &l["why"])).collect();
    assert_eq!(leavers, [(&json!("visitor"), &json!("refused")), (&json!("zoe"), &json!("not_in_file"))]);
    assert_eq!(plan["protected"], json!(["Admin", "root.ish"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_roster_is_told_at_once_and_nothing_is_asked_of_aws() {
    let desk = desk().await;
    desk.write("people.csv", "uid,givenName,groups\nben,Ben,x\n,Nobody,x\nBEN,Other,x\nno spaces,A,x\na@b\n");
    let plan = desk.users("plan", &["--roster", "people.csv"]);
    assert_eq!(plan.status.code(), Some(1), "{}", said(&plan));
    assert_eq!(err(&plan), "people.csv: line 6: has 1 cell, and there are 3 columns\n");
    desk.write("people.csv", "uid,givenName,groups\nben,Ben,x\n,Nobody,x\nBEN,Other,x\nno spaces,A,x\n");
    let plan = desk.users("plan", &["--roster", "people.csv"]);
    assert_eq!(plan.status.code(), Some(1), "{}", said(&plan));
    for line in [
        "people.csv: line 3: username: no value in uid",
        "people.csv: line 4: the user name BEN is that of line 2 already",
        "people.csv: line 5: username: a user name has only letters",
    ] {
        assert!(err(&plan).contains(line), "{line}\n{}", err(&plan));
    }
    desk.write(
        "people.csv",
        "uid,givenName,groups,previous_username\nann,A,x,old\nbea,B,x,OLD\ncat,C,x,Ann\ndot,D,x,dot\n",
    );
    let plan = desk.users("plan", &["--roster", "people.csv"]);
    assert_eq!(
        err(&plan),
        "people.csv: line 3: previous_username is also in line 2: one of the two has another user\n\
         people.csv: line 4: previous_username is also in line 2: one of the two has another user\n"
    );
    desk.write("people.json", r#"[{"uid": "ben", "idp": "corporat"}, 7]"#);
    let plan = desk.users("plan", &["--roster", "people.json"]);
    assert!(
        err(&plan).contains("people.json: row 1: idp \"corporat\": did you mean \"corporate\"?"),
        "{}",
        err(&plan)
    );
    assert!(err(&plan).contains("people.json: row 2: is no object"), "{}", err(&plan));
    std::fs::write(desk.folder.join("people.csv"), b"uid\nJ\xfcrgen\n").unwrap();
    let plan = desk.users("plan", &["--roster", "people.csv"]);
    assert!(err(&plan).contains("people.csv: ") && err(&plan).contains("UTF-8"), "{}", err(&plan));
    assert_eq!(desk.users("plan", &["--roster", "none.csv"]).status.code(), Some(1));
    assert_eq!(desk.users("plan", &[]).status.code(), Some(1), "2 means changes");
    assert_eq!(desk.emulator.history().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_can_not_be_placed_is_no_leaver_and_makes_a_plan_an_error() {
    let desk = desk().await;
    desk.write(
        "people.csv",
        "uid,givenName,sn,groups,previous_username\nzoe,Zoe,Gone,,\nvera,Vi,Sitor,cc-agents,VISITOR\nnew,,New,cc-agents,\n\
         boss,B,B,cc-agents,root.ish\n",
    );
    let plan = desk.users("plan", &["--roster", "people.csv"]);
    assert_eq!(plan.status.code(), Some(1), "{}", said(&plan));
    for line in [
        "Can't be done:\n  ! zoe (line 2): mapping.no_groups: no value in groups\n",
        "  ! vera (line 3): Amazon Connect can't rename visitor: under another name this is another user",
        "  ! boss (line 5): root.ish is protected: nobody takes that user's place\n",
        "  ! new (line 4): connect.incomplete: the user can't be created: the rules set no first name\n",
    ] {
        assert!(out(&plan).contains(line), "{line}\n{}", out(&plan));
    }
    assert!(!out(&plan).contains("  zoe (id") && !out(&plan).contains("  visitor (id"), "{}", out(&plan));
    let applied = desk.users("apply", &["--roster", "people.csv", "--yes"]);
    assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
    assert_eq!(desk.writes(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_listed_shown_and_exported_and_who_is_listed_is_not_described() {
    let desk = desk().await;
    let list = desk.users("list", &[]);
    assert_eq!(list.status.code(), Some(0), "{}", said(&list));
    for words in
        ["Admin (protected)", "root.ish (protected)", "Zoe Gone", "Basic Routing Profile", "\n5 users\n"]
    {
        assert!(out(&list).contains(words), "{words}\n{}", out(&list));
    }
    let list = desk.users("list", &["--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[1]["username"], "alice");
    assert_eq!(list[1]["security_profiles"], json!(["Agent"]));
    assert_eq!(list[1]["is_protected"], false);
    let sheet = out(&desk.users("export", &[]));
    assert!(
        sheet.starts_with(
            "username,first_name,last_name,security_profiles,routing_profile,hierarchy,id\nAdmin,The,"
        ),
        "{sheet}"
    );
    assert!(sheet.contains("\nroot.ish,Root,Ish,Admin|Agent,Basic Routing Profile,,"), "{sheet}");
    let rows: Value = serde_json::from_slice(&desk.users("export", &["--format", "json"]).stdout).unwrap();
    assert_eq!(rows[3]["security_profiles"], json!(["Agent"]), "{rows:#}");
    assert_eq!(desk.calls("DescribeUser"), 0);

    let shown = desk.users("show", &["ALICE"]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    assert!(out(&shown).contains("alice (id ") && out(&shown).contains("\"Lindström\""), "{}", out(&shown));
    let shown = desk.users("show", &[&["alice"], &FILE[..]].concat());
    assert!(out(&shown).contains("At a sign-in\n") && out(&shown).contains("← change"), "{}", out(&shown));
    let shown = desk.users("show", &[&["alice", "--json"], &FILE[..]].concat());
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["user"]["fields"]["security_profiles"], "Agent");
    assert_eq!(shown["sign_in"]["fields"]["hierarchy"]["after"], "Sales / Inbound");
    let shown = desk.users("show", &["Admin"]);
    assert!(out(&shown).contains("never signed in: the user name is protected"), "{}", out(&shown));
    assert_eq!(desk.users("show", &["nobody"]).status.code(), Some(3));
    assert_eq!(desk.writes(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_for_one_person_stops_nobody_else() {
    let desk = desk().await;
    let mut asked = desk.at_terminal("apply", &["--roster", "people.csv", "--separator", "'|'"]);
    desk.until_said("Write yes to go on: ").await;
    // Since the plan was made: a profile that the gateway never touches.
    desk.emulator.put_users_profiles("acme", "alice", &["Admin"]).unwrap();
    asked.stdin.as_mut().unwrap().write_all(b"yes\n").unwrap();
    assert_eq!(asked.wait().unwrap().code(), Some(1));
    let said = desk.until_said("2 of 3 changes were made. Run this again").await;
    assert!(said.contains("[1/3] ! alice: failed") && said.contains("[3/3] + Cho"), "{said}");
    assert!(said.contains("failed: the security profile \"Admin\" is protected"), "{said}");
    assert_eq!(desk.writes(), ["CreateUser", "CreateUser"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_concerns_everybody_stops_it_and_says_who_is_left() {
    let reader = r#"
[[access_key]]
id = "AKIATESTREADER000001"
secret = "a-readers-secret-key"
arn = "arn:aws:iam::111122223333:user/reader"
actions = ["connect:List*", "connect:Describe*", "connect:Search*", "connect:Update*"]
"#;
    let desk = Desk::start(&format!("{OTHERS}{reader}")).await;
    let desk = desk.with_credentials("AKIATESTREADER000001", "a-readers-secret-key");
    desk.write("people.csv", ROSTER);
    let applied = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
    for words in [
        "the AWS identity of this command needs connect:CreateUser",
        "Stopped there: that concerns everybody.",
        "Not done either:\n  Cho (line 4)\n",
        "1 of 3 changes were made. Run this again: it goes on with what is there then.",
    ] {
        assert!(err(&applied).contains(words), "{words}\n{}", err(&applied));
    }
    assert_eq!(desk.calls("CreateUser"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_instance_has_its_users_corrected_before_it_stops() {
    let full = crate::world::SEED.replace("levels = [\"Division\"", "user_quota = 6\nlevels = [\"Division\"");
    let desk = Desk::around(emulator_of(&format!("{full}{OTHERS}")).await, str::to_owned);
    desk.write("people.csv", ROSTER);
    let applied = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
    assert!(out(&applied).contains("[1/3] ~ alice\n[2/3] + ben\n[3/3] ! Cho: failed\n"), "{}", out(&applied));
    assert!(err(&applied).contains("CreateUser failed: LimitExceededException"), "{}", err(&applied));
    assert_eq!(desk.calls("CreateUser"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_that_throttles_only_takes_longer() {
    let desk = desk().await;
    // The budget of this configuration is far above what the emulator allows.
    desk.emulator.set_throttle(true);
    let applied = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    desk.emulator.advance(Duration::from_mins(1));
    assert_eq!(desk.users("plan", &FILE).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_leaves_what_the_next_one_completes() {
    let desk = Desk::start("").await;
    desk.emulator.adjust(|behaviour| behaviour.page_cap = 500);
    let rows: Vec<String> = (0..40).map(|number| format!("new{number},New,Comer,cc-agents\n")).collect();
    desk.write("people.csv", &format!("uid,givenName,sn,groups\n{}", rows.concat()));
    for created in [3, 17] {
        let mut running = desk
            .command(&[
                "users",
                "apply",
                "-c",
                "gateway.toml",
                "--instance",
                "acme",
                "--yes",
                "--roster",
                "people.csv",
            ])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while desk.calls("CreateUser") < created {
            assert_eq!(running.try_wait().unwrap(), None, "it was to be killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let applied = desk.users("apply", &["--yes", "--roster", "people.csv"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    assert_eq!(desk.usernames().len(), 41);
    desk.emulator.adjust(|behaviour| behaviour.lag = Lag::none());
    let again = desk.users("plan", &["--roster", "people.csv"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
}

/// What becomes of people who leave.
fn removing(policy: &str) -> impl Fn(&str) -> String + use<'_> {
    move |text| format!("{text}{}", removal(policy))
}

async fn leaving(policy: &str, more: &str) -> Desk {
    let desk =
        Desk::around(emulator_of(&format!("{}{OTHERS}{more}", crate::world::SEED)).await, removing(policy));
    desk.write("people.csv", ROSTER);
    desk
}

const DELETE: &str = "policy = \"delete\"";
const REMOVE: [&str; 5] = [FILE[0], FILE[1], FILE[2], FILE[3], "--remove-leavers"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leavers_are_removed_when_that_is_asked_for_and_the_instance_is_named() {
    let desk = leaving(DELETE, "").await;
    let plan = desk.users("plan", &REMOVE);
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
    for lines in [
        "  - visitor: refused by the rules\n  - zoe: not in the file\n  + ben (line 3)\n",
        "\n1 to correct, 2 to create, 2 to remove; 0 people need nothing.\nWho is removed is deleted, for good.\n",
    ] {
        assert!(out(&plan).contains(lines), "{lines}\n{}", out(&plan));
    }
    let kept = desk.users("apply", &[&FILE[..], &["--yes"]].concat());
    assert_eq!(kept.status.code(), Some(0), "{}", said(&kept));
    assert_eq!(desk.calls("DeleteUser"), 0, "nobody is removed without --remove-leavers");

    for (answer, status) in [("yes\n", 1), ("acme\n", 0)] {
        desk.emulator.advance(Duration::from_mins(1));
        let mut asked =
            desk.at_terminal("apply", &["--roster", "people.csv", "--separator", "'|'", "--remove-leavers"]);
        desk.until_said("Write the instance's name, acme, to go on: ").await;
        asked.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
        assert_eq!(asked.wait().unwrap().code(), Some(status), "{answer}");
    }
    assert_eq!(desk.usernames(), ["Admin", "Cho", "alice", "ben", "root.ish"]);
    assert_eq!(desk.calls("DeleteUser"), 2);
    desk.emulator.advance(Duration::from_mins(1));
    assert_eq!(desk.users("plan", &REMOVE).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_leavers_than_anybody_expects_are_not_removed_before_somebody_says_how_many() {
    let many: Vec<String> = (0..21)
        .map(|number| {
            format!(
                "[[instance.user]]\nusername = \"old{number}\"\nfirst_name = \"O\"\nlast_name = \"L\"\n\
                 security_profiles = [\"Agent\"]\nrouting_profile = \"Basic Routing Profile\"\n"
            )
        })
        .collect();
    let desk = leaving(DELETE, &many.concat()).await;
    for more in [&[][..], &["--max-leavers", "22"]] {
        let plan = desk.users("plan", &[&REMOVE[..], more].concat());
        assert_eq!(plan.status.code(), Some(1), "{}", said(&plan));
        assert!(out(&plan).contains("23 of 26 users would be removed, more than 2"), "{}", out(&plan));
        let applied = desk.users("apply", &[&REMOVE[..], more, &["--yes"]].concat());
        assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
        assert!(err(&applied).contains("Nothing was changed"), "{}", err(&applied));
        assert_eq!(desk.writes(), [""; 0]);
    }
    let applied = desk.users("apply", &[&REMOVE[..], &["--max-leavers", "23", "--yes"]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    assert_eq!(desk.usernames(), ["Admin", "Cho", "alice", "ben", "root.ish"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_removed_where_nobody_chose_what_becomes_of_people_who_leave() {
    let desk = desk().await;
    for option in ["--remove-leavers", "--recreate-renamed"] {
        let applied = desk.users("apply", &[&FILE[..], &[option, "--yes"]].concat());
        assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
        assert!(err(&applied).contains("instance.acme.removal: is not set"), "{}", err(&applied));
    }
    assert_eq!(desk.users("plan", &[&FILE[..], &["--max-leavers", "9"]].concat()).status.code(), Some(1));
    assert_eq!(desk.emulator.history().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_parked_is_no_leaver_any_more_and_a_renamed_person_gets_a_new_user_first() {
    let park = "policy = \"park\"\nsecurity_profile = \"QualityAnalyst\"\nrouting_profile = \"Sales\"";
    let desk = leaving(park, "").await;
    desk.write(
        "people.csv",
        "uid,givenName,sn,groups,previous_username\nvera,Vi,Sitor,cc-agents,Visitor\nalice,Alice,Lindström,cc-agents,\n",
    );
    let ask = ["--roster", "people.csv", "--recreate-renamed", "--remove-leavers"];
    let plan = desk.users("plan", &ask);
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
    for lines in
        ["  + vera (line 2), in the place of visitor, who is removed\n", "  - zoe: not in the file\n"]
    {
        assert!(out(&plan).contains(lines), "{lines}\n{}", out(&plan));
    }
    let applied = desk.users("apply", &[&ask[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    assert!(out(&applied).contains("+ vera; parked visitor"), "{}", out(&applied));
    let writes = desk.writes();
    let created = writes.iter().position(|call| call == "CreateUser").unwrap();
    assert_eq!(writes.iter().filter(|call| *call == "DeleteAllEntitySessions").count(), 2);
    assert_eq!(writes[created + 1], "UpdateUserSecurityProfiles", "{writes:?}");

    desk.emulator.advance(Duration::from_mins(1));
    let again = desk.users("plan", &ask);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(
        out(&again).contains("Nothing to do; 2 people need nothing; 1 parked before.\n"),
        "{}",
        out(&again)
    );
    let list = out(&desk.users("list", &[]));
    assert!(list.contains("visitor (parked)") && list.contains("zoe (parked)"), "{list}");
}
