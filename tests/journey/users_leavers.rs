//! `connect-gateway users plan` and `apply`: people who are in the instance and should not be.

use std::io::Write as _;
use std::time::Duration;

use crate::desk::Desk;
use crate::hierarchy::{err, out};
use crate::users::{FILE, OTHERS, ROSTER, desk, said};
use crate::world::{emulator_of, removal};

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

fn user(name: &str) -> String {
    format!(
        "[[instance.user]]\nusername = \"{name}\"\nfirst_name = \"O\"\nlast_name = \"L\"\nsecurity_profiles = [\"Agent\"]\n\
         routing_profile = \"Basic Routing Profile\"\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_users_of_renamed_people_count_as_leavers_do() {
    let old: Vec<String> = (0..21).map(|number| user(&format!("old{number}"))).collect();
    let desk = leaving(DELETE, &old.concat()).await;
    let rows: Vec<String> =
        (0..21).map(|number| format!("new{number},New,Name,cc-agents,old{number}\n")).collect();
    desk.write("people.csv", &format!("uid,givenName,sn,groups,previous_username\n{}", rows.concat()));
    let ask = ["--roster", "people.csv", "--recreate-renamed"];
    for more in [&[][..], &["--max-leavers", "20"]] {
        let applied = desk.users("apply", &[&ask[..], more, &["--yes"]].concat());
        assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
        assert!(out(&applied).contains("21 of 26 users would be removed, more than 20"), "{}", out(&applied));
        assert_eq!(desk.writes(), [""; 0]);
    }
    let plan = desk.users("plan", &[&ask[..], &["--remove-leavers", "--max-leavers", "21"]].concat());
    assert!(out(&plan).contains("24 of 26 users would be removed, more than 21"), "{}", out(&plan));
    let plan = desk.users("plan", &[&ask[..], &["--max-leavers", "21"]].concat());
    assert_eq!(plan.status.code(), Some(2), "{}", said(&plan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_the_user_of_somebody_else_in_the_roster() {
    let desk = leaving(DELETE, "").await;
    desk.write(
        "people.csv",
        "uid,givenName,sn,groups,previous_username\nvera,Vi,Sitor,cc-agents,visitor\nvisitor,Vi,Sitor,cc-agents,\n",
    );
    let applied = desk.users("apply", &["--roster", "people.csv", "--recreate-renamed", "--yes"]);
    assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
    assert_eq!(desk.writes(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_in_another_case_is_nobody_in_the_file_and_is_not_removed_for_them() {
    let twins = ["Kim", "kim", "Max", "MAX", "Lee", "LEE"].map(user).concat();
    let desk = leaving(DELETE, &twins).await;
    desk.write(
        "people.csv",
        "uid,givenName,sn,groups,previous_username\nkim,O,L,visitors,\nmax,O,L,visitors,\nleah,O,L,cc-agents,lee\n",
    );
    let ask = ["--roster", "people.csv", "--remove-leavers", "--recreate-renamed"];
    let plan = desk.users("plan", &ask);
    assert_eq!(plan.status.code(), Some(1), "{}", said(&plan));
    let text = out(&plan);
    assert!(text.contains("\n  - kim: refused by the rules\n"), "{text}");
    for name in ["Kim", "Max", "MAX", "Lee", "LEE"] {
        assert!(text.contains(&format!("\n  ! {name} (id ")), "{name}\n{text}");
        assert!(!text.contains(&format!("\n  - {name}: ")), "{name}\n{text}");
    }
    let words = "! leah (line 4): the names of 2 users differ from previous_username in case only\n";
    assert!(text.contains(words), "{text}");
    let applied = desk.users("apply", &[&ask[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(1), "{}", said(&applied));
    let left = ["Admin", "Kim", "LEE", "Lee", "MAX", "Max", "root.ish"];
    assert_eq!(desk.usernames(), left, "{}", said(&applied));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_the_parking_profile_beside_another_is_parked_in_part_and_still_a_leaver() {
    let park = "policy = \"park\"\nsecurity_profile = \"QualityAnalyst\"\nrouting_profile = \"Sales\"";
    let desk = leaving(park, "").await;
    desk.emulator.put_users_profiles("acme", "zoe", &["QualityAnalyst", "CallCenterManager"]).unwrap();
    desk.emulator.advance(Duration::from_mins(1));
    assert!(out(&desk.users("list", &[])).contains("zoe (parked in part)"));
    let plan = desk.users("plan", &REMOVE);
    assert!(out(&plan).contains("  - zoe: not in the file\n"), "{}", out(&plan));
    let applied = desk.users("apply", &[&REMOVE[..], &["--yes"]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    desk.emulator.advance(Duration::from_mins(1));
    assert!(out(&desk.users("list", &[])).contains("zoe (parked)"));
}
