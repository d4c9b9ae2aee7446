//! One user's token.

use std::time::Duration;

use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use connect_gateway::federation::Error;
use connect_gateway::model::{Blamed, ConnectUser, Secret, code};

use crate::house::{Calls, House, arn, budget, fast, gateway, identity, nobody, placement, reader, role};

const NONE: Calls = Calls { good: 0, bad: 0 };
const ONE: Calls = Calls { good: 1, bad: 0 };

#[tokio::test]
async fn a_token_is_asked_for_in_the_users_own_name_and_kept() {
    let house = House::kind().await;
    let user = house.user("Grace.Hopper").await;
    let federation = house.federation();
    let token = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    let again = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(token, again);
    assert_eq!(token.user_id, user.id);
    assert_eq!((house.calls("AssumeRole"), house.calls("GetFederationToken")), (ONE, ONE));
    let history = house.emulator.history();
    let asked = history.iter().find(|entry| entry.operation == "GetFederationToken").unwrap();
    assert_eq!(asked.principal.as_deref(), Some("Grace.Hopper"));
}

#[tokio::test]
async fn users_never_get_each_others_tokens() {
    let house = House::kind().await;
    let federation = house.federation();
    let (ada, grace) = (house.user("ada").await, house.user("Grace.Hopper").await);
    let one = federation.token_for(&ada, house.in_an_hour()).await.unwrap();
    let other = federation.token_for(&grace, house.in_an_hour()).await.unwrap();
    assert_eq!((&one.user_id, &other.user_id), (&ada.id, &grace.id));
    assert_ne!(one.access_token, other.access_token);
}

#[tokio::test]
async fn a_token_is_replaced_ahead_of_its_end_and_while_the_old_one_still_serves() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation();
    let first = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(federation.refresh_due(), []);
    house.clock.advance(Duration::from_mins(46));
    assert_eq!(federation.refresh_due(), std::slice::from_ref(&user.username));
    assert_eq!(federation.token_for(&user, house.in_an_hour()).await.unwrap(), first);
    house.emulator.advance(Duration::from_mins(46));
    federation.refresh(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(federation.refresh_due(), []);
    let second = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(house.calls("GetFederationToken").good, 2);
}

#[tokio::test]
async fn a_refresh_that_fails_keeps_the_token_and_one_of_nobody_asks_nothing() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation();
    federation.refresh(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(house.calls("AssumeRole"), NONE);
    let first = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    house.emulator.set_fault_rate(1.0);
    let error = federation.refresh(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_UNAVAILABLE);
    assert_eq!(federation.token_for(&user, house.in_an_hour()).await.unwrap(), first);
}

#[tokio::test]
async fn a_purged_token_is_not_served_again() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation();
    let first = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    federation.purge(&user.username).await;
    let second = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_ne!(first.access_token, second.access_token);
}

#[tokio::test]
async fn nothing_is_served_to_a_session_that_is_over() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation();
    let soon = house.in_an_hour();
    federation.token_for(&user, soon).await.unwrap();
    house.emulator.clear_history();
    house.clock.advance(Duration::from_mins(61));
    assert_eq!(federation.token_for(&user, soon).await.unwrap_err(), Error::SessionOver);
    assert_eq!(federation.hand_off(&user, "/", soon).await.unwrap_err(), Error::SessionOver);
    assert_eq!(federation.refresh(&user, soon).await.unwrap_err(), Error::SessionOver);
    assert_eq!(house.all_calls(), [""; 0]);
}

#[tokio::test]
async fn a_token_is_not_taken_from_another_address_than_the_instances() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation_with(|settings| {
        settings.url = "https://acme.my.connect.aws".parse().unwrap();
    });
    let error = federation.hand_off(&user, "/", house.in_an_hour()).await.unwrap_err();
    assert_eq!((&error, error.code()), (&Error::SignInUrl, &code::FEDERATION_SIGN_IN_URL));
}

#[tokio::test]
async fn a_user_that_is_bound_to_another_role_is_told_apart() {
    let house = House::kind().await;
    house.emulator.adjust(|behaviour| behaviour.bind_users_to_roles = true);
    let user = house.user("ada").await;
    let before = house.federation_with(|settings| settings.role_arn = role("another"));
    before.token_for(&user, house.in_an_hour()).await.unwrap();
    let error = house.federation().token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE_BINDING);
}

#[tokio::test]
async fn a_role_that_refuses_the_source_identity_is_named_and_can_be_used_without_it() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let with = |source_identity| {
        house.federation_with(|settings| {
            settings.role_arn = role("without-source-identity");
            settings.source_identity = source_identity;
        })
    };
    let error = with(true).token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE);
    assert_eq!(error.missing_permission().as_deref(), Some("sts:SetSourceIdentity"));
    assert!(error.to_string().contains("sts:SetSourceIdentity"), "{error}");
    with(false).token_for(&user, house.in_an_hour()).await.unwrap();
    let told_before_deployment = with(true).check(&user.username).await.unwrap_err();
    assert!(told_before_deployment.to_string().contains("sts:SetSourceIdentity"), "{told_before_deployment}");
    with(false).check(&user.username).await.unwrap();
}

