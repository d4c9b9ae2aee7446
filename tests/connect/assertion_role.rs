//! Credentials by the person's own answer from the identity provider.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use connect_gateway::emulator::{Behaviour, Failing, IdpOptions, Options, Seed};
use connect_gateway::federation::{
    AssertionFault, CredentialSource, Error, Federation, HandOffMode, Settings,
};
use connect_gateway::model::{
    Blamed, Clock as _, ConnectUser, HandOff, Identity, IdpName, OriginalAnswer, Secret, SessionId, Username,
    code,
};
use reqwest::StatusCode;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use time::OffsetDateTime;

use crate::house::{ACME, Calls, House, fast, gateway, nobody, role};

const NONE: Calls = Calls { good: 0, bad: 0 };
const ONE: Calls = Calls { good: 1, bad: 0 };
const ENTITY: &str = "https://gateway.test/saml/metadata";
const ACS: &str = "https://gateway.test/saml/acs";
const FOR_AWS: &str = "urn:amazon:webservices";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/emulated";
const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
const SESSION_NAME: &str = "https://aws.amazon.com/SAML/Attributes/RoleSessionName";

async fn house_with(change: impl FnOnce(&mut IdpOptions)) -> House {
    let seed = Seed::parse(include_str!("acme.toml")).unwrap();
    let mut options = Options { behaviour: Behaviour::kind(), ..Options::loopback(seed) };
    change(&mut options.idp);
    let house = House::of(options).await;
    house.emulator.trust_service_provider(ENTITY, ACS);
    house
}

/// A house whose identity provider issues for AWS as well.
pub(crate) async fn house() -> House {
    house_with(|idp| idp.audiences = vec![FOR_AWS.to_owned()]).await
}

/// Nobody's identity: whatever asks for it fails.
fn nobodys() -> SdkConfig {
    let none = provide_credentials_fn(|| async { Err(CredentialsError::not_loaded("none here")) });
    gateway().into_builder().credentials_provider(SharedCredentialsProvider::new(none)).build()
}

fn by_assertion(settings: &mut Settings) {
    settings.role_arn = role("path/by-assertion");
    settings.source_identity = false;
    settings.credentials =
        CredentialSource::Assertion { provider_arn: PROVIDER.to_owned(), duration: Duration::from_hours(1) };
}

fn federation(house: &House) -> Federation {
    federation_with(house, |_| {})
}

pub(crate) fn federation_with(house: &House, change: impl FnOnce(&mut Settings)) -> Federation {
    house.federation_as(&nobodys(), fast(), |settings| {
        by_assertion(settings);
        change(settings);
    })
}

/// What the emulator's identity provider posts for this person.
async fn response(house: &House, uid: &str) -> Secret {
    let form = [("provider", ENTITY), ("uid", uid)];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client.post(format!("{}/portal", house.emulator.idp_url())).form(&form).send().await.unwrap();
    let page = page.text().await.unwrap();
    let value = page.split_once("name=\"SAMLResponse\" value=\"").unwrap().1.split_once('"').unwrap().0;
    Secret::new(value)
}

/// What the gateway has read in an answer, or says so.
struct Said<'a> {
    pair: String,
    names: &'a [&'a str],
    session_end: Option<Duration>,
}

impl Said<'_> {
    fn of(self, house: &House, response: &Secret) -> Arc<OriginalAnswer> {
        let names = self.names.iter().map(|name| (*name).to_owned()).collect();
        let identity = Identity {
            idp: IdpName::new("emulated"),
            issuer: house.emulator.idp_metadata_url(),
            name_id: None,
            session_index: None,
            authn_context: None,
            authn_instant: house.clock.now(),
            session_not_on_or_after: self.session_end.map(|length| house.clock.now() + length),
            attributes: BTreeMap::from([
                (ROLE.to_owned(), vec![self.pair]),
                (SESSION_NAME.to_owned(), names),
            ]),
        };
        Arc::new(OriginalAnswer::new(response, house.clock.now(), &identity))
    }
}

