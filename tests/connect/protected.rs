//! Names that are never federated and profiles that are never granted.

use connect_gateway::connect::{Error, Provisioning};
use connect_gateway::model::{Blamed, ConnectUser, Placement, Username, code};

use crate::house::{House, names, nobody, placement};

#[tokio::test]
async fn a_protected_user_is_refused_before_any_call() {
    let house = House::kind().await;
    for name in ["Admin", "admin", "ADMIN"] {
        let error = house.connect().ensure(&placement(name)).await.unwrap_err();
        assert_eq!((&error, error.code()), (&Error::ProtectedUsername, &code::CONNECT_PROTECTED_USER));
        let user = ConnectUser { username: Username::new(name).unwrap(), ..nobody() };
        let federation = house.federation();
        let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_PROTECTED_USER);
        assert!(federation.hand_off(&user, "/", house.in_an_hour()).await.is_err());
        assert!(federation.refresh(&user, house.in_an_hour()).await.is_err());
    }
    assert_eq!(house.all_calls(), [""; 0]);
}

#[tokio::test]
async fn a_protected_profile_is_never_granted() {
    let house = House::kind().await;
    for profile in ["Admin", "aDMIN"] {
        let wanted = Placement { security_profiles: names(&["Agent", profile]), ..placement("ada") };
        let error = house.connect().ensure(&wanted).await.unwrap_err();
        assert_eq!(error.code(), &code::CONNECT_PROTECTED_PROFILE);
    }
    assert_eq!(house.all_calls(), [""; 0]);
}

#[tokio::test]
async fn a_user_that_holds_a_protected_profile_is_refused_whatever_may_be_provisioned() {
    let house = House::kind().await;
    for provisioning in [Provisioning::Off, Provisioning::Create, Provisioning::Sync] {
        let connect = house.connect_with(|settings| settings.provisioning = provisioning);
        let error = connect.ensure(&placement("root.ish")).await.unwrap_err();
        assert_eq!(error, Error::ProtectedProfile("Admin".into()), "{provisioning:?}");
    }
    assert_eq!(house.writes(), [""; 0], "and its profiles are not touched");
}

#[tokio::test]
async fn a_profile_granted_by_hand_is_noticed_when_the_user_is_described_again() {
    let house = House::kind().await;
    let connect = house.connect();
    connect.ensure(&placement("ada")).await.unwrap();
    house.emulator.put_users_profiles("acme", "ada", &["Agent", "Admin"]).unwrap();
    house.clock.advance(std::time::Duration::from_secs(61));
    assert!(matches!(connect.ensure(&placement("ada")).await, Err(Error::ProtectedProfile(_))));
}
