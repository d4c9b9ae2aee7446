//! An assertion is used once.

use connect_gateway::saml::Error;
use time::Duration;
use time::macros::datetime;

use crate::gateway::{Gateway, Used, assert_alice, assert_refused, code, company, pending, settings};
use crate::idp::{Answer, Confirmation, ENTITY_ID, IDP, metadata};

#[tokio::test]
async fn an_assertion_is_used_once() {
    let gateway = Gateway::new();
    let xml = Answer::default().xml();
    assert_alice(gateway.verify(&xml).await);
    assert_refused!(gateway.verify(&xml).await, Error::Replay);
    let rewrapped = Answer::with(|a| a.response_id = "_again".to_owned()).xml();
    assert_refused!(gateway.verify(&rewrapped).await, Error::Replay);
}

/// Whatever the later confirmation is for, and wherever it stands.
#[tokio::test]
async fn a_used_assertion_is_remembered_until_all_its_bearer_confirmations_are_over() {
    let end = Some("2026-03-01T10:00:00Z".to_owned());
    let later = Confirmation { not_on_or_after: end, ..Confirmation::default() };
    let for_another_request = Confirmation { in_response_to: Some("_another".to_owned()), ..later.clone() };
    let for_another_service =
        Confirmation { recipient: Some("https://other.test/".to_owned()), ..later.clone() };
    for later in [later, for_another_request, for_another_service] {
        for place in [0, 1] {
            let gateway = Gateway::new();
            let answer = Answer::with(|a| a.confirmations.insert(place, later.clone()));
            assert_alice(gateway.verify(answer.xml()).await);
            let seen = gateway.used.seen.lock().unwrap();
            let (key, until) = seen.iter().next().unwrap();
            assert_eq!((key.issuer.as_str(), key.assertion_id.as_str()), (ENTITY_ID, "_assertion"));
            assert_eq!(*until, datetime!(2026-03-01 10:01 UTC));
        }
    }
}

#[tokio::test]
async fn a_refused_answer_uses_nothing_up() {
    let gateway = Gateway::new();
    let wrong = Answer::with(|a| a.audiences.clear());
    assert_refused!(gateway.verify(wrong.xml()).await, Error::Audience);
    assert_alice(gateway.verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn nobody_gets_in_when_the_replay_store_is_down() {
    let used = Used { down: true, ..Used::default() };
    let gateway = Gateway::build(settings(), company(metadata(&[&IDP])), used).unwrap();
    assert_eq!(code(gateway.verify(Answer::default().xml()).await), "gateway.state_unavailable");
}

/// What a store loses is its last moments: the record of a request may come back without the one of its answer's use.
#[tokio::test]
async fn an_answer_to_a_request_from_before_a_loss_is_refused_unless_it_was_issued_after_it() {
    let began = pending().started_at;
    let just_after = began + Duration::milliseconds(1);
    for (since, issued, is_remembered) in [
        (began, "2026-03-01T09:29:55Z", true),
        (just_after, "2026-03-01T09:29:55Z", false),
        (just_after, "2026-03-01T09:30:30.001Z", false),
        (just_after, "2026-03-01T09:30:30.002Z", true),
    ] {
        let used = Used { since: Some(since), ..Used::default() };
        let gateway = Gateway::build(settings(), company(metadata(&[&IDP])), used).unwrap();
        let outcome =
            gateway.verify(Answer::with(|a| issued.clone_into(&mut a.assertion_issued)).xml()).await;
        if is_remembered {
            assert_alice(outcome);
        } else {
            assert_refused!(outcome, Error::NotRemembered);
        }
    }
}
