//! Somebody who is refused and asks again at once costs AWS nothing; somebody whom AWS did not answer is asked for again.

use std::sync::Arc;
use std::time::Duration;

use connect_gateway::connect::{Error, Provisioning};
use connect_gateway::emulator::Failing;
use connect_gateway::federation;
use connect_gateway::model::{Blamed as _, Phone, PhoneType, Placement, code};
use tokio::task::JoinSet;

use crate::house::{Calls, House, placement, role};

fn fail(house: &House, operation: &str, error: &str, times: usize) {
    let failing = Failing { operation: operation.into(), error: error.into(), times, loses_answers: false };
    house.emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
}

#[tokio::test]
async fn whoever_has_no_user_is_looked_for_once_in_a_while() {
    let house = House::kind().await;
    let connect = Arc::new(house.connect_with(|settings| settings.provisioning = Provisioning::Off));
    let mut windows = JoinSet::new();
    for _ in 0..500 {
        let connect = Arc::clone(&connect);
        windows.spawn(async move { connect.ensure(&placement("nobody")).await.map(drop) });
    }
    assert_eq!(windows.join_all().await, vec![Err(Error::NoUser); 500]);
    assert_eq!(house.calls("ListUsers"), Calls { good: 1, bad: 0 });
    house.clock.advance(Duration::from_secs(9));
    assert_eq!(connect.ensure(&placement("nobody")).await.map(drop), Err(Error::NoUser));
    assert_eq!(house.calls("ListUsers").good, 1);
    house.clock.advance(Duration::from_secs(2));
    assert_eq!(connect.ensure(&placement("nobody")).await.map(drop), Err(Error::NoUser));
    assert_eq!(house.calls("ListUsers").good, 2);
}

#[tokio::test]
async fn what_the_rules_say_now_is_asked_at_once() {
    let house = House::kind().await;
    let connect = house.connect();
    fail(&house, "UpdateUserRoutingProfile", "InvalidParameterException", 1);
    let wanted = |profile: &str| Placement { routing_profile: Some(profile.into()), ..placement("ada") };
    for _ in 0..5 {
        let error = connect.ensure(&wanted("Night")).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_REFUSED);
    }
    assert_eq!(house.calls("UpdateUserRoutingProfile"), Calls { good: 0, bad: 1 });
    connect.ensure(&wanted("Sales")).await.unwrap();
    assert_eq!(house.calls("UpdateUserRoutingProfile"), Calls { good: 1, bad: 1 });
}

