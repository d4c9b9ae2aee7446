//! Answers that identity providers really send.

use time::macros::datetime;

use crate::gateway::pending;
use crate::gateway::{Gateway, assert_alice, verdict};
use crate::idp::{
    Answer, CURVE, ENTITY_ID, ENVELOPED, EXC_C14N, IDP, Key, NEXT, Sign, attribute, encode, entity,
    key_descriptor, metadata,
};

#[tokio::test]
async fn a_signed_assertion_is_accepted() {
    assert_alice(verdict(Answer::default().xml()).await);
}

#[tokio::test]
async fn a_signed_response_is_accepted() {
    assert_alice(verdict(Answer::with(|a| a.sign = Sign::Response).xml()).await);
}

#[tokio::test]
async fn a_signed_response_with_a_signed_assertion_is_accepted() {
    assert_alice(verdict(Answer::with(|a| a.sign = Sign::Both).xml()).await);
}

#[tokio::test]
async fn everything_that_was_said_is_read() {
    let identity = verdict(Answer::default().xml()).await.unwrap();
    assert_eq!(identity.idp.as_str(), "company");
    assert_eq!(identity.session_index.as_deref(), Some("s-1"));
    assert_eq!(identity.authn_instant, datetime!(2026-03-01 08:00 UTC));
    assert_eq!(identity.session_not_on_or_after, None);
    let name_id = identity.name_id.unwrap();
    assert_eq!(name_id.format.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
}

#[tokio::test]
async fn wrapped_base64_is_accepted() {
    let field = encode(Answer::default().xml());
    let lines: Vec<&str> = field.as_bytes().chunks(76).map(|c| std::str::from_utf8(c).unwrap()).collect();
    assert_alice(Gateway::new().verify_field(lines.join("\r\n"), &pending()).await);
}

#[tokio::test]
async fn an_xml_declaration_is_accepted() {
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", Answer::default().xml());
    assert_alice(verdict(xml).await);
}

#[tokio::test]
async fn white_space_between_elements_is_accepted() {
    let answer = Answer::with(|a| {
        a.conditions = Some(a.clone().not_on_or_after.map(|end| format!(
            "\n  <saml:Conditions NotOnOrAfter=\"{end}\">\n    <saml:AudienceRestriction>\n      <saml:Audience>{}</saml:Audience>\n    </saml:AudienceRestriction>\n  </saml:Conditions>\n",
            crate::idp::SP_ENTITY_ID
        )).unwrap());
    });
    assert_alice(verdict(answer.xml().replace("<samlp:Status>", "\n\t<samlp:Status>")).await);
}

#[tokio::test]
async fn a_prefix_list_is_accepted() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let answer = Answer::with(|a| {
            a.sign = sign;
            a.attributes += &attribute("typed", &[]).replace(
                "</saml:Attribute>",
                r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">x</saml:AttributeValue></saml:Attribute>"#,
            );
            a.shape.transforms = format!(
                r#"<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}"><ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="xs saml samlp #default"/></ds:Transform>"#
            );
        });
        assert_alice(verdict(answer.xml()).await);
    }
}

#[tokio::test]
async fn the_signers_certificate_in_key_info_is_accepted() {
    let answer = Answer::with(|a| {
        a.shape.key_info = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            IDP.certificate_base64()
        );
    });
    assert_alice(verdict(answer.xml()).await);
}

#[tokio::test]
async fn either_key_of_a_roll_over_is_accepted() {
    for key in [&IDP, &NEXT] {
        for keys in [[&*IDP, &*NEXT], [&*NEXT, &*IDP]] {
            let gateway = Gateway::trusting(metadata(&keys));
            assert_alice(gateway.verify(Answer::with(|a| a.key = key).xml()).await);
        }
    }
}

#[tokio::test]
async fn an_elliptic_curve_signature_is_accepted() {
    let gateway = Gateway::trusting(metadata(&[&CURVE]));
    assert_alice(gateway.verify(Answer::with(|a| a.key = &CURVE).xml()).await);
    let mixed = Gateway::trusting(metadata(&[&IDP, &CURVE]));
    assert_alice(mixed.verify(Answer::with(|a| a.key = &CURVE).xml()).await);
}

#[tokio::test]
async fn an_expired_certificate_still_names_the_key() {
    let expired = Key::certify(IDP.private.clone(), 1);
    assert_alice(Gateway::trusting(metadata(&[&expired])).verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn a_key_without_use_signs_too() {
    let metadata = entity(ENTITY_ID, "", &key_descriptor(&IDP, ""));
    assert_alice(Gateway::trusting(metadata).verify(Answer::default().xml()).await);
}

#[tokio::test]
async fn stronger_digests_and_signatures_are_accepted() {
    for (method, digest) in [
        (
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
        ),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    ] {
        let answer = Answer::with(|a| {
            method.clone_into(&mut a.shape.method);
            digest.clone_into(&mut a.shape.digest);
        });
        assert_alice(verdict(answer.xml()).await);
    }
}

#[tokio::test]
async fn attributes_of_any_name_format_are_read_and_repeated_names_joined() {
    let answer = Answer::with(|a| {
        a.attributes += r#"<saml:Attribute Name="urn:oid:0.9.2342.19200300.100.1.3" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" FriendlyName="groups"><saml:AttributeValue>a@b.test</saml:AttributeValue></saml:Attribute>"#;
        a.attributes +=
            r#"<saml:Attribute Name="bare"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>"#;
        a.attributes += r#"<saml:Attribute Name="bare"><saml:AttributeValue>y &amp; z</saml:AttributeValue></saml:Attribute>"#;
    });
    let identity = verdict(answer.xml()).await.unwrap();
    assert_eq!(identity.attributes["urn:oid:0.9.2342.19200300.100.1.3"], ["a@b.test"]);
    assert_eq!(identity.attributes["bare"], ["x", "y & z"]);
    assert_eq!(identity.attributes["groups"], ["agents", "supervisors"]);
}

#[tokio::test]
async fn a_value_with_markup_or_nil_leaves_an_attribute_without_values() {
    let answer = Answer::with(|a| {
        a.attributes += &attribute("targeted", &["<saml:NameID>opaque</saml:NameID>"]);
        a.attributes += r#"<saml:Attribute Name="nil"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>"#;
        a.attributes += &attribute("empty", &[]);
    });
    let identity = verdict(answer.xml()).await.unwrap();
    for name in ["targeted", "nil", "empty"] {
        assert!(identity.attributes[name].is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_subject_without_name_id_is_accepted() {
    let identity = verdict(Answer::with(|a| a.name_id.clear()).xml()).await.unwrap();
    assert_eq!(identity.name_id, None);
}

#[tokio::test]
async fn an_answer_without_the_optional_parts_is_accepted() {
    let answer = Answer::with(|a| {
        a.destination = None;
        a.response_issuer = None;
        a.not_before = None;
        a.attributes.clear();
    });
    assert!(verdict(answer.xml()).await.unwrap().attributes.is_empty());
    let empty = Answer::with(|a| {
        a.attributes.clear();
        a.authn_statements[0] += "<saml:AttributeStatement/>";
    });
    assert!(verdict(empty.xml()).await.unwrap().attributes.is_empty());
}
