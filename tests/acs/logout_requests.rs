//! Logout requests of an identity provider, by both bindings: what ends sessions, and what ends nobody's.

use std::time::Duration;

use connect_gateway::model::{Identity, IdpName, NameId};
use connect_gateway::saml::{Error, IdpSettings, LogoutMessage, MetadataSource, Rule};
use time::macros::datetime;

use crate::encryption::with_keys;
use crate::encryptor::{Encryption, OURS};
use crate::gateway::{Gateway, Used, assert_refused, company, settings};
use crate::idp::{ENTITY_ID, SP_ENTITY_ID, STRANGER, metadata};
use crate::logout_idp::{
    EMAIL, Message, Query, alice, both_services, gateway, name, posted, redirected, subject, with_services,
};

/// Both bindings refuse the changed request for this reason.
macro_rules! assert_both_refuse {
    ($change:expr, $pattern:pat) => {{
        let message = Message::request($change);
        assert_refused!(posted(&message).await.map(drop), $pattern);
        assert_refused!(redirected(&message).await.map(drop), $pattern);
    }};
}

#[tokio::test]
async fn a_request_says_whose_sessions_by_both_bindings() {
    let message = Message::request(|_| {});
    for request in [posted(&message).await.unwrap(), redirected(&message).await.unwrap()] {
        assert_eq!(request.idp.as_str(), "company");
        assert_eq!(request.issuer, ENTITY_ID);
        assert_eq!(request.subject, subject(&name("alice-7")));
        assert_eq!(request.session_indexes, ["session-1"]);
    }
}

