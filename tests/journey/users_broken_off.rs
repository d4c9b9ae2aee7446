//! `users apply` that is broken off at any of its calls, and taken up again.

use connect_gateway::emulator::{Behaviour, Lag, Outage};
use tokio::task::{JoinSet, spawn_blocking};

use crate::desk::Desk;
use crate::users::{FILE, ROSTER, said};
use crate::world::{emulator, removal};

const END: [&str; 3] = ["Cho", "alice", "ben"];

async fn desk(behaviour: &Behaviour) -> Desk {
    let desk = Desk::around(emulator("").await, str::to_owned);
    desk.emulator.adjust(|now| *now = behaviour.clone());
    let roster: Vec<&str> =
        ROSTER.lines().filter(|line| !line.contains("ish") && !line.contains("visitor")).collect();
    desk.write("people.csv", &roster.join("\n"));
    desk
}

fn applied(desk: &Desk) -> std::process::Output {
    desk.users("apply", &[&FILE[..], &["--yes"]].concat())
}

async fn with_outage(behaviour: Behaviour, outage: Outage) {
    let desk = desk(&behaviour).await;
    desk.emulator.adjust(|behaviour| behaviour.outage = Some(outage));
    spawn_blocking(move || {
        let broken_off = applied(&desk);
        assert_eq!(broken_off.status.code(), Some(1), "{outage:?} broke nothing off: {}", said(&broken_off));
        desk.emulator.adjust(|behaviour| behaviour.outage = None);
        let completed = applied(&desk);
        assert_eq!(completed.status.code(), Some(0), "{outage:?}: {}", said(&completed));
        assert_eq!(desk.usernames(), END, "{outage:?}");
        desk.emulator.adjust(|behaviour| *behaviour = Behaviour::kind());
        let again = desk.users("plan", &FILE);
        assert_eq!(again.status.code(), Some(0), "{outage:?}: {}", said(&again));
    })
    .await
    .unwrap();
}

async fn at_every_call(behaviour: Behaviour, loses_answers: bool) {
    let whole = desk(&behaviour).await;
    assert_eq!(applied(&whole).status.code(), Some(0));
    let calls = whole.emulator.history().len();
    assert!(calls >= 10, "{calls}");
    let mut cases = JoinSet::new();
    for after in 0..calls {
        cases.spawn(with_outage(behaviour.clone(), Outage { after, loses_answers }));
    }
    cases.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_at_any_call_leaves_what_the_next_run_completes() {
    at_every_call(Behaviour::kind(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_at_any_call_leaves_what_the_next_run_completes() {
    at_every_call(Behaviour::kind(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_an_outage_at_any_call_while_listings_are_late() {
    at_every_call(Behaviour { lag: Lag::default(), ..Behaviour::kind() }, true).await;
}

const PARK: &str = "policy = \"park\"\nsecurity_profile = \"QualityAnalyst\"\nrouting_profile = \"Sales\"\n";
const LEAVERS: [&str; 5] = ["--roster", "people.csv", "--remove-leavers", "--separator", "|"];

/// Alice leaves, and Ben comes.
async fn parking_desk(after: Option<usize>) -> Desk {
    let park = |text: &str| format!("{text}{}", removal(PARK));
    let desk = Desk::around(emulator("").await, park);
    desk.emulator.adjust(|behaviour| {
        *behaviour = Behaviour {
            outage: after.map(|after| Outage { after, loses_answers: false }),
            ..Behaviour::kind()
        };
    });
    desk.write("people.csv", "uid,givenName,sn,groups\nben,Ben,Okafor,cc-agents\n");
    desk
}

fn parked(desk: &Desk) -> std::process::Output {
    desk.users("apply", &[&LEAVERS[..], &["--yes"]].concat())
}

async fn parking_with_outage(after: usize) {
    let desk = parking_desk(Some(after)).await;
    spawn_blocking(move || {
        let broken_off = parked(&desk);
        assert_eq!(broken_off.status.code(), Some(1), "{after} broke nothing off: {}", said(&broken_off));
        desk.emulator.adjust(|behaviour| behaviour.outage = None);
        let completed = parked(&desk);
        assert_eq!(completed.status.code(), Some(0), "{after}: {}", said(&completed));
        let history = desk.emulator.history();
        let good =
            |operation: &str| history.iter().any(|call| call.operation == operation && call.error.is_none());
        for operation in ["UpdateUserSecurityProfiles", "DeleteAllEntitySessions", "UpdateUserRoutingProfile"]
        {
            assert!(good(operation), "{after}: {operation}");
        }
        let again = desk.users("plan", &LEAVERS);
        assert_eq!(again.status.code(), Some(0), "{after}: {}", said(&again));
        assert!(said(&again).contains("1 parked before"), "{after}: {}", said(&again));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_parking_broke_off_at_any_call_is_a_leaver_until_it_is_whole() {
    let whole = parking_desk(None).await;
    let applied = parked(&whole);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let mut cases = JoinSet::new();
    for after in 0..whole.emulator.history().len() {
        cases.spawn(parking_with_outage(after));
    }
    cases.join_all().await;
}
