//! One gateway, instances in accounts and Regions of their own.

use std::time::Duration;

use connect_gateway::connect::Connect;
use connect_gateway::emulator::{Behaviour, Rates, Seed};
use connect_gateway::federation::{Federation, ProvisioningRole, provisioning_identity};
use connect_gateway::model::{Blamed as _, InstanceArn, Pace, Secret, code};

use crate::house::{House, fast, gateway, identity, placement, real_rates};

const NORTH: &str = "arn:aws:connect:eu-west-2:111111111111:instance/11111111-1111-4111-8111-111111111111";
const SOUTH: &str = "arn:aws:connect:us-west-2:222222222222:instance/22222222-2222-4222-8222-222222222222";

async fn house(behaviour: Behaviour) -> House {
    House::with(Seed::parse(include_str!("two_accounts.toml")).unwrap(), behaviour).await
}

fn role(account: &str, external_id: Option<&str>) -> ProvisioningRole {
    let role_arn = format!("arn:aws:iam::{account}:role/provisioning");
    ProvisioningRole { role_arn, external_id: external_id.map(Secret::new) }
}

fn north() -> ProvisioningRole {
    role("111111111111", None)
}

fn south() -> ProvisioningRole {
    role("222222222222", Some("south-only"))
}

/// The instance's users, by its own provisioning role, or by the gateway's own identity.
fn users(house: &House, arn: &str, role: Option<ProvisioningRole>, pace: &Pace) -> Connect {
    let arn: InstanceArn = arn.parse().unwrap();
    let own = gateway();
    let assumed = role.map(|role| {
        provisioning_identity(&own, role, &arn, Some(&house.api()), (pace.clone(), house.clock.clone()))
    });
    house.connect_as(assumed.as_ref().unwrap_or(&own), pace.clone(), |settings| settings.arn = arn)
}

fn tokens(house: &House, arn: &str, alias: &str, pace: &Pace) -> Federation {
    house.federation_as(&gateway(), pace.clone(), |settings| {
        settings.arn = arn.parse().unwrap();
        settings.url = house.emulator.site_url(alias).parse().unwrap();
        settings.role_arn = format!("arn:aws:iam::{}:role/federation", settings.arn.account);
    })
}

#[tokio::test]
async fn one_gateway_signs_people_in_to_instances_of_two_accounts_and_regions() {
    let house = house(Behaviour::kind()).await;
    let pace = fast();
    for (arn, alias, role, name) in [(NORTH, "acme", north(), "nora"), (SOUTH, "south", south(), "sol")] {
        let user = users(&house, arn, Some(role), &pace).ensure(&placement(name)).await.unwrap();
        assert_eq!(house.emulator.usernames(alias), [name]);
        let token = tokens(&house, arn, alias, &pace).token_for(&user, house.in_an_hour()).await.unwrap();
        assert_eq!(token.user_id, user.id);
    }
    let uses = pace.budget().uses().into_iter().map(|used| used.call);
    let created: Vec<_> =
        uses.filter(|call| call.operation == "CreateUser").map(|call| (call.account, call.region)).collect();
    assert_eq!(created.len(), 2, "a budget for each account and Region: {created:?}");
}

#[tokio::test]
async fn the_gateways_own_identity_alone_does_not_reach_the_other_account() {
    let house = house(Behaviour::kind()).await;
    let error = users(&house, SOUTH, None, &fast()).ensure(&placement("sol")).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_NO_INSTANCE, "{error}");
    let other = users(&house, SOUTH, Some(north()), &fast()).ensure(&placement("sol")).await.unwrap_err();
    assert_eq!(other.code(), &code::CONNECT_ACCESS_DENIED, "{other}");
    assert_eq!(house.emulator.usernames("south"), [""; 0]);
}

#[tokio::test]
async fn a_wrong_external_id_of_the_provisioning_role_has_its_own_code() {
    let house = house(Behaviour::kind()).await;
    for wrong in [None, Some("a-guess")] {
        let connect = users(&house, SOUTH, Some(role("222222222222", wrong)), &fast());
        let error = connect.ensure(&placement("sol")).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_PROVISIONING_ROLE, "{error}");
        assert_eq!(error.missing_permission().as_deref(), Some("sts:AssumeRole"));
        assert!(error.to_string().starts_with("AssumeRole failed: AccessDenied"), "{error}");
        assert!(!format!("{error} {error:?}").contains("a-guess"));
    }
}

#[tokio::test]
async fn the_role_is_assumed_once_for_many_calls_and_again_ahead_of_its_end() {
    let house = house(Behaviour::kind()).await;
    let pace = fast();
    let connect = users(&house, NORTH, Some(north()), &pace);
    for name in ["ada", "bo", "cy"] {
        connect.ensure(&placement(name)).await.unwrap();
    }
    assert_eq!(house.calls("AssumeRole").good, 1);
    let counted = pace.budget().uses().into_iter().filter(|used| used.call.operation == "AssumeRole");
    assert_eq!(counted.count(), 1, "the budget counts it");
    // AWS ends the session early: the machine's clock does not know, and the person is told who must act.
    house.emulator.advance(Duration::from_hours(2));
    let error = connect.ensure(&placement("dee")).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_EXPIRED_CREDENTIALS, "{error}");
}

#[tokio::test]
async fn sts_that_throttles_is_waited_for() {
    let house = house(Behaviour { throttle: Some(Rates::default()), ..Behaviour::kind() }).await;
    let pace = real_rates();
    users(&house, NORTH, Some(north()), &pace).ensure(&placement("ada")).await.unwrap();
}

#[tokio::test]
async fn a_gateway_without_usable_credentials_is_told_as_such() {
    let house = house(Behaviour::kind()).await;
    let arn: InstanceArn = NORTH.parse().unwrap();
    let nobody = identity("AKIANOBODYNOBODY0001", "wrong");
    let assumed =
        provisioning_identity(&nobody, north(), &arn, Some(&house.api()), (fast(), house.clock.clone()));
    let connect = house.connect_as(&assumed, fast(), |settings| settings.arn = arn);
    let error = connect.ensure(&placement("ada")).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_CREDENTIALS, "{error}");
}
