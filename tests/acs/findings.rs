//! What a refusal tells the administrator, and what it keeps to itself.

use connect_gateway::model::{Finding, IdpName};
use connect_gateway::saml::{IdpSettings, MetadataSource, Refused};

use crate::encryption::with_keys;
use crate::encryptor::{AES256_CBC, Encryption, OURS};
use crate::gateway::{Gateway, Used, pending, settings};
use crate::idp::{Answer, Confirmation, IDP, STRANGER, attribute, authn_statement, encode, metadata};

async fn refusal(answer: &Answer) -> Refused {
    let idp = IdpSettings::new(IdpName::new("company"), MetadataSource::Xml(metadata(&[&IDP])));
    let gateway = Gateway::build(settings(), idp, Used::default()).unwrap();
    gateway.saml.verify(encode(answer.xml()), &pending()).await.err().unwrap()
}

fn differing(refused: &Refused) -> Vec<&Finding> {
    refused.findings.iter().filter(|finding| finding.differs).collect()
}

#[tokio::test]
async fn a_wrong_destination_is_told_beside_ours() {
    let answer = Answer::with(|a| a.destination = Some("https://old.test/acs".to_owned()));
    let refused = refusal(&answer).await;
    let [finding] = differing(&refused)[..] else { panic!("{:?}", refused.findings) };
    assert_eq!(finding.item, "Response Destination");
    assert_eq!(finding.received, "https://old.test/acs");
    assert_eq!(finding.expected.as_deref(), Some("https://gateway.test/saml/acs"));
}

#[tokio::test]
async fn a_wrong_clock_is_told_in_seconds() {
    let answer = Answer::with(|a| a.response_issued = "2026-03-01T09:40:00Z".to_owned());
    let refused = refusal(&answer).await;
    let [finding] = differing(&refused)[..] else { panic!("{:?}", refused.findings) };
    assert_eq!(finding.received, "2026-03-01T09:40:00Z, 600 s ahead of our clock");
}

#[tokio::test]
async fn a_certificate_that_is_not_in_the_metadata_is_told_by_its_fingerprint() {
    let answer = Answer::with(|a| {
        a.key = &STRANGER;
        a.shape.key_info = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            STRANGER.certificate_base64()
        );
    });
    let refused = refusal(&answer).await;
    let [finding] = differing(&refused)[..] else { panic!("{:?}", refused.findings) };
    assert_eq!(finding.item, "Assertion signature's certificate, SHA-256");
    assert_eq!(finding.received.len(), 64);
    assert_ne!(Some(&finding.received), finding.expected.as_ref());
}

#[tokio::test]
async fn how_an_answer_is_encrypted_is_told() {
    let answer = Encryption::with(|e| e.cipher = AES256_CBC).of(&Answer::default());
    let refused = with_keys(&[&OURS], false).unwrap().saml.verify(encode(answer), &pending()).await;
    let findings = refused.err().unwrap().findings;
    let told = findings.iter().find(|finding| finding.item == "EncryptedAssertion").unwrap();
    assert_eq!(told.received, "aes256-cbc, rsa-oaep-mgf1p");
}

#[tokio::test]
async fn who_it_was_and_what_was_said_of_them_stays_untold() {
    let answer = Answer::with(|a| {
        a.destination = None;
        a.audiences = vec![vec!["https://other.test".to_owned()]];
        a.attributes = attribute("groups", &["secret-group", "another"]);
    });
    let told: Vec<String> = refusal(&answer).await.findings.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    assert!(told.contains("NameID: 7 characters"), "{told}");
    assert!(told.contains("groups (2)"), "{told}");
    for kept in ["alice", "secret-group"] {
        assert!(!told.contains(kept), "{told}");
    }
}

/// Anybody can send one, and each is written to the log.
#[tokio::test]
async fn a_message_of_a_thousand_parts_has_no_more_to_tell_than_one_of_a_few() {
    let answer = Answer::with(|a| {
        a.key = &STRANGER;
        a.confirmations = vec![Confirmation::default(); 300];
        a.audiences = vec![vec!["https://other.test".to_owned()]; 300];
        a.authn_statements =
            vec![authn_statement(r#"AuthnInstant="never" SessionNotOnOrAfter="never""#); 300];
    });
    let findings = refusal(&answer).await.findings;
    assert!(findings.len() < 100, "{}", findings.len());
    assert!(findings.iter().any(|finding| finding.item == "Assertion signature"), "{findings:?}");
}

#[tokio::test]
async fn a_message_that_is_no_xml_has_nothing_to_tell() {
    let idp = IdpSettings::new(IdpName::new("company"), MetadataSource::Xml(metadata(&[&IDP])));
    let gateway = Gateway::build(settings(), idp, Used::default()).unwrap();
    for field in ["%%%", "", "PGE+", "PCFET0NUWVBFIGE+PGEvPg=="] {
        let refused = gateway.saml.verify(field.to_owned(), &pending()).await.err().unwrap();
        assert!(refused.findings.is_empty(), "{:?}", refused.findings);
    }
}
