//! Answers that break a rule of SAML, each in one place, correctly signed by the right identity provider.

use connect_gateway::model::{IdpName, RequestId};
use connect_gateway::saml::{Error, StatusCode};

use crate::documents::both_ways;
use crate::gateway::{Gateway, assert_alice, assert_refused, code, pending, verdict};
use crate::idp::{
    ACS, Answer, Confirmation, ENTITY_ID, SP_ENTITY_ID, SUCCESS, Sign, attribute, authn_statement, encode,
};

#[tokio::test]
async fn another_version_is_refused() {
    for xml in both_ways(|a| a.response_version = "2.1".to_owned()) {
        assert_refused!(verdict(xml).await, Error::Version);
    }
    for xml in both_ways(|a| a.assertion_version = "1.1".to_owned()) {
        assert_refused!(verdict(xml).await, Error::Version);
    }
}

#[tokio::test]
async fn a_response_addressed_elsewhere_is_refused() {
    for destination in
        ["https://other.test/saml/acs", "https://gateway.test/saml/acs/", "HTTPS://gateway.test/saml/acs", ""]
    {
        for xml in both_ways(|a| a.destination = Some(destination.to_owned())) {
            assert_refused!(verdict(xml).await, Error::Destination);
        }
    }
}

#[tokio::test]
async fn a_signed_response_without_destination_is_refused() {
    for sign in [Sign::Response, Sign::Both] {
        let answer = Answer { sign, destination: None, ..Answer::default() };
        assert_refused!(verdict(answer.xml()).await, Error::Destination);
    }
}

#[tokio::test]
async fn a_response_of_another_issuer_is_refused() {
    for xml in both_ways(|a| a.response_issuer = Some("https://other.test/metadata".to_owned())) {
        assert_refused!(verdict(xml).await, Error::Issuer);
    }
}

