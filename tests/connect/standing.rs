//! What AWS says of an instance decides whether anybody is signed in there.

use std::time::Duration;

use connect_gateway::connect::{Connect, Error, Standing};
use connect_gateway::emulator::{Behaviour, Seed};
use connect_gateway::model::{Blamed as _, code};

use crate::house::{House, creator, fast, identity, placement};

const ACME: &str = include_str!("acme.toml");

/// After a second look, which the first one asks for.
async fn looked_twice(house: &House, connect: &Connect) -> Option<Standing> {
    assert_eq!(connect.look().await, None, "nobody is kept out after one look");
    assert_eq!(connect.standing(), Standing::Unknown(None));
    house.clock.advance(Duration::from_secs(5));
    connect.look().await
}

/// An instance with these lines in its seed.
async fn house(lines: &str) -> House {
    let seed = ACME.replacen("region = \"eu-west-2\"", &format!("region = \"eu-west-2\"\n{lines}"), 1);
    House::with(Seed::parse(&seed).unwrap(), Behaviour::kind()).await
}

fn reasons(standing: Option<Standing>) -> String {
    match standing {
        Some(Standing::Unusable(reasons)) => reasons.join("; "),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_instance_as_it_is_configured_is_usable_and_said_so_once() {
    let house = house("").await;
    let connect = house.connect();
    assert_eq!(connect.standing(), Standing::Unknown(None));
    assert_eq!(connect.look().await, Some(Standing::Usable));
    assert_eq!(connect.look().await, None);
    house.clock.advance(Duration::from_hours(2));
    assert_eq!(connect.look().await, None);
    assert_eq!(house.calls("DescribeInstance").good, 2, "asked again after an hour, not at once");
    connect.ensure(&placement("ada")).await.unwrap();
}

#[tokio::test]
async fn nobody_is_signed_in_where_aws_says_that_nobody_can_be() {
    for (lines, word) in [
        ("identity_management = \"CONNECT_MANAGED\"", "CONNECT_MANAGED"),
        ("status = \"CREATION_FAILED\"", "CREATION_FAILED"),
        ("global_sign_in_endpoint = \"https://acme.sign-in.test\"", "Global Resiliency"),
    ] {
        let house = house(lines).await;
        let connect = house.connect();
        connect.ensure(&placement("Grace.Hopper")).await.unwrap();
        assert!(reasons(looked_twice(&house, &connect).await).contains(word), "{word}");
        house.emulator.clear_history();
        let error = connect.ensure(&placement("ada")).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_INSTANCE_UNUSABLE);
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(house.all_calls(), [""; 0]);
    }
}

#[tokio::test]
async fn an_instance_with_another_alias_than_the_url_is_not_entered() {
    let house = house("").await;
    let connect = house.connect_with(|settings| {
        settings.url = "https://globex.my.connect.aws".parse().unwrap();
    });
    assert!(reasons(looked_twice(&house, &connect).await).contains("has the alias acme"));
}

#[tokio::test]
async fn what_can_not_be_asked_keeps_nobody_out_and_is_asked_again() {
    let house = house("").await;
    house.emulator.set_fault_rate(1.0);
    let connect = house.connect();
    let Some(Standing::Unknown(Some(why))) = connect.look().await else { panic!("{:?}", connect.standing()) };
    assert!(why.contains("DescribeInstance failed"), "{why}");
    house.emulator.set_fault_rate(0.0);
    connect.ensure(&placement("ada")).await.unwrap();
    assert_eq!(connect.look().await, None, "not before a minute");
    house.clock.advance(Duration::from_mins(2));
    assert_eq!(connect.look().await, Some(Standing::Usable));
    house.emulator.set_fault_rate(1.0);
    house.clock.advance(Duration::from_hours(2));
    assert_eq!(
        (connect.look().await, connect.standing()),
        (None, Standing::Usable),
        "an outage says nothing"
    );
}

#[tokio::test]
async fn what_aws_said_before_an_outage_keeps_nobody_out_for_ever() {
    let house = house("status = \"CREATION_FAILED\"").await;
    let connect = house.connect();
    assert!(reasons(looked_twice(&house, &connect).await).contains("CREATION_FAILED"));
    house.emulator.set_fault_rate(1.0);
    for look in 1..5 {
        house.clock.advance(Duration::from_mins(2));
        assert_eq!(connect.look().await, None, "{look}");
    }
    house.clock.advance(Duration::from_mins(2));
    let Some(Standing::Unknown(Some(why))) = connect.look().await else { panic!("{:?}", connect.standing()) };
    assert!(why.contains("DescribeInstance failed"), "{why}");
    house.emulator.set_fault_rate(0.0);
    let outcome = connect.ensure(&placement("ada")).await.map(drop);
    assert!(!matches!(outcome, Err(Error::Unusable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_word_that_nobody_knows_keeps_nobody_out() {
    let house = house("status = \"MAINTENANCE\"").await;
    let connect = house.connect();
    let Some(Standing::Unknown(Some(why))) = connect.look().await else { panic!("{:?}", connect.standing()) };
    assert!(why.contains("MAINTENANCE"), "{why}");
    house.clock.advance(Duration::from_mins(2));
    assert_eq!(connect.look().await, None);
    connect.ensure(&placement("ada")).await.unwrap();
}

#[tokio::test]
async fn a_missing_permission_is_named_and_keeps_nobody_out() {
    let seed = ACME.replace(
        "\"connect:Describe*\", \"connect:CreateUser\"",
        "\"connect:DescribeUser\", \"connect:CreateUser\"",
    );
    let house = House::with(Seed::parse(&seed).unwrap(), Behaviour::kind()).await;
    let connect = house.connect_as(&creator(), fast(), |_| {});
    let told = connect.look().await.and_then(|standing| standing.warning()).unwrap();
    assert!(told.contains("connect:DescribeInstance is missing"), "{told}");
    connect.ensure(&placement("ada")).await.unwrap();
    let wrong = house.connect_as(&identity("AKIANOBODYNOBODY0001", "wrong"), fast(), |_| {});
    assert!(matches!(wrong.look().await, Some(Standing::Unknown(Some(_)))));
}
