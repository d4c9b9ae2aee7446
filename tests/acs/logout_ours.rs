//! Our own logout messages, as an identity provider reads them.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Departure, Identity, LogoutStatus, NameId, Reply};
use flate2::read::DeflateDecoder;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
use url::Url;

use crate::gateway::{Gateway, Used, company, settings};
use crate::idp::{GATEWAY, SP_ENTITY_ID};
use crate::logout_idp::{
    EMAIL, Message, Query, SLO, alice, both_services, gateway, queried, service, with_services,
};

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut found = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let first = found.next();
    assert!(found.next().is_none(), "{name} is there twice");
    first
}

/// The message in the query, once the signature over its octets has been verified.
fn verified_query(url: &Url, name: &str) -> String {
    let query = url.query().unwrap();
    let signed = &query[query.find(&format!("{name}=")).unwrap()..];
    let (signed, _) = signed.rsplit_once("&Signature=").unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &GATEWAY.private).unwrap();
    let signature = STANDARD.decode(parameter(url, "Signature").unwrap()).unwrap();
    assert!(verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap());
    let mut xml = String::new();
    let message = STANDARD.decode(parameter(url, name).unwrap()).unwrap();
    DeflateDecoder::new(&*message).read_to_string(&mut xml).unwrap();
    xml
}

/// The message in the form field, once the signature inside has been verified.
fn verified_field(field: &str) -> String {
    let xml = String::from_utf8(STANDARD.decode(field).unwrap()).unwrap();
    let trusted = [CertificateDer::from(GATEWAY.certificate.to_der().unwrap())];
    assert!(Crypto::reduce_xml_to_signed(&xml, &trusted, ReduceMode::PreDigest).is_ok());
    xml
}

fn named(name_id: NameId) -> Identity {
    Identity { name_id: Some(name_id), ..alice() }
}

/// A request about this person, its address and its text.
async fn request(identity: &Identity) -> (Url, String) {
    let request = gateway(&both_services()).saml.logout_request(identity).await.unwrap().unwrap();
    let Departure::Redirect(url) = request.departure else { panic!("POST") };
    let xml = verified_query(&url, "SAMLRequest");
    assert!(xml.contains(request.id.as_str()));
    assert_eq!(parameter(&url, "RelayState").as_deref(), Some(request.id.as_str()));
    (url, xml)
}

#[tokio::test]
async fn a_request_gives_the_name_back_octet_for_octet_with_everything_it_came_with() {
    let full = NameId {
        value: " a<b>&\"c\" ü ".to_owned(),
        format: Some(EMAIL.to_owned()),
        name_qualifier: Some("urn:q?a=1&b".to_owned()),
        sp_name_qualifier: Some("urn:sp\"".to_owned()),
    };
    let bare = NameId { value: "x".to_owned(), format: None, name_qualifier: None, sp_name_qualifier: None };
    for name_id in [full, bare] {
        let (_, xml) = request(&named(name_id.clone())).await;
        let document = roxmltree::Document::parse(&xml).unwrap();
        let found = document
            .descendants()
            .find(|node| node.has_tag_name("NameID") || node.tag_name().name() == "NameID");
        let found = found.unwrap();
        assert_eq!(found.text(), Some(name_id.value.as_str()));
        assert_eq!(found.attribute("Format"), name_id.format.as_deref());
        assert_eq!(found.attribute("NameQualifier"), name_id.name_qualifier.as_deref());
        assert_eq!(found.attribute("SPNameQualifier"), name_id.sp_name_qualifier.as_deref());
    }
}

#[tokio::test]
async fn a_request_says_what_the_profile_asks_for() {
    let (url, xml) = request(&alice()).await;
    assert!(url.as_str().starts_with("https://idp.test/slo?tenant=1&SAMLRequest="));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "LogoutRequest");
    for (name, value) in [
        ("Version", "2.0"),
        ("IssueInstant", "2026-03-01T09:30:00Z"),
        ("NotOnOrAfter", "2026-03-01T09:35:00Z"),
        ("Destination", "https://idp.test/slo?tenant=1"),
        ("Reason", "urn:oasis:names:tc:SAML:2.0:logout:user"),
    ] {
        assert_eq!(root.attribute(name), Some(value), "{name}");
    }
    let id = root.attribute("ID").unwrap();
    assert!(id.len() == 41 && id[1..].bytes().all(|byte| byte.is_ascii_hexdigit()), "160 random bits");
    let inside: Vec<_> = root.children().map(|node| (node.tag_name().name(), node.text())).collect();
    let expected = [("Issuer", SP_ENTITY_ID), ("NameID", "alice-7"), ("SessionIndex", "session-1")];
    assert_eq!(inside, expected.map(|(name, text)| (name, Some(text))));
    let (_, xml) = request(&Identity { session_index: None, ..alice() }).await;
    assert!(!xml.contains("SessionIndex"));
}

