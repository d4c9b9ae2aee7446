//! Finding users, and not asking twice.

use std::time::Duration;

use connect_gateway::connect::{self, Connect, Error};
use connect_gateway::emulator::{Behaviour, SeedUser};
use connect_gateway::model::{Blamed, Placement, code};

use crate::house::{Calls, House, arn, budget, fast, gateway, identity, placement, real_rates};

fn agent(username: &str) -> SeedUser {
    SeedUser {
        username: username.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        security_profiles: vec!["Agent".to_owned()],
        routing_profile: "Basic".to_owned(),
        ..SeedUser::default()
    }
}

#[tokio::test]
async fn a_single_name_that_differs_in_case_is_used_with_connects_spelling() {
    let house = House::kind().await;
    let user = house.connect().ensure(&placement("grace.hopper")).await.unwrap();
    assert_eq!(user.username.as_str(), "Grace.Hopper");
    assert_eq!(house.calls("CreateUser"), Calls { good: 0, bad: 0 });
}

#[tokio::test]
async fn several_names_that_differ_in_case_are_refused() {
    let house = House::kind().await;
    let error = house.connect().ensure(&placement("twin")).await.unwrap_err();
    assert_eq!((&error, error.code()), (&Error::AmbiguousUser(2), &code::CONNECT_AMBIGUOUS_USER));
    assert_eq!(house.connect().ensure(&placement("TWIN")).await.unwrap().username.as_str(), "TWIN");
    assert_eq!(house.calls("CreateUser"), Calls { good: 0, bad: 0 });
}

