//! Several gateways, and an AWS that shows things late.

use std::sync::Arc;
use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Lag};
use connect_gateway::model::Placement;
use tokio::task::JoinSet;

use crate::house::{Calls, House, gateway, placement, real_rates};

#[tokio::test]
async fn two_gateways_that_create_one_user_both_find_it() {
    let late = Lag { list: Duration::from_secs(1), describe: Duration::from_millis(300), ..Lag::none() };
    let house = House::start(Behaviour { lag: late, ..Behaviour::kind() }).await;
    let (one, other) = (house.connect(), house.connect());
    // Both know the listing without the user.
    one.ensure(&placement("ada")).await.unwrap();
    other.ensure(&placement("ada")).await.unwrap();
    let created = one.ensure(&placement("new.agent")).await.unwrap();
    let found = other.ensure(&placement("new.agent")).await.unwrap();
    assert_eq!((created.id, created.username), (found.id, found.username));
    assert_eq!(house.calls("CreateUser"), Calls { good: 1, bad: 1 });
}

#[tokio::test]
async fn a_user_that_aws_never_shows_is_not_waited_for_without_end() {
    let never = Lag { list: Duration::from_hours(1), ..Lag::none() };
    let house = House::start(Behaviour { lag: never, ..Behaviour::kind() }).await;
    house.connect().ensure(&placement("new.agent")).await.unwrap();
    let impatient = house.connect_with(|settings| settings.settle_within = Duration::from_millis(600));
    let error = impatient.ensure(&placement("new.agent")).await.unwrap_err();
    assert_eq!(error, connect_gateway::connect::Error::Unsettled);
}

#[tokio::test]
async fn a_token_for_a_user_that_was_just_created_is_waited_for() {
    let late = Lag { federation: Duration::from_millis(800), ..Lag::default() };
    let house = House::start(Behaviour { lag: late, ..Behaviour::kind() }).await;
    let user = house.connect().ensure(&placement("new.agent")).await.unwrap();
    house.federation().token_for(&user, house.in_an_hour()).await.unwrap();
    let asked = house.calls("GetFederationToken");
    assert!(asked.good == 1 && asked.bad >= 1, "{asked:?}");
    assert_eq!(house.calls("AssumeRole").good, 1, "with the same credentials");
}

#[tokio::test]
async fn one_person_with_many_windows_and_two_spellings_is_created_once() {
    let house = House::kind().await;
    let connect = Arc::new(house.connect());
    let mut windows = JoinSet::new();
    for window in 0..20 {
        let connect = Arc::clone(&connect);
        let name = if window % 2 == 0 { "New.Agent" } else { "new.agent" };
        windows.spawn(async move { connect.ensure(&placement(name)).await.map(|user| user.id) });
    }
    let ids: Vec<_> = windows.join_all().await.into_iter().map(Result::unwrap).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(house.calls("CreateUser").good, 1);
}

#[tokio::test]
async fn two_placements_of_one_user_are_applied_one_after_the_other() {
    let house = House::kind().await;
    let connect = Arc::new(house.connect());
    let mut windows = JoinSet::new();
    for window in 0..10 {
        let connect = Arc::clone(&connect);
        let routing_profile = Some(if window % 2 == 0 { "Sales" } else { "Night" }.to_owned());
        let wanted = Placement { routing_profile, ..placement("new.agent") };
        windows.spawn(async move { connect.ensure(&wanted).await.map(drop) });
    }
    assert_eq!(windows.join_all().await, vec![Ok(()); 10]);
    assert_eq!(house.calls("CreateUser"), Calls { good: 1, bad: 0 });
}

#[tokio::test]
async fn work_goes_on_when_the_browser_goes_away() {
    let house = House::kind().await;
    let (connect, federation) = (house.connect(), house.federation());
    let user = house.user("ada").await;
    house.emulator.clear_history();
    let gone = Duration::from_micros(1);
    let placement = placement("new.agent");
    assert!(tokio::time::timeout(gone, connect.ensure(&placement)).await.is_err());
    assert!(tokio::time::timeout(gone, federation.token_for(&user, house.in_an_hour())).await.is_err());
    connect.ensure(&placement).await.unwrap();
    federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(house.writes(), ["CreateUser"]);
    assert_eq!(house.calls("AssumeRole").good, 1);
}

#[tokio::test]
async fn an_unkind_aws_is_noticed_by_nobody() {
    // Small pages, real rates, late listings and occasional faults.
    let house = House::start(Behaviour::default()).await;
    let budget = real_rates();
    let connect = house.connect_as(&gateway(), budget.clone(), |_| {});
    let federation = house.federation_as(&gateway(), budget, |_| {});
    for name in ["ada", "grace.hopper", "new.agent"] {
        let wanted = Placement { routing_profile: Some("Sales".into()), ..placement(name) };
        let user = connect.ensure(&wanted).await.unwrap();
        federation.token_for(&user, house.in_an_hour()).await.unwrap();
    }
    assert_eq!(house.calls("CreateUser").good, 1);
    assert_eq!(house.calls("GetFederationToken").good, 3);
}