#[tokio::test]
async fn sessions_are_tagged_where_the_trust_policy_allows_it() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let at = |name: &str| {
        house.federation_with(|settings| {
            settings.role_arn = role(name);
            settings.session_tags = [("Application".to_owned(), "connect-gateway".to_owned())].into();
        })
    };
    let error = at("connect-federation").token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE);
    assert!(error.to_string().contains("sts:TagSession"), "the tags were sent: {error}");
    at("tagged").token_for(&user, house.in_an_hour()).await.unwrap();
}

#[tokio::test]
async fn the_external_id_of_the_trust_policy_is_sent() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let with = |id: Option<&str>| {
        house.federation_with(|settings| {
            settings.role_arn = role("with-external-id");
            settings.external_id = id.map(Secret::new);
        })
    };
    for wrong in [None, Some("a-guess")] {
        let error = with(wrong).token_for(&user, house.in_an_hour()).await.unwrap_err();
        assert_eq!(error.code(), &code::FEDERATION_ROLE);
        assert!(!format!("{error} {error:?}").contains("a-guess"));
    }
    with(Some("shared-by-both")).token_for(&user, house.in_an_hour()).await.unwrap();
}

#[tokio::test]
async fn a_role_without_the_permission_is_named() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation_with(|settings| settings.role_arn = role("without-permission"));
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_PERMISSION);
    assert_eq!(error.missing_permission().as_deref(), Some("connect:GetFederationToken"), "{error}");
}

#[tokio::test]
async fn each_wrong_setting_of_the_gateway_has_its_code() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let not_trusted = house.federation_as(&reader(), fast(), |_| {});
    let error = not_trusted.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE);
    let no_such_key = house.federation_as(&identity("AKIANOBODYNOBODY0001", "wrong"), fast(), |_| {});
    let error = no_such_key.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_CREDENTIALS);
    let no_instance =
        house.federation_with(|settings| settings.arn = arn("33333333-3333-4333-8333-333333333333"));
    let error = no_instance.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::CONNECT_NO_INSTANCE);
}

#[tokio::test]
async fn base_credentials_that_can_not_be_had_are_told() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let none = provide_credentials_fn(|| async { Err(CredentialsError::not_loaded("none here")) });
    let sdk = gateway().into_builder().credentials_provider(SharedCredentialsProvider::new(none)).build();
    let federation = house.federation_as(&sdk, fast(), |_| {});
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_NO_CREDENTIALS, "{error}");
}

#[tokio::test]
async fn base_credentials_that_are_expired_are_told_apart() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let ended = SharedCredentialsProvider::new(house.short_lived().await);
    let sdk = gateway().into_builder().credentials_provider(ended).build();
    house.emulator.advance(Duration::from_hours(2));
    let error = house.federation_as(&sdk, fast(), |_| {}).token_for(&user, house.in_an_hour()).await;
    assert_eq!(error.unwrap_err().code(), &code::FEDERATION_EXPIRED_CREDENTIALS);
    let error = house.connect_as(&sdk, fast(), |_| {}).ensure(&placement("ada")).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_EXPIRED_CREDENTIALS, "{error}");
}

#[tokio::test]
async fn a_user_that_connect_does_not_know_is_given_up_within_a_bound() {
    let house = House::kind().await;
    let federation = house.federation_with(|settings| settings.place_kept_for = Duration::from_millis(700));
    let error = federation.token_for(&nobody(), house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_NO_USER);
    assert_eq!(house.calls("GetFederationToken"), Calls { good: 0, bad: 2 });
}

#[tokio::test]
async fn a_token_of_a_user_that_was_created_anew_is_refused() {
    let house = House::kind().await;
    let user = ConnectUser { id: nobody().id, ..house.user("ada").await };
    let error = house.federation().token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::OtherUser);
}

#[tokio::test]
async fn no_role_is_assumed_for_a_token_that_can_not_be_asked_for_yet() {
    let house = House::kind().await;
    let (ada, grace) = (house.user("ada").await, house.user("Grace.Hopper").await);
    let federation = house.federation_as(&gateway(), budget(0.01, 2), |settings| {
        settings.patience = Duration::from_secs(1);
    });
    federation.token_for(&ada, house.in_an_hour()).await.unwrap();
    let error = federation.token_for(&grace, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::BUSY);
    assert!(error.retry_after().unwrap() > Duration::from_secs(90));
    assert_eq!(house.calls("AssumeRole"), ONE);
}