fn said<'a>(names: &'a [&'a str]) -> Said<'a> {
    Said { pair: format!("{},{PROVIDER}", role("path/by-assertion")), names, session_end: None }
}

/// Ada's own answer, as the gateway reads it.
pub(crate) async fn adas(house: &House) -> Arc<OriginalAnswer> {
    said(&["ada"]).of(house, &response(house, "ada").await)
}

/// Presents an answer as that of the one session that there is.
pub(crate) async fn present(
    federation: &Federation,
    user: &ConnectUser,
    answer: &Arc<OriginalAnswer>,
    not_after: OffsetDateTime,
) -> Result<(), Error> {
    federation.present(user, &session(), Some(Arc::clone(answer)), not_after).await
}

fn session() -> SessionId {
    SessionId::new("this session")
}

/// What comes of an answer: and that nothing is kept of a refused one.
async fn presented(house: &House, user: &ConnectUser, answer: &Arc<OriginalAnswer>) -> Result<(), Error> {
    let federation = federation(house);
    let outcome = present(&federation, user, answer, house.in_an_hour()).await;
    if outcome.is_err() {
        let token = federation.token_for(user, house.in_an_hour()).await;
        assert_eq!(token.unwrap_err(), Error::AnswerNeeded);
    }
    outcome
}

#[tokio::test]
async fn a_token_comes_from_the_persons_answer_and_from_no_identity_of_ours() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::AnswerNeeded);
    present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
    let token = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(token.user_id, user.id);
    let (by_answer, by_ours) = (house.calls("AssumeRoleWithSAML"), house.calls("AssumeRole"));
    assert_eq!((by_answer, by_ours, house.calls("GetFederationToken")), (ONE, NONE, ONE));
    let history = house.emulator.history();
    let assumed = history.iter().find(|entry| entry.operation == "AssumeRoleWithSAML").unwrap();
    assert_eq!((assumed.principal.as_deref(), assumed.username.as_deref()), (None, Some("ada")));
}

