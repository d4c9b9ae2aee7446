//! One line for all replicas.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_gateway::model::{Call, CallBudget as _, NotAdmitted, Patience, Priority, Rate, Rates, Ticket};
use connect_gateway::store::redis::SharedBudget;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::server::Server;

/// One turn a second, and none at once; or so.
const SLOW: Rate = Rate { per_second: 1.0, burst: 1 };

async fn budget(server: &Server, connect: Rate) -> Arc<SharedBudget> {
    let sts = Rate { per_second: 50.0, burst: 50 };
    let rates = Rates { connect, sts, operations: BTreeMap::new() };
    Arc::new(SharedBudget::new(server.connection().await, rates))
}

fn call() -> Call {
    Call { account: "123456789012".into(), region: "eu-west-2".into(), operation: "DescribeUser" }
}

fn patient() -> Patience {
    Patience::lasting(Duration::from_mins(1))
}

/// Joins the line, and has a place in it when this returns.
async fn join(
    budget: &Arc<SharedBudget>,
    patience: Patience,
    order: &Arc<Mutex<Vec<u64>>>,
) -> JoinHandle<Result<(), NotAdmitted>> {
    let (joining, order, ticket) = (Arc::clone(budget), Arc::clone(order), patience.ticket().unwrap());
    let waits = tokio::spawn(async move {
        let admitted = joining.admit(&call(), patience).await;
        if admitted.is_ok() {
            order.lock().unwrap().push(ticket.0);
        }
        admitted
    });
    while budget.outlook(ticket, Priority::Upkeep).await.is_none() {
        sleep(Duration::from_millis(2)).await;
    }
    waits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_together_keep_the_rate_of_one() {
    let server = Server::start();
    let rate = Rate { per_second: 20.0, burst: 5 };
    let budgets = [budget(&server, rate).await, budget(&server, rate).await];
    let mut callers = JoinSet::new();
    let began = Instant::now();
    for number in 0..43 {
        let budget = Arc::clone(&budgets[number % 2]);
        callers.spawn(async move {
            budget.admit(&call(), patient()).await.unwrap();
            Instant::now()
        });
    }
    let mut turns = callers.join_all().await;
    turns.sort();
    let at_once = turns.iter().filter(|turn| **turn - began < Duration::from_millis(45)).count();
    assert!(at_once <= 4, "{at_once} at once");
    // 40 turns of 50 ms come after those at once. Ten in a row never come in less than their time, but for a late start.
    assert!(turns[42] - began >= Duration::from_millis(1950), "{:?}", turns[42] - began);
    assert_eq!(budgets[0].uses()[0].throttled, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_at_two_replicas_are_served_in_the_order_they_came() {
    let server = Server::start();
    let rate = Rate { per_second: 10.0, burst: 1 };
    let budgets = [budget(&server, rate).await, budget(&server, rate).await];
    budgets[0].admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    let mut waiting = Vec::new();
    for number in 0..12 {
        let budget = &budgets[usize::try_from(number).unwrap() % 2];
        waiting.push(join(budget, patient().under(Ticket(number)), &order).await);
    }
    for waits in waiting {
        waits.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..12).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_comes_to_another_replica_has_the_old_place_there() {
    let server = Server::start();
    let [one, other] = [budget(&server, SLOW).await, budget(&server, SLOW).await];
    one.admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    let mine = join(&one, patient().under(Ticket(1)), &order).await;
    let next = join(&one, patient().under(Ticket(2)), &order).await;
    // The replica dies: nothing of it asks any more, and nothing is taken back.
    let moved = join(&other, patient().under(Ticket(1)), &order).await;
    moved.await.unwrap().unwrap();
    assert_eq!(*order.lock().unwrap(), [1]);
    next.await.unwrap().unwrap();
    assert!(!mine.is_finished() || mine.await.unwrap().is_err(), "nobody has two turns for one place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_a_replica_that_was_killed_keep_their_places_and_hold_nobody_up() {
    let server = Server::start();
    let survivor = budget(&server, SLOW).await;
    survivor.admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    // A runtime of its own dies with everything in it, as a process does.
    let killed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let budget_of_killed = budget(&server, SLOW).await;
    for number in [1, 2] {
        let (budget, order) = (Arc::clone(&budget_of_killed), Arc::clone(&order));
        killed.spawn(async move { join(&budget, patient().under(Ticket(number)), &order).await.await });
        while survivor.outlook(Ticket(number), Priority::Upkeep).await.is_none() {
            sleep(Duration::from_millis(2)).await;
        }
    }
    let third = join(&survivor, patient().under(Ticket(3)), &order).await;
    std::mem::forget(budget_of_killed);
    killed.shutdown_background();
    // The second one's browser comes to the survivor.
    let second = join(&survivor, patient().under(Ticket(2)), &order).await;
    second.await.unwrap().unwrap();
    third.await.unwrap().unwrap();
    let order = order.lock().unwrap().clone();
    assert!(order.ends_with(&[2, 3]), "{order:?}");
    assert!(
        survivor.outlook(Ticket(1), Priority::Upkeep).await.is_some() || order[0] == 1,
        "the place is kept"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_hurries_what_waits_at_another_replica() {
    let server = Server::start();
    let [one, other] = [budget(&server, SLOW).await, budget(&server, SLOW).await];
    one.admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    let refresh = |number| patient().as_urgent_as(Priority::Refresh).under(Ticket(number));
    let waiting = [join(&one, refresh(1), &order).await, join(&one, refresh(2), &order).await];
    assert!(
        other.outlook(Ticket(2), Priority::Person).await.is_none(),
        "no call was made there, so nothing is known"
    );
    assert!(other.admit(&call(), Patience::lasting(Duration::ZERO)).await.is_err());
    assert!(other.outlook(Ticket(2), Priority::Person).await.unwrap() <= Duration::from_secs(1));
    for waits in waiting {
        waits.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [2, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_throttles_at_one_replica_is_slower_at_all() {
    let server = Server::start();
    let hourly = Rate { per_second: 1.0 / 3600.0, burst: 5 };
    let [one, other] = [budget(&server, hourly).await, budget(&server, hourly).await];
    one.throttled(&call()).await;
    let Err(NotAdmitted::Busy(busy)) = other.admit(&call(), patient()).await else { panic!("throttled") };
    assert!((7190..=7201).contains(&busy.retry_after.as_secs()), "{busy}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gives_up_lets_the_others_move_up() {
    let server = Server::start();
    let [one, other] = [budget(&server, SLOW).await, budget(&server, SLOW).await];
    one.admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    let gone = join(&one, patient().under(Ticket(1)), &order).await;
    let _second = join(&one, patient().under(Ticket(2)), &order).await;
    let third = join(&other, patient().under(Ticket(3)), &order).await;
    gone.abort();
    while other.outlook(Ticket(1), Priority::Upkeep).await.is_some() {
        sleep(Duration::from_millis(5)).await;
    }
    third.await.unwrap().unwrap();
    assert_eq!(*order.lock().unwrap(), [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_would_wait_too_long_is_told_how_long_and_holds_no_place() {
    let server = Server::start();
    let [one, other] = [budget(&server, SLOW).await, budget(&server, SLOW).await];
    one.admit(&call(), patient()).await.unwrap();
    let brief = Patience::lasting(Duration::from_millis(100)).under(Ticket(1));
    let Err(NotAdmitted::Busy(busy)) = other.admit(&call(), brief).await else { panic!("its turn is away") };
    assert!((500..=1000).contains(&busy.retry_after.as_millis()), "{busy}");
    assert_eq!(other.outlook(Ticket(1), Priority::Person).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_no_call_is_made_and_after_it_was_emptied_everybody_is_in_line_again() {
    let mut server = Server::start();
    let one = budget(&server, SLOW).await;
    one.admit(&call(), patient()).await.unwrap();
    let order = Arc::default();
    let waits = join(&one, patient().under(Ticket(1)), &order).await;
    server.flush();
    waits.await.unwrap().unwrap();
    let waits = join(&one, patient().under(Ticket(2)), &order).await;
    server.kill();
    assert!(matches!(waits.await.unwrap(), Err(NotAdmitted::Unavailable(_))));
    assert!(matches!(one.admit(&call(), patient()).await, Err(NotAdmitted::Unavailable(_))));
    assert_eq!(*order.lock().unwrap(), [1]);
}

#[tokio::test]
async fn every_key_of_a_line_ends_and_none_tells_whose_line_it_is() {
    let server = Server::start();
    let one = budget(&server, SLOW).await;
    one.admit(&call(), patient()).await.unwrap();
    let waits = join(&one, patient().under(Ticket(1)), &Arc::default()).await;
    waits.await.unwrap().unwrap();
    let keys = server.ask(&["KEYS", "*turns*"]);
    assert!(keys.lines().count() >= 3 && !keys.contains("123456789012"), "{keys}");
    for key in keys.lines() {
        assert!(server.ask(&["PTTL", key]).trim().parse::<i64>().unwrap() > 0, "{key}");
    }
}
