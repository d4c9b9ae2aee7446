//! Content that others define.

use super::{accepts, accepts_rewritten};
use crate::documents::both_ways;
use crate::gateway::{assert_alice, verdict};
use crate::idp::{Answer, SUCCESS, attribute};

const FOREIGN: &str = r#"<x:Hint xmlns:x="urn:example:x" x:level="3" other="y">text<x:more><y xmlns="urn:example:y"/></x:more><bare a="b">z</bare></x:Hint>"#;

#[tokio::test]
async fn unknown_extensions_are_accepted() {
    accepts(|a| a.extensions = format!("<samlp:Extensions>{FOREIGN}{FOREIGN}</samlp:Extensions>")).await;
    accepts(|a| a.extensions = "<samlp:Extensions/>".to_owned()).await;
}

#[tokio::test]
async fn unknown_advice_is_accepted() {
    accepts(|a| a.advice = format!("<saml:Advice>\n{FOREIGN}\n</saml:Advice>")).await;
    accepts(|a| a.advice = "<saml:Advice/>".to_owned()).await;
}

#[tokio::test]
async fn a_status_with_message_and_details_is_accepted() {
    let detail = format!(
        r#"<samlp:StatusMessage xml:lang="en">All is well.</samlp:StatusMessage><samlp:StatusDetail><Cause>none</Cause>{FOREIGN}</samlp:StatusDetail></samlp:Status>"#
    );
    accepts(|a| a.status = SUCCESS.replace("</samlp:Status>", &detail)).await;
}

#[tokio::test]
async fn consent_is_accepted() {
    accepts_rewritten(|xml| {
        xml.replace(
            "<samlp:Response",
            r#"<samlp:Response Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained""#,
        )
    })
    .await;
}

#[tokio::test]
async fn attributes_with_attributes_of_others_are_accepted() {
    accepts_rewritten(|xml| {
        xml.replace(
            "<saml:Attribute ",
            r#"<saml:Attribute xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims" a:OriginalIssuer="urn:x" FriendlyName="mail" "#,
        )
    })
    .await;
}

#[tokio::test]
async fn attributes_of_any_name_format_are_accepted() {
    for format in [
        "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
        "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
        "urn:mace:shibboleth:1.0:attributeNamespace:uri",
        "",
    ] {
        accepts_rewritten(|xml| xml.replace("urn:oasis:names:tc:SAML:2.0:attrname-format:basic", format))
            .await;
    }
    accepts_rewritten(|xml| {
        xml.replace(r#" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic""#, "")
    })
    .await;
}

#[tokio::test]
async fn values_of_any_type_and_with_markup_are_accepted() {
    let values = [
        r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:base64Binary">AAAA</saml:AttributeValue>"#,
        r#"<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>"#,
        r#"<saml:AttributeValue xmlns:x="urn:example:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:Own"><x:a>b</x:a></saml:AttributeValue>"#,
        r#"<saml:AttributeValue><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="https://idp.test" SPNameQualifier="https://sp.test">opaque</saml:NameID></saml:AttributeValue>"#,
        "<saml:AttributeValue/>",
        "<saml:AttributeValue>  padded  </saml:AttributeValue>",
    ]
    .concat();
    let change = |a: &mut Answer| {
        a.attributes +=
            &attribute("odd", &["x"]).replace("<saml:AttributeValue>x</saml:AttributeValue>", &values);
    };
    for xml in both_ways(change) {
        let identity = verdict(xml).await.unwrap();
        assert_eq!(identity.attributes["odd"], ["AAAA", "", "  padded  "]);
    }
}

#[tokio::test]
async fn several_attribute_statements_and_empty_ones_are_accepted() {
    let first = |xml: String| {
        xml.replace(
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement/><saml:AttributeStatement><saml:Attribute Name=\"first\"/></saml:AttributeStatement><saml:AttributeStatement>",
        )
    };
    accepts_rewritten(first).await;
}

#[tokio::test]
async fn statements_in_any_order_are_accepted() {
    let xml = Answer::with(|a| {
        let attributes = format!("<saml:AttributeStatement>{}</saml:AttributeStatement>", a.attributes);
        a.authn_statements.insert(0, attributes);
        a.attributes.clear();
    });
    assert_alice(verdict(xml.xml()).await);
}

#[tokio::test]
async fn an_authorization_decision_beside_the_authentication_is_passed_over() {
    accepts(|a| {
        a.authn_statements.push(r#"<saml:AuthzDecisionStatement Resource="https://x.test" Decision="Permit"><saml:Action Namespace="urn:x">read</saml:Action></saml:AuthzDecisionStatement>"#.to_owned());
    })
    .await;
}

#[tokio::test]
async fn elements_that_name_their_own_type_are_accepted() {
    let typed = |name: &str, kind: &str| {
        format!(
            r#"<saml:{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="saml:{kind}""#
        )
    };
    accepts_rewritten(|xml| xml.replace("<saml:Subject>", &format!("{}>", typed("Subject", "SubjectType"))))
        .await;
    accepts_rewritten(|xml| xml.replace("<saml:NameID", &typed("NameID", "NameIDType"))).await;
    accepts_rewritten(|xml| xml.replace("<saml:Conditions", &typed("Conditions", "ConditionsType"))).await;
}

#[tokio::test]
async fn values_beyond_ascii_are_accepted() {
    let odd = "Zo\u{eb} \u{1F600} \u{0}".trim_end_matches('\u{0}');
    let answer = Answer::with(|a| a.attributes += &attribute("Vorn\u{e4}me", &[odd]));
    assert_eq!(verdict(answer.xml()).await.unwrap().attributes["Vorn\u{e4}me"], [odd]);
}