#[tokio::test]
async fn tokens_are_renewed_without_the_person_until_the_credentials_end() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
    federation.token_for(&user, house.in_an_hour()).await.unwrap();
    house.clock.advance(Duration::from_mins(46));
    house.emulator.advance(Duration::from_mins(46));
    assert_eq!(federation.refresh_due(), std::slice::from_ref(&user.username));
    federation.refresh(&user, house.in_an_hour()).await.unwrap();
    assert_eq!((house.calls("GetFederationToken").good, house.calls("AssumeRoleWithSAML")), (2, ONE));

    house.clock.advance(Duration::from_mins(50));
    house.emulator.advance(Duration::from_mins(50));
    assert_eq!(federation.refresh_due(), [], "nothing can be renewed any more");
    federation.token_for(&user, house.in_an_hour()).await.expect("the token is served to its end");
    house.clock.advance(Duration::from_mins(10));
    house.emulator.advance(Duration::from_mins(10));
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::AnswerNeeded);
    present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
    federation.token_for(&user, house.in_an_hour()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_does_not_name_exactly_the_placed_user_is_not_shown_to_aws() {
    let house = house().await;
    let user = house.user("ada").await;
    let response = response(&house, "ada").await;
    for names in [&["Ada"][..], &["root.ish"], &["ada", "ada"], &["ada", "root.ish"], &[]] {
        let error = presented(&house, &user, &said(names).of(&house, &response)).await.unwrap_err();
        assert_eq!(
            (&error, error.code()),
            (&Error::SessionName, &code::FEDERATION_SESSION_NAME),
            "{names:?}"
        );
    }
    assert_eq!(house.calls("AssumeRoleWithSAML"), NONE);
}

#[tokio::test]
async fn an_answer_for_another_role_or_provider_is_not_shown_to_aws() {
    let house = house().await;
    let user = house.user("ada").await;
    let response = response(&house, "ada").await;
    let role = role("path/by-assertion");
    for pair in [format!("{role},{PROVIDER}2"), format!("{role}2,{PROVIDER}"), role, PROVIDER.to_owned()] {
        let answer = Said { pair, ..said(&["ada"]) }.of(&house, &response);
        let error = presented(&house, &user, &answer).await.unwrap_err();
        assert_eq!(
            (&error, error.code()),
            (&Error::Assertion(AssertionFault::Role), &code::FEDERATION_ASSERTION)
        );
    }
    assert_eq!(house.calls("AssumeRoleWithSAML"), NONE);
}

#[tokio::test]
async fn a_protected_user_is_refused_before_aws_is_asked() {
    let house = house().await;
    let response = response(&house, "ada").await;
    for name in ["Admin", "admin", "ADMIN"] {
        let user = ConnectUser { username: Username::new(name).unwrap(), ..nobody() };
        let answer = said(&[name]).of(&house, &response);
        let error = present(&federation(&house), &user, &answer, house.in_an_hour()).await.unwrap_err();
        assert_eq!(error, Error::ProtectedUsername);
    }
    let user = house.user("ada").await;
    let over = present(&federation(&house), &user, &adas(&house).await, house.clock.now()).await.unwrap_err();
    assert_eq!(over, Error::SessionOver);
    assert_eq!(house.calls("AssumeRoleWithSAML"), NONE);
}

#[tokio::test]
async fn credentials_of_another_session_than_was_asked_for_are_thrown_away() {
    let house = house().await;
    let user = house.user("ada").await;
    // As if AWS read another name in the same message.
    let misread = said(&["ada"]).of(&house, &response(&house, "grace").await);
    let error = presented(&house, &user, &misread).await.unwrap_err();
    assert_eq!((&error, error.code()), (&Error::OtherSession, &code::FEDERATION_SESSION_NAME));
    assert_eq!((house.calls("AssumeRoleWithSAML"), house.calls("GetFederationToken")), (ONE, NONE));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_shown_to_aws() {
    let house = house().await;
    let user = house.user("ada").await;
    let answer = said(&["ada"]).of(&house, &Secret::new("A".repeat(100_001)));
    let error = presented(&house, &user, &answer).await.unwrap_err();
    assert_eq!(error, Error::Assertion(AssertionFault::TooLong));
    assert_eq!(house.calls("AssumeRoleWithSAML"), NONE);
}

#[tokio::test]
async fn what_aws_does_not_take_is_the_identity_providers_to_mend() {
    let refused = async |house: &House, response: &Secret, said_by_aws: &str| {
        let user = house.user("ada").await;
        let error = presented(house, &user, &said(&["ada"]).of(house, response)).await.unwrap_err();
        assert_eq!(error.code(), &code::FEDERATION_ASSERTION, "{error}");
        assert!(error.to_string().contains(said_by_aws), "{error}");
        assert!(!error.to_string().contains("ada"), "{error}");
    };
    let not_for_aws = house_with(|_| {}).await;
    refused(&not_for_aws, &response(&not_for_aws, "ada").await, "InvalidIdentityToken").await;
    let house = house().await;
    refused(&house, &response(&house, "plain").await, "InvalidIdentityToken").await;
    refused(&house, &Secret::new("bm90IFhNTA=="), "InvalidIdentityToken").await;
    let old = response(&house, "ada").await;
    house.emulator.advance(Duration::from_secs(301));
    refused(&house, &old, "ExpiredTokenException").await;
}

#[tokio::test]
async fn a_trust_policy_that_does_not_take_the_answer_is_the_administrators_to_mend() {
    let house = house().await;
    let user = house.user("ada").await;
    house.emulator.trust_service_provider(ENTITY, "https://elsewhere.test/saml/acs");
    let error = presented(&house, &user, &adas(&house).await).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE);
    assert!(error.to_string().contains("SAML:aud"), "{error}");
    house.emulator.trust_service_provider(ENTITY, ACS);
    presented(&house, &user, &adas(&house).await).await.unwrap();
}

#[tokio::test]
async fn credentials_end_with_the_identity_providers_session_even_where_aws_gives_longer_ones() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    let ten = Duration::from_mins(10);
    let answer = Said { session_end: Some(ten), ..said(&["ada"]) };
    let answer = answer.of(&house, &response(&house, "ada").await);
    let left = Said { session_end: Some(Duration::from_mins(1)), ..said(&["ada"]) };
    present(&federation, &user, &answer, house.in_an_hour()).await.unwrap();
    house.clock.advance(Duration::from_mins(8));
    federation.token_for(&user, house.in_an_hour()).await.unwrap();
    house.clock.advance(Duration::from_mins(1));
    federation.purge(&user.username).await;
    let answer = left.of(&house, &response(&house, "ada").await);
    present(&federation, &user, &answer, house.in_an_hour()).await.unwrap();
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::AnswerNeeded, "not for the fifteen minutes that are the least AWS gives");
}

