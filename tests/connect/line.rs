//! More people than turns: everybody keeps their place, request after request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connect_gateway::connect::{Connect, Error};
use connect_gateway::emulator::Behaviour;
use connect_gateway::federation;
use connect_gateway::model::{Blamed as _, ConnectUser, Priority, code};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::house::{Calls, House, budget, gateway, placement};

async fn house_of(people: usize) -> House {
    let house = House::start(Behaviour::kind()).await;
    house.add_agents(people, |number| format!("agent.{number:03}"));
    house
}

/// Asks as a browser does: again when it is told to.
async fn ensured(connect: &Connect, name: &str) -> ConnectUser {
    loop {
        match connect.ensure(&placement(name)).await {
            Ok(user) => return user,
            Err(Error::Busy(busy)) => sleep(busy.retry_after.min(Duration::from_millis(300))).await,
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_served_in_the_order_they_came_however_often_they_ask() {
    let house = house_of(40).await;
    let connect = Arc::new(house.connect_as(&gateway(), budget(10.0, 4), |settings| {
        settings.patience = Duration::from_millis(50);
    }));
    let mut people = JoinSet::new();
    for number in 0..40 {
        let connect = Arc::clone(&connect);
        people.spawn(async move { ensured(&connect, &format!("agent.{number:03}")).await });
        sleep(Duration::from_millis(5)).await;
    }
    people.join_all().await;
    assert_eq!(house.calls("DescribeUser"), Calls { good: 40, bad: 0 }, "nobody was asked for twice");
    let history = house.emulator.history();
    let served: Vec<&str> = history
        .iter()
        .filter(|call| call.operation == "DescribeUser")
        .filter_map(|call| call.username.as_deref())
        .collect();
    let late = served.iter().enumerate().filter(|(place, name)| {
        let came: usize = name.trim_start_matches("agent.").parse().unwrap();
        came.abs_diff(*place) > 4
    });
    assert_eq!(late.count(), 0, "{served:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_place_in_the_line_for_a_token_is_kept_too() {
    let house = house_of(12).await;
    let connect = house.connect();
    let mut users = Vec::new();
    for number in 0..12 {
        users.push(connect.ensure(&placement(&format!("agent.{number:03}"))).await.unwrap());
    }
    let federation = Arc::new(house.federation_as(&gateway(), budget(5.0, 3), |settings| {
        settings.patience = Duration::from_millis(50);
    }));
    let (mut people, not_after, began) = (JoinSet::new(), house.in_an_hour(), Instant::now());
    for user in users {
        let federation = Arc::clone(&federation);
        people.spawn(async move {
            loop {
                match federation.token_for(&user, not_after).await {
                    Ok(_) => return,
                    Err(federation::Error::Busy(busy)) => {
                        sleep(busy.retry_after.min(Duration::from_millis(300))).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    people.join_all().await;
    assert_eq!(house.calls("GetFederationToken"), Calls { good: 12, bad: 0 });
    assert_eq!(house.calls("AssumeRole"), Calls { good: 12, bad: 0 });
    assert!(began.elapsed() < Duration::from_secs(6), "{:?} for turns of 2.4 s", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_told_less_each_time() {
    let house = house_of(8).await;
    let connect = Arc::new(house.connect_as(&gateway(), budget(2.0, 1), |settings| {
        settings.patience = Duration::from_millis(20);
    }));
    let mut told = Vec::new();
    for number in 0..8 {
        if let Err(Error::Busy(busy)) = connect.ensure(&placement(&format!("agent.{number:03}"))).await {
            told.push(busy.retry_after);
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}: the later, the longer");
    let last = told.last().copied().unwrap();
    sleep(Duration::from_secs(1)).await;
    let Err(Error::Busy(busy)) = connect.ensure(&placement("agent.007")).await else {
        panic!("served already")
    };
    let less = last.checked_sub(busy.retry_after).unwrap();
    assert!((800..1_600).contains(&less.as_millis()), "{less:?} less after a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_goes_before_what_nobody_waits_for() {
    let house = house_of(6).await;
    let connect = Arc::new(house.connect_as(&gateway(), budget(4.0, 1), |_| {}));
    connect.ensure(&placement("agent.000")).await.unwrap();
    let mut work = JoinSet::new();
    for (name, priority) in [
        ("agent.001", Priority::Upkeep),
        ("agent.002", Priority::Refresh),
        ("agent.003", Priority::Upkeep),
        ("agent.004", Priority::Person),
    ] {
        let connect = Arc::clone(&connect);
        work.spawn(async move { connect.ensure_for(&placement(name), priority).await.map(drop) });
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(work.join_all().await, vec![Ok(()); 4]);
    let history = house.emulator.history();
    let served: BTreeSet<(usize, &str)> = history
        .iter()
        .filter(|call| call.operation == "DescribeUser")
        .filter_map(|call| call.username.as_deref())
        .enumerate()
        .collect();
    let names: Vec<&str> = served.into_iter().map(|(_, name)| name).collect();
    // The first one's turn may have been given out before the others came.
    let person = names.iter().position(|name| *name == "agent.004").unwrap();
    let upkeep = names.iter().position(|name| *name == "agent.003").unwrap();
    let refresh = names.iter().position(|name| *name == "agent.002").unwrap();
    assert!(person < refresh && refresh < upkeep, "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aws_that_does_not_answer_is_left_alone_and_asked_again_by_itself() {
    let house = house_of(20).await;
    let connect = house.connect();
    connect.ensure(&placement("agent.019")).await.unwrap();
    house.emulator.set_fault_rate(1.0);
    for number in 0..5 {
        let error = connect.ensure(&placement(&format!("agent.{number:03}"))).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_UNAVAILABLE, "{error}");
    }
    house.emulator.clear_history();
    let began = Instant::now();
    for number in 5..15 {
        let error = connect.ensure(&placement(&format!("agent.{number:03}"))).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_UNAVAILABLE, "{error}");
    }
    assert!(house.all_calls().is_empty(), "{:?}", house.all_calls());
    assert!(began.elapsed() < Duration::from_secs(2), "at once");
    connect.ensure(&placement("agent.019")).await.unwrap();
    house.emulator.set_fault_rate(0.0);
    sleep(Duration::from_secs(5)).await;
    connect.ensure(&placement("agent.000")).await.unwrap();
}