#[tokio::test]
async fn a_full_quota_and_a_missing_permission_are_not_asked_again_for_one_person() {
    let house = House::kind().await;
    for (error, wanted) in [
        ("LimitExceededException", &code::CONNECT_QUOTA),
        ("AccessDeniedException", &code::CONNECT_ACCESS_DENIED),
    ] {
        let connect = house.connect();
        fail(&house, "CreateUser", error, usize::MAX);
        house.emulator.clear_history();
        for _ in 0..5 {
            assert_eq!(connect.ensure(&placement("new.agent")).await.unwrap_err().code(), wanted);
        }
        assert_eq!(house.calls("CreateUser"), Calls { good: 0, bad: 1 }, "{error}");
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_never_remembered() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    for (operation, error, times) in [
        ("DescribeUser", "InternalServiceException", 3),
        ("AssumeRole", "ServiceUnavailable", 3),
        ("GetFederationToken", "InternalServiceException", 3),
        ("AssumeRole", "ExpiredTokenException", 1),
        ("DescribeUser", "UnrecognizedClientException", 1),
    ] {
        let (connect, federation) = (house.connect(), house.federation());
        fail(&house, operation, error, times);
        if operation == "DescribeUser" {
            connect.ensure(&placement("ada")).await.unwrap_err();
            connect.ensure(&placement("ada")).await.unwrap();
        } else {
            federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
            federation.token_for(&user, house.in_an_hour()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_token_that_aws_refuses_is_asked_for_once_in_a_while() {
    let house = House::kind().await;
    house.emulator.adjust(|behaviour| behaviour.bind_users_to_roles = true);
    let user = house.user("ada").await;
    let before = house.federation_with(|settings| settings.role_arn = role("another"));
    before.token_for(&user, house.in_an_hour()).await.unwrap();
    house.emulator.clear_history();
    let federation = Arc::new(house.federation());
    let (mut windows, not_after) = (JoinSet::new(), house.in_an_hour());
    for _ in 0..500 {
        let (federation, user) = (Arc::clone(&federation), user.clone());
        windows.spawn(async move { federation.token_for(&user, not_after).await.map(drop) });
    }
    let refused = |outcome: &Result<(), federation::Error>| matches!(outcome, Err(error) if error.code() == &code::FEDERATION_ROLE_BINDING);
    assert!(windows.join_all().await.iter().all(refused));
    assert_eq!(house.calls("GetFederationToken"), Calls { good: 0, bad: 1 });
    assert_eq!(house.calls("AssumeRole").good, 1);
    assert!(federation.is_refused(&user).await);
    federation.purge(&user.username).await;
    assert!(!federation.is_refused(&user).await, "somebody's place changed: it is asked anew");
    house.emulator.adjust(|behaviour| behaviour.bind_users_to_roles = false);
    federation.token_for(&user, not_after).await.unwrap();
}

#[tokio::test]
async fn a_console_that_is_refused_is_not_asked_for_again_either() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation_with(|settings| {
        settings.hand_off = federation::HandOffMode::Console;
        settings.role_arn = role("with-external-id");
    });
    for _ in 0..5 {
        let error = federation.hand_off(&user, "/", house.in_an_hour()).await.unwrap_err();
        assert_eq!(error.code(), &code::FEDERATION_ROLE);
    }
    assert_eq!(house.calls("AssumeRole"), Calls { good: 0, bad: 1 });
}

#[tokio::test]
async fn with_zero_seconds_every_question_is_asked() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let connect = house.connect_with(|settings| settings.refusal_for = Duration::ZERO);
    let federation = house.federation_with(|settings| {
        settings.refusal_for = Duration::ZERO;
        settings.role_arn = role("with-external-id");
    });
    fail(&house, "CreateUser", "LimitExceededException", usize::MAX);
    for _ in 0..3 {
        connect.ensure(&placement("new.agent")).await.unwrap_err();
        federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    }
    assert_eq!(house.calls("CreateUser"), Calls { good: 0, bad: 3 });
    assert_eq!(house.calls("AssumeRole"), Calls { good: 0, bad: 3 });
}

fn soft_phone() -> Phone {
    let kind = PhoneType::SoftPhone;
    Phone { kind, auto_accept: true, after_contact_work_seconds: 7, desk_number: None }
}

/// How often each listing was read.
fn listed(house: &House) -> [usize; 3] {
    ["ListSecurityProfiles", "ListRoutingProfiles", "ListUserHierarchyGroups"]
        .map(|call| house.calls(call).good)
}

#[tokio::test]
async fn a_value_that_aws_refuses_is_no_reason_to_read_names_again_and_again() {
    let house = House::kind().await;
    let connect = house.connect();
    connect.ensure(&placement("ada")).await.unwrap();
    house.clock.advance(Duration::from_mins(2));
    // No id goes with these calls.
    for operation in ["UpdateUserIdentityInfo", "UpdateUserPhoneConfig"] {
        house.emulator.clear_history();
        fail(&house, operation, "InvalidParameterException", usize::MAX);
        let otherwise = |name: &str| Placement {
            first_name: Some(operation.to_owned()),
            phone: Some(soft_phone()),
            ..placement(name)
        };
        connect.ensure(&otherwise("ada")).await.unwrap_err();
        house.emulator.adjust(|behaviour| behaviour.failing.clear());
        connect.ensure(&otherwise("Grace.Hopper")).await.unwrap();
        assert_eq!(listed(&house), [0; 3], "{operation}");
    }
    // And with this one: once, and then not for a minute.
    fail(&house, "CreateUser", "InvalidParameterException", usize::MAX);
    house.emulator.clear_history();
    for number in 0..5 {
        connect.ensure(&placement(&format!("new.{number}"))).await.unwrap_err();
        house.clock.advance(Duration::from_secs(10));
    }
    assert_eq!(listed(&house), [1, 1, 0]);
    house.clock.advance(Duration::from_mins(1));
    connect.ensure(&placement("new.6")).await.unwrap_err();
    connect.ensure(&placement("new.7")).await.unwrap_err();
    assert_eq!(listed(&house), [2, 2, 0]);
}