#[tokio::test]
async fn no_longer_credentials_are_asked_for_than_the_identity_providers_session_lasts() {
    let house = house().await;
    let user = house.user("ada").await;
    // The role allows one hour.
    let federation = federation_with(&house, |settings| {
        let duration = Duration::from_hours(2);
        settings.credentials = CredentialSource::Assertion { provider_arn: PROVIDER.to_owned(), duration };
    });
    let error = present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error.code(), &code::FEDERATION_ROLE, "{error}");
    let answer = Said { session_end: Some(Duration::from_mins(30)), ..said(&["ada"]) };
    let answer = answer.of(&house, &response(&house, "ada").await);
    present(&federation, &user, &answer, house.in_an_hour()).await.unwrap();
}

#[tokio::test]
async fn a_purge_drops_the_credentials_and_other_users_and_instances_have_none_of_them() {
    let house = house().await;
    let (ada, grace) = (house.user("ada").await, house.user("Grace.Hopper").await);
    let federation = federation(&house);
    present(&federation, &ada, &adas(&house).await, house.in_an_hour()).await.unwrap();
    let elsewhere = federation_with(&house, |_| {});
    for (federation, user) in [(&federation, &grace), (&elsewhere, &ada)] {
        let error = federation.token_for(user, house.in_an_hour()).await.unwrap_err();
        assert_eq!(error, Error::AnswerNeeded);
    }
    federation.token_for(&ada, house.in_an_hour()).await.unwrap();
    federation.purge(&ada.username).await;
    let error = federation.token_for(&ada, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::AnswerNeeded);
}

/// Presents Ada's answer and goes away as soon as AWS is being asked.
async fn go_away(house: &House, federation: &Federation, user: &ConnectUser) {
    let answer = adas(house).await;
    tokio::select! {
        biased;
        _ = present(federation, user, &answer, house.in_an_hour()) => panic!("nothing was to be waited for"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_lose_the_answer_and_whoever_comes_meanwhile_waits_for_it() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    go_away(&house, &federation, &user).await;
    let token = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    assert_eq!((token.user_id.clone(), house.calls("AssumeRoleWithSAML")), (user.id.clone(), ONE));
}

#[tokio::test]
async fn credentials_that_come_after_a_sign_out_are_kept_for_nobody() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    go_away(&house, &federation, &user).await;
    federation.purge(&user.username).await;
    while house.calls("AssumeRoleWithSAML") == NONE {
        tokio::task::yield_now().await;
    }
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!(error, Error::AnswerNeeded);
}

#[tokio::test]
async fn the_credentials_open_one_instance_whatever_the_role_may() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation_with(&house, |settings| settings.hand_off = HandOffMode::Console);
    present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
    let hand_off = federation.hand_off(&user, "/ccp-v2/", house.in_an_hour()).await.unwrap();
    let HandOff::Redirect(address) = hand_off else { panic!("console mode redirects") };
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let login = client.get(address.expose()).send().await.unwrap();
    let cookie = login.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let other = "22222222-2222-4222-8222-222222222222";
    for (instance, status) in [(ACME, StatusCode::SEE_OTHER), (other, StatusCode::FORBIDDEN)] {
        let page = format!("{}/connect/federate/{instance}", house.emulator.console_url());
        let answer = client.get(page).header(COOKIE, &cookie).send().await.unwrap();
        assert_eq!(answer.status(), status, "{instance}");
    }
}

