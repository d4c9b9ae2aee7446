//! The identity provider's answer to a logout request of ours.

use connect_gateway::model::{IdpName, LogoutStatus, PendingLogout, RequestId};
use connect_gateway::saml::Error;
use time::macros::datetime;

use crate::gateway::assert_refused;
use crate::idp::{REQUEST_ID, STRANGER};
use crate::logout_idp::{Message, both_services, gateway, shared, status};

fn pending() -> PendingLogout {
    PendingLogout {
        request_id: RequestId::new(REQUEST_ID),
        idp: IdpName::new("company"),
        started_at: datetime!(2026-03-01 09:29:30.9 UTC),
        entered: [].into(),
    }
}

/// What a gateway says of an answer, the same by both bindings.
async fn verdict(change: impl FnOnce(&mut Message)) -> Result<LogoutStatus, Error> {
    let message = Message::response(REQUEST_ID, change);
    let gateway = gateway(&both_services());
    let verdict = gateway.saml.verify_logout_response(shared(message.posted()), &pending()).await;
    let redirected = gateway.saml.verify_logout_response(shared(message.redirected()), &pending()).await;
    assert_eq!(format!("{verdict:?}"), format!("{redirected:?}"));
    verdict
}

#[tokio::test]
async fn an_answer_says_how_far_the_logout_went() {
    for (top, below, expected) in [
        ("Success", None, LogoutStatus::Complete),
        ("Success", Some("PartialLogout"), LogoutStatus::Partial),
        ("Responder", Some("PartialLogout"), LogoutStatus::Partial),
        ("PartialLogout", None, LogoutStatus::Partial),
        ("Success", Some("SomethingElse"), LogoutStatus::Partial),
        ("Responder", None, LogoutStatus::Failed),
        ("Requester", Some("UnknownPrincipal"), LogoutStatus::Failed),
    ] {
        let found = verdict(|m| m.content = status(top, below)).await.unwrap();
        assert_eq!(found, expected, "{top} {below:?}");
    }
}

#[tokio::test]
async fn an_answer_that_anybody_could_have_made_confirms_nothing() {
    assert_refused!(verdict(|m| m.key = &STRANGER).await, Error::Signature);
    let message = Message::response(REQUEST_ID, |_| {});
    let unsigned = shared(message.form(&message.unsigned()));
    let verdict = gateway(&both_services()).saml.verify_logout_response(unsigned, &pending()).await;
    assert_refused!(verdict, Error::LogoutUnsigned);
}

#[tokio::test]
async fn an_answer_to_another_request_or_to_none_confirms_nothing() {
    assert_refused!(verdict(|m| m.more = r#"InResponseTo="_other""#.to_owned()).await, Error::InResponseTo);
    assert_refused!(verdict(|m| m.more = String::new()).await, Error::InResponseTo);
}

#[tokio::test]
async fn an_answer_of_another_issuer_confirms_nothing() {
    let other = "<saml:Issuer>https://other.test/metadata</saml:Issuer>";
    assert_refused!(verdict(|m| m.issuer = other.to_owned()).await, Error::Issuer);
}

#[tokio::test]
async fn an_answer_addressed_elsewhere_confirms_nothing() {
    let other = Some("https://other.test/saml/logout".to_owned());
    assert_refused!(verdict(|m| m.destination = other).await, Error::LogoutDestination);
    assert_refused!(verdict(|m| m.destination = None).await, Error::LogoutDestination);
}

#[tokio::test]
async fn an_answer_from_before_the_request_or_from_the_future_confirms_nothing() {
    for issued in ["2026-03-01T09:28:29Z", "2026-03-01T09:31:01Z", "now"] {
        assert_refused!(verdict(|m| m.issued = Some(issued.to_owned())).await, Error::LogoutExpired);
    }
    for issued in ["2026-03-01T09:28:30Z", "2026-03-01T09:31:00Z"] {
        assert!(verdict(|m| m.issued = Some(issued.to_owned())).await.is_ok(), "{issued}");
    }
}

#[tokio::test]
async fn an_answer_of_another_version_or_kind_confirms_nothing() {
    assert_refused!(verdict(|m| m.version = "1.1".to_owned()).await, Error::Version);
    assert_refused!(verdict(|m| m.kind = "ArtifactResponse").await, Error::Forbidden(_));
}

#[tokio::test]
async fn an_answer_without_relay_state_says_in_its_text_which_request_it_is_for() {
    let gateway = gateway(&both_services());
    let message = Message::response(REQUEST_ID, |_| {});
    let with = gateway.saml.answered_request(shared(message.posted())).await.unwrap();
    assert_eq!(with.as_str(), "relay & state");
    let field = Some(crate::idp::encode(message.signed()));
    let without = shared(connect_gateway::saml::LogoutMessage::from_form(None, field, None));
    assert_eq!(gateway.saml.answered_request(without).await.unwrap().as_str(), REQUEST_ID);
}