#[tokio::test]
async fn twins_never_get_each_others_user() {
    let house = House::kind().await;
    let connect = house.connect();
    let ask = async |name: &str| {
        let named = Placement { first_name: None, last_name: None, email: None, ..placement(name) };
        connect.ensure(&named).await.map(|user| user.username.as_str().to_owned())
    };
    for name in ["TWIN", "Twin", "TWIN"] {
        assert_eq!(ask(name).await, Ok(name.to_owned()));
        assert_eq!(ask("twin").await, Err(Error::AmbiguousUser(2)), "after {name}");
    }
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn twins_that_come_at_once_get_their_own_users_and_answers() {
    let house = House::kind().await;
    let connect = house.connect();
    let ask = async |name: &str| {
        connect.ensure(&placement(name)).await.map(|user| user.username.as_str().to_owned())
    };
    let (refused, first, other) = tokio::join!(ask("twin"), ask("TWIN"), ask("Twin"));
    assert_eq!(refused, Err(Error::AmbiguousUser(2)));
    assert_eq!((first, other), (Ok("TWIN".to_owned()), Ok("Twin".to_owned())));
}

#[tokio::test]
async fn listings_are_read_to_the_end() {
    let house = House::start(Behaviour { page_cap: 3, ..Behaviour::kind() }).await;
    for number in 0..40 {
        house.emulator.add_user("acme", &agent(&format!("agent.{number}"))).unwrap();
    }
    for number in [0, 20, 39] {
        house.connect().ensure(&placement(&format!("agent.{number}"))).await.unwrap();
    }
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn a_user_in_place_is_not_described_again_for_a_while() {
    let house = House::kind().await;
    let connect = house.connect();
    for _ in 0..3 {
        connect.ensure(&placement("ada")).await.unwrap();
    }
    assert_eq!(house.calls("DescribeUser").good, 1);
    let moved = Placement { routing_profile: Some("Night".into()), ..placement("ada") };
    let user = connect.ensure(&moved).await.unwrap();
    assert_eq!(house.calls("DescribeUser").good, 2, "another placement is another question");
    connect.forget(&user.id, &user.username).await;
    connect.ensure(&moved).await.unwrap();
    assert_eq!(house.calls("DescribeUser").good, 3, "so is a forgotten user");
    house.clock.advance(Duration::from_secs(61));
    connect.ensure(&moved).await.unwrap();
    assert_eq!(house.calls("DescribeUser").good, 4, "and an old answer");
}

#[tokio::test]
async fn going_back_to_an_earlier_placement_is_noticed() {
    let house = House::kind().await;
    let connect = house.connect();
    let moved = Placement { routing_profile: Some("Night".into()), ..placement("ada") };
    for wanted in [&placement("ada"), &moved, &placement("ada")] {
        connect.ensure(wanted).await.unwrap();
    }
    assert_eq!(house.writes(), ["UpdateUserRoutingProfile", "UpdateUserRoutingProfile"]);
}

#[tokio::test]
async fn a_user_deleted_behind_our_back_is_created_again() {
    let house = House::kind().await;
    let connect = house.connect();
    let before = connect.ensure(&placement("ada")).await.unwrap();
    assert!(house.emulator.delete_user("acme", "ada"));
    house.clock.advance(Duration::from_secs(61));
    let after = connect.ensure(&placement("ada")).await.unwrap();
    assert_ne!(before.id, after.id);
    assert_eq!(house.writes(), ["CreateUser"]);
}

#[tokio::test]
async fn a_user_created_by_hand_is_found_soon() {
    let house = House::kind().await;
    let connect = house.connect();
    connect.ensure(&placement("ada")).await.unwrap();
    house.emulator.add_user("acme", &agent("by.hand")).unwrap();
    house.clock.advance(Duration::from_secs(6));
    connect.ensure(&placement("by.hand")).await.unwrap();
    assert_eq!(house.writes(), [""; 0]);
}

#[tokio::test]
async fn many_new_names_do_not_make_many_listings() {
    let house = House::kind().await;
    let connect = house.connect();
    for number in 0..10 {
        connect.ensure(&placement(&format!("new.{number}"))).await.unwrap();
    }
    assert_eq!(house.calls("ListUsers").good, 1);
    assert_eq!(house.calls("ListSecurityProfiles").good, 1);
    assert_eq!(house.calls("ListRoutingProfiles").good, 1);
}

#[tokio::test]
async fn throttled_calls_are_waited_for() {
    let house = House::start(Behaviour {
        throttle: Some(connect_gateway::emulator::Rates::default()),
        ..Behaviour::kind()
    })
    .await;
    let connect = std::sync::Arc::new(house.connect_as(&gateway(), budget(50.0, 50), |_| {}));
    let mut people = tokio::task::JoinSet::new();
    for number in 0..8 {
        let connect = std::sync::Arc::clone(&connect);
        people.spawn(async move { connect.ensure(&placement(&format!("new.{number}"))).await.map(drop) });
    }
    assert_eq!(people.join_all().await, vec![Ok(()); 8]);
    let created = house.calls("CreateUser");
    assert!(created.good == 8 && created.bad > 0, "{created:?}");
}

#[tokio::test]
async fn whoever_can_not_be_served_in_time_is_told_when_to_come_again() {
    let house = House::kind().await;
    let connect = house.connect_as(&gateway(), budget(0.01, 2), |settings| {
        settings.patience = Duration::from_secs(1);
    });
    connect.ensure(&placement("ada")).await.unwrap();
    let error = connect.ensure(&placement("Grace.Hopper")).await.unwrap_err();
    assert_eq!(error.code(), &code::BUSY);
    assert!(error.retry_after().unwrap() > Duration::from_secs(90));
}

#[tokio::test]
async fn a_short_fault_of_aws_is_not_noticed_and_a_long_one_is_told() {
    let house = House::kind().await;
    house.emulator.set_fault_rate(1.0);
    let error = house.connect().ensure(&placement("ada")).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_UNAVAILABLE);
    assert_eq!(house.calls("ListUsers"), Calls { good: 0, bad: 3 });

    house.emulator.clear_history();
    let connect = house.connect();
    let under_way = tokio::spawn(async move { connect.ensure(&placement("ada")).await.map(drop) });
    while house.all_calls().is_empty() {
        tokio::task::yield_now().await;
    }
    house.emulator.set_fault_rate(0.0);
    assert_eq!(under_way.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn an_instance_that_is_not_there_and_credentials_that_are_not_valid_are_told_apart() {
    let house = House::kind().await;
    let elsewhere = house.connect_with(|settings| settings.arn = arn("33333333-3333-4333-8333-333333333333"));
    assert_eq!(elsewhere.ensure(&placement("ada")).await.unwrap_err().code(), &code::CONNECT_NO_INSTANCE);
    for wrong in [identity("AKIAGATEWAYGATEWAY01", "wrong"), identity("AKIANOBODYNOBODY0001", "wrong")] {
        let connect = house.connect_as(&wrong, fast(), |_| {});
        let error = connect.ensure(&placement("ada")).await.unwrap_err();
        assert_eq!(error.code(), &code::FEDERATION_CREDENTIALS, "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_told() {
    let house = House::kind().await;
    let nowhere = "http://127.0.0.1:1/".parse().unwrap();
    let arn = arn("11111111-1111-4111-8111-111111111111");
    let settings = connect::Settings {
        instance: connect_gateway::model::InstanceName::new("acme"),
        arn: arn.clone(),
        url: "https://acme.my.connect.aws".parse().unwrap(),
        provisioning: connect::Provisioning::Sync,
        group_creation: connect::GroupCreation::Never,
        removal: None,
        send_email: false,
        directory_max_age: Duration::from_mins(5),
        known_for: Duration::from_mins(1),
        settle_within: Duration::from_secs(10),
        refusal_for: Duration::from_secs(10),
        patience: Duration::from_secs(30),
        place_kept_for: Duration::from_mins(10),
    };
    let client = connect::client(&gateway(), &arn, Some(&nowhere));
    let connect = Connect::new(settings, client, fast(), std::sync::Arc::default(), house.clock());
    let error = connect.ensure(&placement("ada")).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_UNAVAILABLE, "{error}");
}

#[tokio::test]
async fn the_instance_is_reported_as_aws_has_it() {
    let house = House::kind().await;
    let report = house.connect_as(&gateway(), real_rates(), |_| {}).report().await.unwrap();
    assert_eq!(report.alias.as_deref(), Some("acme"));
    assert_eq!(report.access_url, Some(house.emulator.site_url("acme")));
    let own = house.emulator.site_url("acme").parse().unwrap();
    assert_eq!((report.contradictions(&own), report.unclear()), (vec![], vec![]));
}