#[tokio::test]
async fn nothing_of_an_answer_is_printed() {
    let house = house().await;
    let response = response(&house, "ada").await;
    let answer = said(&["ada"]).of(&house, &response);
    let printed = format!("{answer:?} {response:?}");
    assert!(!printed.contains(&response.expose()[..20]) && !printed.contains("ada"), "{printed}");
}

#[tokio::test]
async fn only_a_session_whose_own_answer_aws_has_taken_is_let_in() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    let answer = adas(&house).await;
    let until = house.in_an_hour();
    let other = SessionId::new("another session");
    let without = async |session: &SessionId| federation.present(&user, session, None, until).await;
    assert_eq!(without(&session()).await, Err(Error::AnswerNeeded));
    present(&federation, &user, &answer, until).await.unwrap();
    assert_eq!(present(&federation, &user, &answer, until).await, Ok(()), "it is used, and was its own");
    assert_eq!(without(&session()).await, Ok(()));
    assert_eq!(without(&other).await, Err(Error::AnswerNeeded), "the token that is there is not for it");
    let again = federation.present(&user, &other, Some(Arc::clone(&answer)), until).await;
    assert_eq!(again, Err(Error::AnswerNeeded), "an answer is used once");
    federation.present(&user, &other, Some(adas(&house).await), until).await.unwrap();
    assert_eq!((without(&session()).await, without(&other).await), (Ok(()), Ok(())));
    federation.purge(&user.username).await;
    assert_eq!(without(&other).await, Err(Error::AnswerNeeded));
    assert_eq!(house.calls("AssumeRoleWithSAML").good, 2);
}

#[tokio::test]
async fn a_request_that_comes_while_the_answer_is_shown_to_aws_waits_for_what_it_brings() {
    let house = house().await;
    let user = house.user("ada").await;
    let federation = federation(&house);
    let answer = adas(&house).await;
    let (until, session) = (house.in_an_hour(), session());
    let first = federation.present(&user, &session, Some(Arc::clone(&answer)), until);
    let second = federation.present(&user, &session, Some(answer), until);
    let sweep = async {
        tokio::task::yield_now().await;
        federation.refresh_due()
    };
    let (first, second, due) = tokio::join!(first, second, sweep);
    assert_eq!((first, second, due), (Ok(()), Ok(()), Vec::new()));
    assert_eq!(house.calls("AssumeRoleWithSAML"), ONE);
    federation.token_for(&user, until).await.unwrap();
}

#[tokio::test]
async fn credentials_that_aws_takes_no_more_are_dropped_and_a_fresh_answer_is_asked_for() {
    let over = (Error::AnswerNeeded.code(), "ExpiredTokenException");
    let wrong = (Error::AnswerNeeded.code(), "UnrecognizedClientException");
    let denied = (&code::FEDERATION_PERMISSION, "AccessDeniedException");
    for (expected, refusal) in [over, wrong, denied] {
        let house = house().await;
        let user = house.user("ada").await;
        let federation = federation_with(&house, |settings| settings.refusal_for = Duration::from_mins(5));
        present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
        let operation = "GetFederationToken".to_owned();
        let failing = Failing { operation, error: refusal.to_owned(), times: 1, loses_answers: false };
        house.emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
        let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
        assert_eq!(error.code(), expected, "{refusal}: {error}");
        let again = federation.present(&user, &session(), None, house.in_an_hour()).await;
        assert_eq!(again, Err(Error::AnswerNeeded), "{refusal}");
        present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
        federation.token_for(&user, house.in_an_hour()).await.expect("no refusal of before is repeated");
    }
}

#[tokio::test]
async fn credentials_are_not_used_past_their_end_by_a_clock_that_is_behind() {
    let house = house().await;
    let user = house.user("ada").await;
    house.emulator.set_clock_off(time::Duration::seconds(390));
    let federation = federation(&house);
    present(&federation, &user, &adas(&house).await, house.in_an_hour()).await.unwrap();
    house.clock.advance(Duration::from_mins(61));
    house.emulator.advance(Duration::from_mins(61));
    let error = federation.token_for(&user, house.in_an_hour()).await.unwrap_err();
    assert_eq!((error, house.calls("GetFederationToken")), (Error::AnswerNeeded, NONE));
}
