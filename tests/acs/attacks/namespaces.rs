//! Attack 10: names in other namespaces, and elements that claim other types.

use connect_gateway::saml::{Error, Rule};

use super::assert_hostile;
use crate::documents::{edited, extended, rewritten};
use crate::gateway::{assert_refused, verdict};
use crate::idp::{Answer, attribute};

const NAMES: [&str; 12] = [
    "Issuer",
    "Subject",
    "NameID",
    "SubjectConfirmation",
    "SubjectConfirmationData",
    "Conditions",
    "AudienceRestriction",
    "Audience",
    "AuthnStatement",
    "AuthnContext",
    "AttributeStatement",
    "Attribute",
];

/// Where the first element called so begins in the assertion.
fn start_of(xml: &str, name: &str) -> usize {
    let assertion = xml.find("<saml:Assertion").unwrap();
    let starts = [" ", ">", "/"].map(|next| xml[assertion..].find(&format!("<saml:{name}{next}")));
    assertion + starts.into_iter().flatten().min().unwrap()
}

#[tokio::test]
async fn attack_10_an_element_of_another_namespace_does_not_count() {
    for name in NAMES {
        for namespace in [
            "urn:oasis:names:tc:SAML:1.0:assertion",
            "URN:oasis:names:tc:SAML:2.0:assertion",
            "urn:oasis:names:tc:SAML:2.0:protocol",
        ] {
            for xml in rewritten(|xml| {
                let (start, end) = (format!("<saml:{name}"), format!("</saml:{name}>"));
                let xml = xml.replace(&end, &format!("</e:{name}>"));
                [" ", ">", "/"].iter().fold(xml, |xml, next| {
                    xml.replace(
                        &format!("{start}{next}"),
                        &format!("<e:{name} xmlns:e=\"{namespace}\"{next}"),
                    )
                })
            }) {
                if name == "Attribute" || name == "AttributeStatement" || xml.contains("<e:") {
                    assert_hostile(&format!("{name} of {namespace}"), xml).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn attack_10_a_twin_of_another_namespace_beside_the_real_one_is_refused() {
    for name in NAMES {
        let twin = format!(r#"<e:{name} xmlns:e="urn:evil">mallory</e:{name}>"#);
        for xml in rewritten(|xml| {
            let at = start_of(&xml, name);
            format!("{}{twin}{}", &xml[..at], &xml[at..])
        }) {
            assert_hostile(name, xml).await;
        }
        if name != "AuthnContext" {
            assert_hostile(name, extended(&twin)).await;
        }
    }
}

#[tokio::test]
async fn attack_10_a_prefix_that_changes_its_meaning_inside_is_followed() {
    let moved = edited("<saml:Subject>", r#"<saml:Subject xmlns:saml="urn:evil">"#);
    assert_hostile("the prefix of the subject", moved).await;
    for xml in rewritten(|xml| xml.replace("<saml:NameID ", r#"<saml:NameID xmlns:saml="urn:evil" "#)) {
        assert_hostile("the prefix of the name", xml).await;
    }
}

#[tokio::test]
async fn attack_10_an_element_that_claims_another_type_is_refused() {
    let xsi = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;
    for name in [
        "Assertion",
        "Subject",
        "NameID",
        "SubjectConfirmation",
        "Conditions",
        "AudienceRestriction",
        "Audience",
        "AuthnStatement",
        "AuthnContext",
        "AttributeStatement",
        "Attribute",
    ] {
        for claim in [
            r#"xsi:type="saml:AdviceType""#,
            r#"xmlns:x="urn:x" xsi:type="x:SubjectType""#,
            r#"xsi:type="SubjectType""#,
            r#"xsi:nil="true""#,
        ] {
            for xml in rewritten(|xml| {
                let at = start_of(&xml, name) + "<saml:".len() + name.len();
                format!("{} {xsi} {claim}{}", &xml[..at], &xml[at..])
            }) {
                assert_refused!(verdict(xml).await, Error::Forbidden(Rule::Types));
            }
        }
    }
}

#[tokio::test]
async fn attack_10_statements_and_identifiers_that_only_their_type_explains_are_refused() {
    let xsi = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;
    let statement = format!(
        r#"<saml:Statement {xsi} xsi:type="saml:AuthnStatementType" AuthnInstant="2026-03-01T08:00:00Z"/>"#
    );
    let own = format!(r#"<saml:Statement {xsi} xmlns:x="urn:x" xsi:type="x:Own"/>"#);
    for statement in [statement, own] {
        let answer = Answer::with(|a| a.authn_statements.push(statement));
        assert_hostile("a bare statement", answer.xml()).await;
    }
    let base = format!(r#"<saml:BaseID {xsi} xmlns:x="urn:x" xsi:type="x:Own"/>"#);
    assert_hostile("a bare identifier", Answer::with(|a| a.name_id = base).xml()).await;
    let typed =
        attribute("x", &["y"]).replace("<saml:Attribute ", &format!("<saml:Attribute {xsi} xsi:type=\"x\" "));
    assert_hostile("an attribute of another type", Answer::with(|a| a.attributes += &typed).xml()).await;
}