#[tokio::test]
async fn an_assertion_of_another_issuer_is_refused() {
    for issuer in ["https://other.test/metadata".to_owned(), format!(" {ENTITY_ID}"), String::new()] {
        for xml in both_ways(|a| a.issuer = format!("<saml:Issuer>{issuer}</saml:Issuer>")) {
            assert_refused!(verdict(xml).await, Error::Issuer);
        }
    }
    let format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    for xml in
        both_ways(|a| a.issuer = format!(r#"<saml:Issuer Format="{format}">{ENTITY_ID}</saml:Issuer>"#))
    {
        assert_refused!(verdict(xml).await, Error::Issuer);
    }
}

#[tokio::test]
async fn a_failure_status_ends_the_sign_in_with_or_without_assertion() {
    let failure = SUCCESS.replace("Success", "Responder");
    for xml in both_ways(|a| a.status.clone_from(&failure)) {
        assert_refused!(verdict(xml).await, Error::Status(StatusCode::Known("Responder")));
    }
    let denied = r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode><samlp:StatusMessage>no</samlp:StatusMessage></samlp:Status>"#;
    let refusal = Answer::with(|a| denied.clone_into(&mut a.status)).response_xml("", "");
    assert_refused!(verdict(&refusal).await, Error::Status(StatusCode::Known("AuthnFailed")));
    assert_eq!(code(verdict(refusal).await), "saml.status");
    let odd = SUCCESS.replace("urn:oasis:names:tc:SAML:2.0:status:Success", "javascript:alert(1)");
    let odd = Answer::with(|a| a.status = odd).response_xml("", "");
    assert_refused!(verdict(odd).await, Error::Status(StatusCode::Unknown));
}

#[tokio::test]
async fn success_without_an_assertion_is_refused() {
    assert_refused!(verdict(Answer::default().response_xml("", "")).await, Error::NoAssertion);
}

#[tokio::test]
async fn a_response_to_another_request_or_to_none_is_refused() {
    for other in [None, Some(String::new()), Some("_other".to_owned())] {
        for xml in both_ways(|a| a.in_response_to.clone_from(&other)) {
            assert_refused!(verdict(xml).await, Error::InResponseTo);
        }
        for xml in both_ways(|a| a.confirmations[0].in_response_to.clone_from(&other)) {
            assert_refused!(verdict(xml).await, Error::InResponseTo);
        }
    }
    let mut other = pending();
    other.request_id = RequestId::new("_another");
    let outcome = Gateway::new().verify_field(encode(Answer::default().xml()), &other).await;
    assert_refused!(outcome, Error::InResponseTo);
}

#[tokio::test]
async fn an_assertion_without_subject_or_bearer_confirmation_is_refused() {
    for xml in both_ways(|a| a.confirmations.clear()) {
        assert_refused!(verdict(xml).await, Error::SubjectConfirmation(_));
    }
    for xml in
        both_ways(|a| a.confirmations[0].method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".to_owned())
    {
        assert_refused!(verdict(xml).await, Error::SubjectConfirmation(_));
    }
}

#[tokio::test]
async fn a_confirmation_for_another_recipient_is_refused() {
    for recipient in [None, Some("https://other.test/saml/acs".to_owned()), Some(format!("{ACS}?x=1"))] {
        for xml in both_ways(|a| a.confirmations[0].recipient.clone_from(&recipient)) {
            assert_refused!(verdict(xml).await, Error::SubjectConfirmation(_));
        }
    }
}

#[tokio::test]
async fn a_confirmation_with_not_before_is_refused() {
    for xml in both_ways(|a| a.confirmations[0].not_before = Some("2026-03-01T09:00:00Z".to_owned())) {
        assert_refused!(verdict(xml).await, Error::SubjectConfirmation(_));
    }
}

#[tokio::test]
async fn one_fitting_confirmation_of_several_is_enough() {
    let foreign =
        Confirmation { recipient: Some("https://other.test".to_owned()), ..Confirmation::default() };
    let answer = Answer::with(|a| a.confirmations = vec![foreign, Confirmation::default()]);
    assert_alice(verdict(answer.xml()).await);
}

#[tokio::test]
async fn an_assertion_without_conditions_is_refused() {
    for xml in both_ways(|a| a.conditions = Some(String::new())) {
        assert_refused!(verdict(xml).await, Error::Conditions(_));
    }
}

#[tokio::test]
async fn an_unknown_condition_is_refused() {
    for condition in [
        r#"<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>"#,
        r#"<x:Weekend xmlns:x="urn:example:x"/>"#,
    ] {
        for xml in both_ways(|a| condition.clone_into(&mut a.more_conditions)) {
            assert_refused!(verdict(xml).await, Error::Conditions(_));
        }
    }
}

#[tokio::test]
async fn a_condition_that_may_stand_once_and_stands_twice_is_refused() {
    for condition in ["<saml:OneTimeUse/>", r#"<saml:ProxyRestriction Count="0"/>"#] {
        for xml in both_ways(|a| a.more_conditions = condition.repeat(2)) {
            assert_refused!(verdict(xml).await, Error::Conditions(_));
        }
    }
}

#[tokio::test]
async fn an_issuer_with_qualifiers_is_refused() {
    for qualifier in ["NameQualifier", "SPNameQualifier", "SPProvidedID"] {
        let issuer = format!(r#"<saml:Issuer {qualifier}="x">{ENTITY_ID}</saml:Issuer>"#);
        for xml in both_ways(|a| a.issuer.clone_from(&issuer)) {
            assert_refused!(verdict(xml).await, Error::Issuer);
        }
    }
}

#[tokio::test]
async fn a_signed_response_without_issuer_is_refused() {
    for sign in [Sign::Response, Sign::Both] {
        let answer = Answer { sign, response_issuer: None, ..Answer::default() };
        assert_refused!(verdict(answer.xml()).await, Error::Issuer);
    }
}

#[tokio::test]
async fn one_time_use_and_proxy_restriction_are_understood() {
    for condition in ["<saml:OneTimeUse/>", r#"<saml:ProxyRestriction Count="0"/>"#] {
        assert_alice(verdict(Answer::with(|a| condition.clone_into(&mut a.more_conditions)).xml()).await);
    }
}

#[tokio::test]
async fn an_assertion_for_another_audience_is_refused() {
    let ours = || SP_ENTITY_ID.to_owned();
    let other = || "https://other.test/metadata".to_owned();
    for audiences in [
        vec![],
        vec![vec![other()]],
        vec![vec![ours()], vec![other()]],
        vec![vec![other()], vec![ours()]],
        vec![vec![format!("{}/", ours())]],
        vec![vec![ours().to_uppercase()]],
        vec![vec![format!("{0} {0}", ours())]],
        vec![vec![format!("\u{a0}{}", ours())]],
        vec![vec![String::new()]],
    ] {
        for xml in both_ways(|a| a.audiences.clone_from(&audiences)) {
            assert_refused!(verdict(xml).await, Error::Audience);
        }
    }
    assert_alice(
        verdict(Answer::with(|a| a.audiences = vec![vec![other(), ours()], vec![ours()]]).xml()).await,
    );
}

#[tokio::test]
async fn an_assertion_needs_an_authn_statement() {
    for xml in both_ways(|a| a.authn_statements.clear()) {
        assert_refused!(verdict(xml).await, Error::AuthnStatement(_));
    }
    for xml in both_ways(|a| a.authn_statements.push(authn_statement(""))) {
        assert_refused!(verdict(xml).await, Error::AuthnStatement(_));
    }
    for xml in both_ways(|a| a.authn_statements = vec![authn_statement("")]) {
        assert_refused!(verdict(xml).await, Error::AuthnStatement(_));
    }
}

#[tokio::test]
async fn an_empty_name_id_is_refused() {
    for xml in both_ways(|a| a.name_id = "<saml:NameID> </saml:NameID>".to_owned()) {
        assert_refused!(verdict(xml).await, Error::Content(_));
    }
}

#[tokio::test]
async fn an_attribute_without_name_is_refused() {
    for xml in both_ways(|a| a.attributes = attribute("", &["x"])) {
        assert_refused!(verdict(xml).await, Error::Content(_));
    }
}

#[tokio::test]
async fn a_flood_of_attributes_is_refused() {
    for xml in both_ways(|a| a.attributes = (0..300).map(|n| attribute(&format!("a{n}"), &["x"])).collect()) {
        assert_refused!(verdict(xml).await, Error::Content(_));
    }
    let many: Vec<&str> = vec!["x"; 2_040];
    for xml in both_ways(|a| a.attributes = attribute("groups", &many[..1_500])) {
        assert_eq!(verdict(xml).await.unwrap().attributes["groups"].len(), 1_500);
    }
}

#[tokio::test]
async fn an_answer_to_an_unknown_identity_provider_is_refused() {
    let mut other = pending();
    other.idp = IdpName::new("other");
    let outcome = Gateway::new().verify_field(encode(Answer::default().xml()), &other).await;
    assert_refused!(outcome, Error::UnknownIdp(_));
}