#[tokio::test]
async fn a_request_names_none_or_several_sessions() {
    let without =
        Message::request(|m| m.content = format!(r#"<saml:NameID Format="{EMAIL}">a</saml:NameID>"#));
    assert!(posted(&without).await.unwrap().session_indexes.is_empty());
    let several = Message::request(|m| m.content += "<samlp:SessionIndex>session-2</samlp:SessionIndex>");
    assert_eq!(posted(&several).await.unwrap().session_indexes, ["session-1", "session-2"]);
}

#[tokio::test]
async fn names_are_compared_with_their_qualifiers_and_absent_ones_are_the_parties() {
    let named = async |attributes: &str| {
        let name_id = format!(r#"<saml:NameID Format="{EMAIL}" {attributes}>alice-7</saml:NameID>"#);
        posted(&Message::request(|m| m.content = name_id)).await.unwrap().subject
    };
    let spelled_out = format!(r#"NameQualifier="{ENTITY_ID}" SPNameQualifier="{SP_ENTITY_ID}""#);
    assert_eq!(named(&spelled_out).await, subject(&name("alice-7")));
    let other = NameId { name_qualifier: Some("urn:other".to_owned()), ..name("alice-7") };
    assert_eq!(named(r#"NameQualifier="urn:other""#).await, subject(&other));
    assert_ne!(named(r#"NameQualifier="urn:other""#).await, subject(&name("alice-7")));
    assert_ne!(named(r#"SPNameQualifier="urn:other""#).await, subject(&name("alice-7")));
}

#[tokio::test]
async fn an_unsigned_request_ends_nothing() {
    let message = Message::request(|_| {});
    let gateway = gateway(&both_services());
    let form = message.form(&message.unsigned()).unwrap();
    assert_refused!(gateway.saml.verify_logout_request(form).await.map(drop), Error::LogoutUnsigned);
    let query = message.query(&Query::default());
    let (unsigned, _) = query.split_once("&RelayState=").unwrap();
    let query = LogoutMessage::from_query(unsigned).unwrap();
    assert_refused!(gateway.saml.verify_logout_request(query).await.map(drop), Error::LogoutUnsigned);
}

#[tokio::test]
async fn a_request_signed_by_somebody_elses_key_ends_nothing() {
    assert_both_refuse!(|m| m.key = &STRANGER, Error::Signature);
}

/// The operator of a second identity provider writes the first one's entity id into its own metadata.
#[tokio::test]
async fn an_identity_provider_that_calls_itself_like_another_ends_nobody_elses_sessions() {
    let second = IdpSettings::new(IdpName::new("second"), MetadataSource::Xml(metadata(&[&STRANGER])));
    let gateway = Gateway::build_with(
        settings(),
        vec![second, company(with_services(&both_services()))],
        Used::default(),
    );
    let saml = gateway.unwrap().saml;
    let message = Message::request(|m| m.key = &STRANGER);
    let request = saml.verify_logout_request(message.posted().unwrap()).await.unwrap();
    assert_eq!(request.idp.as_str(), "second");
    assert_ne!(Some(request.subject), saml.subject(&alice()));
    assert!(!request.is_about(&Identity { name_id: None, ..alice() }));
}

#[tokio::test]
async fn a_request_that_was_changed_after_signing_ends_nothing() {
    let message = Message::request(|_| {});
    let changed = message.signed().replace("alice-7", "bob-8");
    let form = message.form(&changed).unwrap();
    let verdict = gateway(&both_services()).saml.verify_logout_request(form).await;
    assert_refused!(verdict.map(drop), Error::Signature);
}

/// Each configured identity provider speaks for itself only, whatever the other's key signs.
#[tokio::test]
async fn an_identity_provider_ends_nobody_elses_sessions() {
    let other = "https://other.test/metadata";
    let other_metadata = with_services(&both_services())
        .replace(ENTITY_ID, other)
        .replace(&crate::idp::IDP.certificate_base64(), &STRANGER.certificate_base64());
    let ours = company(with_services(&both_services()));
    let mut theirs = company(other_metadata);
    theirs.name = connect_gateway::model::IdpName::new("other");
    let gateway = Gateway::build_with(settings(), vec![ours, theirs], Used::default()).unwrap();
    let as_itself = Message::request(|m| {
        m.key = &STRANGER;
        m.issuer = format!("<saml:Issuer>{other}</saml:Issuer>");
    });
    let request = gateway.saml.verify_logout_request(as_itself.posted().unwrap()).await.unwrap();
    assert_eq!((request.idp.as_str(), request.issuer.as_str()), ("other", other));
    assert_ne!(request.subject, subject(&name("alice-7")), "its alice is not the company's");
    let as_company = Message::request(|m| m.key = &STRANGER);
    for message in [as_company.posted(), as_company.redirected()] {
        let verdict = gateway.saml.verify_logout_request(message.unwrap()).await;
        assert_refused!(verdict.map(drop), Error::Signature);
    }
}

#[tokio::test]
async fn a_request_of_an_unknown_issuer_or_of_an_odd_one_ends_nothing() {
    assert_both_refuse!(
        |m| m.issuer = "<saml:Issuer>https://evil.test/</saml:Issuer>".to_owned(),
        Error::Issuer
    );
    assert_both_refuse!(
        |m| m.issuer = format!(r#"<saml:Issuer Format="{EMAIL}">{ENTITY_ID}</saml:Issuer>"#),
        Error::Issuer
    );
    assert_both_refuse!(
        |m| m.issuer = format!(r#"<saml:Issuer NameQualifier="x">{ENTITY_ID}</saml:Issuer>"#),
        Error::Issuer
    );
    assert_both_refuse!(|m| m.issuer = String::new(), Error::Forbidden(_));
}

#[tokio::test]
async fn a_request_is_used_once() {
    let gateway = gateway(&both_services());
    let message = Message::request(|_| {});
    assert!(gateway.saml.verify_logout_request(message.posted().unwrap()).await.is_ok());
    for again in [message.posted(), message.redirected()] {
        let verdict = gateway.saml.verify_logout_request(again.unwrap()).await;
        assert_refused!(verdict.map(drop), Error::LogoutReplay);
    }
    let seen = gateway.used.seen.lock().unwrap();
    let (key, until) = seen.iter().next().unwrap();
    assert_eq!((key.issuer.as_str(), key.assertion_id.as_str()), (ENTITY_ID, "_logout"));
    assert_eq!(*until, datetime!(2026-03-01 09:35:50 UTC), "as long as it could be taken");
}

/// Without an identifier nobody could tell that it came before.
#[tokio::test]
async fn a_request_without_an_identifier_ends_nothing() {
    let nameless = Message::request(|m| m.id = String::new());
    assert_refused!(redirected(&nameless).await.map(drop), Error::Forbidden(Rule::Identifiers));
    let bad = Message::request(|m| m.id = "1".to_owned());
    assert_refused!(redirected(&bad).await.map(drop), Error::Forbidden(Rule::Identifiers));
}

#[tokio::test]
async fn nothing_ends_when_the_replay_store_is_down() {
    let used = Used { down: true, ..Used::default() };
    let gateway = Gateway::build(settings(), company(with_services(&both_services())), used).unwrap();
    let verdict = gateway.saml.verify_logout_request(Message::request(|_| {}).posted().unwrap()).await;
    assert_refused!(verdict.map(drop), Error::ReplayUnknown(_));
}

#[tokio::test]
async fn an_old_request_and_one_from_the_future_end_nothing() {
    for issued in ["2026-03-01T09:24:00Z", "2026-03-01T09:31:01Z", "yesterday"] {
        assert_both_refuse!(|m| m.issued = Some(issued.to_owned()), Error::LogoutExpired);
    }
    assert_both_refuse!(|m| m.issued = None, Error::LogoutExpired);
    for issued in ["2026-03-01T09:24:01Z", "2026-03-01T09:31:00Z"] {
        assert!(posted(&Message::request(|m| m.issued = Some(issued.to_owned()))).await.is_ok(), "{issued}");
    }
}

#[tokio::test]
async fn each_identity_provider_has_its_own_tolerance_of_clocks() {
    let verdict = async |skew: Duration| {
        let company = IdpSettings { clock_skew: Some(skew), ..company(with_services(&both_services())) };
        let gateway = Gateway::build(settings(), company, Used::default()).unwrap();
        let ahead = Message::request(|m| m.issued = Some("2026-03-01T09:33:00Z".to_owned()));
        let verdict = gateway.saml.verify_logout_request(ahead.posted().unwrap()).await.map(drop);
        let until = gateway.used.seen.lock().unwrap().values().next().copied();
        (verdict, until)
    };
    assert_refused!(verdict(Duration::from_secs(179)).await.0, Error::LogoutExpired);
    let (taken, until) = verdict(Duration::from_mins(3)).await;
    taken.unwrap();
    assert_eq!(until, Some(datetime!(2026-03-01 09:41:00 UTC)), "remembered as long as it could be taken");
}

#[tokio::test]
async fn a_request_after_its_time_ends_nothing() {
    assert_both_refuse!(
        |m| m.more = r#"NotOnOrAfter="2026-03-01T09:29:00Z""#.to_owned(),
        Error::LogoutExpired
    );
    let in_time = Message::request(|m| m.more = r#"NotOnOrAfter="2026-03-01T09:29:01Z""#.to_owned());
    assert!(posted(&in_time).await.is_ok());
}

#[tokio::test]
async fn a_request_without_our_destination_ends_nothing() {
    for wrong in [
        None,
        Some("https://other.test/saml/logout".to_owned()),
        Some("https://gateway.test/saml/logout/".to_owned()),
        Some("https://gateway.test/saml/acs".to_owned()),
    ] {
        assert_both_refuse!(|m| m.destination.clone_from(&wrong), Error::LogoutDestination);
    }
}

#[tokio::test]
async fn another_version_ends_nothing() {
    assert_both_refuse!(|m| m.version = "2.1".to_owned(), Error::Version);
}

#[tokio::test]
async fn a_subject_that_is_no_plain_name_ends_nothing() {
    for content in ["<saml:BaseID/>", "<saml:NameID> </saml:NameID>"] {
        let verdict = posted(&Message::request(|m| m.content = content.to_owned())).await;
        assert_refused!(verdict.map(drop), Error::Content(_));
    }
}

#[tokio::test]
async fn another_message_than_a_logout_request_ends_nothing() {
    let response = Message::response("_1", |m| m.kind = "LogoutResponse");
    let form = LogoutMessage::from_form(Some(crate::idp::encode(response.signed())), None, None).unwrap();
    let verdict = gateway(&both_services()).saml.verify_logout_request(form).await;
    assert_refused!(verdict.map(drop), Error::Forbidden(_));
    assert_refused!(LogoutMessage::from_form(None, None, None).map(drop), Error::Query(_));
    let both = LogoutMessage::from_form(Some(String::new()), Some(String::new()), None);
    assert_refused!(both.map(drop), Error::Query(_));
}

#[tokio::test]
async fn a_relay_state_that_is_very_long_is_not_carried_back() {
    let field = Some(crate::idp::encode(Message::request(|_| {}).signed()));
    let long = LogoutMessage::from_form(field.clone(), None, Some("x".repeat(2049)));
    assert_refused!(long.map(drop), Error::TooLarge);
    assert!(LogoutMessage::from_form(field, None, Some("x".repeat(2048))).is_ok());
}

#[tokio::test]
async fn a_session_without_a_name_is_meant_by_its_own_identity_provider_and_index_only() {
    let request = posted(&Message::request(|_| {})).await.unwrap();
    let nameless = connect_gateway::model::Identity { name_id: None, ..crate::logout_idp::alice() };
    assert!(request.is_about(&nameless));
    assert!(!request.is_about(&crate::logout_idp::alice()), "who has a name is found by it");
    let mut other = nameless.clone();
    other.session_index = Some("session-2".to_owned());
    assert!(!request.is_about(&other));
    other.session_index = None;
    assert!(request.is_about(&other));
    other.issuer = "https://other.test".to_owned();
    assert!(!request.is_about(&other));
}

#[tokio::test]
async fn an_encrypted_name_is_opened_with_our_key_and_means_the_same_person() {
    let plain = format!(
        r#"<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="{EMAIL}">alice-7</saml:NameID>"#
    );
    let sealed = Encryption::default().seal("EncryptedID", plain);
    let message = Message::request(|m| m.content.clone_from(&sealed));
    let gateway = with_keys(&[&OURS], false).unwrap();
    for sent in [message.posted(), message.redirected()] {
        let request = gateway.saml.verify_logout_request(sent.unwrap()).await.unwrap();
        assert_eq!(request.subject, subject(&name("alice-7")));
    }
    assert_refused!(posted(&message).await.map(drop), Error::Encrypted);
}
