//! Subjects and their confirmations.

use super::{accepts, accepts_rewritten};
use crate::documents::both_ways;
use crate::gateway::verdict;
use crate::idp::{Confirmation, IDP, attribute};

#[tokio::test]
async fn a_subject_without_name_id_is_accepted() {
    for xml in both_ways(|a| a.name_id.clear()) {
        assert_eq!(verdict(xml).await.unwrap().name_id, None);
    }
}

#[tokio::test]
async fn a_name_id_with_everything_is_kept_as_it_is() {
    let name_id = r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient" NameQualifier="https://idp.test/metadata" SPNameQualifier="https://gateway.test/saml/metadata" SPProvidedID="x"> _Ab+/=&#13;
 </saml:NameID>"#;
    for xml in both_ways(|a| name_id.clone_into(&mut a.name_id)) {
        let name_id = verdict(xml).await.unwrap().name_id.unwrap();
        assert_eq!(name_id.value, " _Ab+/=\r\n ");
        assert_eq!(name_id.name_qualifier.as_deref(), Some("https://idp.test/metadata"));
        assert_eq!(name_id.sp_name_qualifier.as_deref(), Some("https://gateway.test/saml/metadata"));
    }
}

#[tokio::test]
async fn other_kinds_of_confirmation_beside_the_bearer_are_passed_over() {
    let key_info = format!(
        r#"<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"#,
        IDP.certificate_base64()
    );
    let holder_of_key = format!(
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"><saml:SubjectConfirmationData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="saml:KeyInfoConfirmationDataType" NotBefore="2026-03-01T09:00:00Z" NotOnOrAfter="2026-03-02T09:00:00Z">{key_info}</saml:SubjectConfirmationData></saml:SubjectConfirmation>"#
    );
    let vouched = r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>"#;
    for other in [&*holder_of_key, vouched] {
        accepts(|a| a.name_id += other).await;
        accepts_rewritten(|xml| xml.replace("</saml:Subject>", &format!("{other}</saml:Subject>"))).await;
    }
}

#[tokio::test]
async fn a_confirmation_with_more_than_it_needs_is_accepted() {
    let named = r#"<saml:NameID>someone-else</saml:NameID><saml:SubjectConfirmationData xmlns:x="urn:x" x:more="y" Address="192.0.2.1""#;
    accepts_rewritten(|xml| xml.replace("<saml:SubjectConfirmationData", named)).await;
    accepts_rewritten(|xml| {
        let at = xml.find("<saml:SubjectConfirmationData").unwrap();
        let end = at + xml[at..].find("/>").unwrap();
        let inside = r#"><x:x xmlns:x="urn:x">text</x:x></saml:SubjectConfirmationData>"#;
        format!("{}{inside}{}", &xml[..at + end - at], &xml[end + 2..])
    })
    .await;
}

#[tokio::test]
async fn one_fitting_bearer_of_several_is_enough() {
    let foreign =
        || Confirmation { recipient: Some("https://other.test".to_owned()), ..Confirmation::default() };
    accepts(|a| a.confirmations.insert(0, foreign())).await;
    accepts(|a| a.confirmations.push(foreign())).await;
}

#[tokio::test]
async fn an_answer_without_attributes_is_accepted() {
    for xml in both_ways(|a| a.attributes.clear()) {
        assert!(verdict(xml).await.unwrap().attributes.is_empty());
    }
    for xml in both_ways(|a| a.attributes = attribute("empty", &[])) {
        assert!(verdict(xml).await.unwrap().attributes["empty"].is_empty());
    }
}
