//! Answers to requests that ask for a class of authentication or a format of identifier.

use connect_gateway::model::{Identity, Requested};
use connect_gateway::saml::Error;

use crate::gateway::{Gateway, assert_alice, assert_refused, code, pending};
use crate::idp::{Answer, SUCCESS, Sign, authn_statement, encode};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
const MFA: &str = "https://refeds.org/profile/mfa";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

async fn answered(xml: &str, requested: Requested) -> Result<Identity, Error> {
    let mut pending = pending();
    pending.requested = requested;
    Gateway::new().verify_field(encode(xml), &pending).await
}

fn contexts(contexts: &[&str]) -> Requested {
    let authn_contexts = contexts.iter().map(|&context| context.to_owned()).collect();
    Requested { authn_contexts, ..Requested::default() }
}

fn name_id_format(format: &str) -> Requested {
    Requested { name_id_format: Some(format.to_owned()), ..Requested::default() }
}

#[tokio::test]
async fn an_authentication_of_another_class_than_requested_is_refused() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let xml = Answer { sign, ..Answer::default() }.xml();
        for wanted in [&[MFA][..], &[MFA, "urn:x"], &["urn:oasis:names:tc:SAML:2.0:ac:classes:password"]] {
            assert_refused!(answered(&xml, contexts(wanted)).await, Error::AuthnContext);
        }
        assert_alice(answered(&xml, contexts(&[MFA, PASSWORD])).await);
    }
}

#[tokio::test]
async fn an_authentication_of_no_class_is_refused_when_one_is_requested() {
    let unsaid = authn_statement(r#"AuthnInstant="2026-03-01T08:00:00Z""#)
        .replace("AuthnContextClassRef", "AuthnContextDeclRef");
    let xml = Answer::with(|a| a.authn_statements = vec![unsaid]).xml();
    assert_refused!(answered(&xml, contexts(&[PASSWORD])).await, Error::AuthnContext);
    let identity = answered(&xml, Requested::default()).await.unwrap();
    assert_eq!(identity.authn_context, None);
}

#[tokio::test]
async fn the_class_of_an_authentication_is_remembered() {
    let identity = answered(&Answer::default().xml(), Requested::default()).await.unwrap();
    assert_eq!(identity.authn_context.as_deref(), Some(PASSWORD));
}

#[tokio::test]
async fn what_does_not_keep_to_the_request_has_the_code_of_an_identity_provider_that_can_not() {
    let xml = Answer::default().xml();
    assert_eq!(code(answered(&xml, contexts(&[MFA])).await), "saml.authn_context");
    assert_eq!(code(answered(&xml, name_id_format(TRANSIENT)).await), "saml.name_id");
}

#[tokio::test]
async fn an_identifier_of_another_format_than_requested_is_refused() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let answer = Answer { sign, ..Answer::default() };
        assert_refused!(answered(&answer.xml(), name_id_format(TRANSIENT)).await, Error::NameIdFormat);
        assert_alice(answered(&answer.xml(), name_id_format(PERSISTENT)).await);
        let unnamed = Answer { name_id: String::new(), ..answer };
        assert_refused!(answered(&unnamed.xml(), name_id_format(PERSISTENT)).await, Error::NameIdFormat);
    }
}

#[tokio::test]
async fn an_identity_provider_that_can_not_do_what_was_asked_has_a_page_for_each_reason() {
    for (word, expected) in [
        ("NoPassive", "saml.no_passive"),
        ("NoAuthnContext", "saml.authn_context"),
        ("InvalidNameIDPolicy", "saml.name_id"),
        ("RequestDenied", "saml.status"),
    ] {
        let detail = format!(
            r#""urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{word}"/></samlp:StatusCode>"#
        );
        let status = SUCCESS.replace(r#""urn:oasis:names:tc:SAML:2.0:status:Success"/>"#, &detail);
        let xml = Answer::with(|a| a.status = status).response_xml("", "");
        assert_eq!(code(answered(&xml, Requested::default()).await), expected);
    }
}