#[tokio::test]
async fn a_request_is_posted_where_only_that_is_offered() {
    let gateway = gateway(&service("HTTP-POST", "https://idp.test/slo/post", ""));
    let request = gateway.saml.logout_request(&alice()).await.unwrap().unwrap();
    let Departure::Post { action, saml_request, relay_state } = request.departure else { panic!("redirect") };
    assert_eq!(action.as_str(), "https://idp.test/slo/post");
    assert_eq!(relay_state, request.id.as_str());
    assert!(verified_field(&saml_request).contains(r#"Destination="https://idp.test/slo/post""#));
}

#[tokio::test]
async fn nobody_is_asked_without_a_name_a_service_or_the_administrators_leave() {
    let with = gateway(&both_services());
    let nameless = Identity { name_id: None, ..alice() };
    let renamed = Identity { issuer: "https://former.test".to_owned(), ..alice() };
    assert!(with.saml.offers_logout(&alice()));
    for identity in [nameless, renamed] {
        assert!(!with.saml.offers_logout(&identity));
        assert!(with.saml.logout_request(&identity).await.unwrap().is_none());
    }
    let mut off = company(with_services(&both_services()));
    off.single_logout = false;
    let off = Gateway::build(settings(), off, Used::default()).unwrap();
    let soap = service("SOAP", "https://idp.test/slo/soap", "");
    let unsafe_address = service("HTTP-Redirect", "http://idp.test/slo", "");
    for gateway in [off, gateway(""), gateway(&soap), gateway(&unsafe_address)] {
        assert!(!gateway.saml.offers_logout(&alice()));
        assert!(gateway.saml.logout_request(&alice()).await.unwrap().is_none());
    }
}

async fn reply(services: &str, by_post: bool, status: LogoutStatus) -> Option<Reply> {
    let gateway = gateway(services);
    let message = Message::request(|_| {});
    let message = if by_post { message.posted() } else { message.redirected() };
    let request = gateway.saml.verify_logout_request(message.unwrap()).await.unwrap();
    gateway.saml.logout_response(request, status).await.unwrap()
}

#[tokio::test]
async fn an_answer_goes_back_by_the_same_binding_to_the_response_location() {
    let Some(Reply::Redirect(url)) = reply(&both_services(), false, LogoutStatus::Complete).await else {
        panic!("no redirect")
    };
    assert!(url.as_str().starts_with("https://idp.test/slo?tenant=1&SAMLResponse="));
    assert_eq!(parameter(&url, "RelayState").as_deref(), Some("relay & state"));
    let xml = verified_query(&url, "SAMLResponse");
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("InResponseTo"), Some("_logout"));
    assert_eq!(root.attribute("Destination"), Some("https://idp.test/slo?tenant=1"));
    assert_eq!(root.first_element_child().unwrap().text(), Some(SP_ENTITY_ID));

    let Some(Reply::Post { action, saml_response, relay_state }) =
        reply(&both_services(), true, LogoutStatus::Complete).await
    else {
        panic!("no form")
    };
    assert_eq!(action.as_str(), "https://answers.idp.test/slo");
    assert_eq!(relay_state, "relay & state");
    assert!(verified_field(&saml_response).contains(r#"Destination="https://answers.idp.test/slo""#));
}

#[tokio::test]
async fn an_answer_says_what_became_of_the_sessions() {
    for (status, top, below) in [
        (LogoutStatus::Complete, "Success", None),
        (LogoutStatus::Partial, "Success", Some("PartialLogout")),
        (LogoutStatus::Failed, "Responder", None),
    ] {
        let Some(Reply::Redirect(url)) = reply(&both_services(), false, status).await else {
            panic!("no redirect")
        };
        let xml = verified_query(&url, "SAMLResponse");
        let document = roxmltree::Document::parse(&xml).unwrap();
        let codes: Vec<_> = document
            .descendants()
            .filter(|node| node.tag_name().name() == "StatusCode")
            .map(|code| code.attribute("Value").unwrap().rsplit(':').next().unwrap())
            .collect();
        assert_eq!(codes, [Some(top), below].into_iter().flatten().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_answer_takes_the_binding_that_there_is_and_none_without_a_service() {
    let only_post = service("HTTP-POST", "https://idp.test/slo/post", "");
    assert!(matches!(reply(&only_post, false, LogoutStatus::Complete).await, Some(Reply::Post { .. })));
    assert_eq!(reply("", true, LogoutStatus::Complete).await, None);
}

#[tokio::test]
async fn only_the_identity_providers_own_services_may_frame_an_answer() {
    let request = queried(&Message::request(|_| {}).query(&Query::default())).await.unwrap();
    let hosts: Vec<_> = request.services().iter().map(|url| url.host_str().unwrap().to_owned()).collect();
    assert_eq!(hosts, ["idp.test", "idp.test", "idp.test", "answers.idp.test"]);
}

#[test]
fn our_metadata_lists_the_single_logout_service_by_both_bindings() {
    let gateway = gateway("");
    let metadata = gateway.saml.metadata();
    let document = roxmltree::Document::parse(&metadata).unwrap();
    let services: Vec<_> = document
        .descendants()
        .filter(|node| node.tag_name().name() == "SingleLogoutService")
        .map(|node| (node.attribute("Binding").unwrap(), node.attribute("Location").unwrap()))
        .collect();
    let binding = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:bindings:{name}");
    assert_eq!(services, [(&*binding("HTTP-Redirect"), SLO), (&*binding("HTTP-POST"), SLO)]);
}

#[test]
fn a_session_is_known_by_the_name_that_its_own_issuer_gave() {
    let gateway = gateway("");
    let known = gateway.saml.subject(&alice()).unwrap();
    assert_eq!(known, crate::logout_idp::subject(&crate::logout_idp::name("alice-7")));
    let elsewhere = Identity { issuer: "https://other.test".to_owned(), ..alice() };
    assert_ne!(gateway.saml.subject(&elsewhere).unwrap(), known);
    assert_eq!(gateway.saml.subject(&Identity { name_id: None, ..alice() }), None);
}
