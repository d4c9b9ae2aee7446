//! Signatures: forged, wrapped, missing, by the wrong key.

use connect_gateway::model::Blamed as _;
use connect_gateway::saml::{Error, Rule};

use crate::gateway::{Gateway, assert_refused, code, verdict};
use crate::idp::{Answer, CURVE, GATEWAY, IDP, Key, NEXT, STRANGER, Sign, SignatureShape, metadata, sign};

fn forged() -> Answer {
    Answer::with(|a| {
        "_evil".clone_into(&mut a.assertion_id);
        "_evil-response".clone_into(&mut a.response_id);
        "<saml:NameID>mallory</saml:NameID>".clone_into(&mut a.name_id);
    })
}

/// The element from its start tag to its end tag.
fn cut<'a>(xml: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}>");
    &xml[xml.find(&format!("<{name} ")).unwrap()..xml.rfind(&end).unwrap() + end.len()]
}

/// Nothing that looks like this is ever accepted, whoever it claims to speak of.
async fn assert_forbidden(xml: String) {
    let outcome = verdict(&xml).await;
    let refusal = outcome.map(|_| xml).unwrap_err();
    assert_eq!(refusal.code().id, "saml.forbidden_shape", "{refusal}");
}

#[tokio::test]
async fn an_unsigned_answer_is_refused() {
    let answer = Answer::with(|a| a.sign = Sign::Nothing);
    assert_refused!(verdict(answer.xml()).await, Error::Unsigned);
}

#[tokio::test]
async fn a_signature_that_was_taken_off_is_missed() {
    let xml = Answer::default().xml();
    let stripped = xml.replace(cut(&xml, "ds:Signature"), "");
    assert_refused!(verdict(stripped).await, Error::Unsigned);
}

#[tokio::test]
async fn a_changed_assertion_is_refused() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let xml = Answer { sign, ..Answer::default() }.xml();
        for (from, to) in [("alice-7", "mallory"), ("supervisors", "admins"), ("09:34:55", "09:44:55")] {
            assert_refused!(verdict(xml.replace(from, to)).await, Error::Signature);
        }
    }
}

#[tokio::test]
async fn a_changed_signed_response_is_refused() {
    let xml = Answer::with(|a| a.sign = Sign::Response).xml();
    assert_refused!(verdict(xml.replacen("09:29:55Z", "09:29:56Z", 1)).await, Error::Signature);
}

#[tokio::test]
async fn a_signature_by_a_stranger_is_refused_whatever_key_info_says() {
    for key in [&STRANGER, &CURVE, &NEXT, &GATEWAY] {
        let answer = Answer::with(|a| {
            a.key = key;
            a.shape.key_info = format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                key.certificate_base64()
            );
        });
        assert_refused!(verdict(answer.xml()).await, Error::Signature);
    }
}

#[tokio::test]
async fn a_strangers_certificate_with_the_right_names_is_refused() {
    let look_alike = Key::certify(STRANGER.private.clone(), 365);
    let gateway = Gateway::trusting(metadata(&[&look_alike]));
    assert_refused!(gateway.verify(Answer::default().xml()).await, Error::Signature);
}

#[tokio::test]
async fn both_signatures_must_verify() {
    let answer = Answer::with(|a| a.sign = Sign::Both);
    let by = |inner: &Key, outer: &Key| {
        let once = sign(
            &answer.response_xml("", &answer.assertion_xml(&answer.shape.template("_assertion", inner))),
            inner,
        );
        let at = once.find("<samlp:Status>").unwrap();
        let outer_template = answer.shape.template("_response", outer);
        sign(&format!("{}{outer_template}{}", &once[..at], &once[at..]), outer)
    };
    assert!(verdict(by(&IDP, &IDP)).await.is_ok());
    assert_refused!(verdict(by(&STRANGER, &IDP)).await, Error::Signature);
    assert_refused!(verdict(by(&IDP, &STRANGER)).await, Error::Signature);
}

#[tokio::test]
async fn a_signature_over_another_document_of_the_identity_provider_is_refused() {
    let xml = Answer::default().xml();
    let signature = cut(&xml, "ds:Signature");
    let evil = Answer::with(|a| a.name_id = "<saml:NameID>mallory</saml:NameID>".to_owned());
    let transplanted = evil.response_xml("", &evil.assertion_xml(signature));
    assert_refused!(verdict(transplanted).await, Error::Signature);
}

#[tokio::test]
async fn wrapping_1_the_signed_response_inside_the_signature_is_refused() {
    let xml = Answer::with(|a| a.sign = Sign::Response).xml();
    let signature = cut(&xml, "ds:Signature");
    let original = xml.replace(signature, "");
    let wrapped =
        signature.replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));
    let evil = forged();
    assert_forbidden(evil.response_xml(&wrapped, &evil.assertion_xml(""))).await;
}

#[tokio::test]
async fn wrapping_2_the_signed_response_beside_the_signature_is_refused() {
    let xml = Answer::with(|a| a.sign = Sign::Response).xml();
    let signature = cut(&xml, "ds:Signature");
    let original = xml.replace(signature, "");
    let evil = forged();
    assert_forbidden(evil.response_xml(&format!("{original}{signature}"), &evil.assertion_xml(""))).await;
    assert_forbidden(evil.response_xml(&format!("{signature}{original}"), &evil.assertion_xml(""))).await;
}

#[tokio::test]
async fn wrapping_3_a_forged_assertion_before_the_signed_one_is_refused() {
    let xml = Answer::default().xml();
    let original = cut(&xml, "saml:Assertion");
    let evil = forged();
    assert_forbidden(evil.response_xml("", &(evil.assertion_xml("") + original))).await;
    assert_forbidden(evil.response_xml("", &(original.to_owned() + &evil.assertion_xml("")))).await;
}

#[tokio::test]
async fn wrapping_4_the_signed_assertion_inside_a_forged_one_is_refused() {
    let xml = Answer::default().xml();
    let original = cut(&xml, "saml:Assertion");
    let evil = forged();
    let around = evil.assertion_xml("").replace("</saml:Assertion>", &format!("{original}</saml:Assertion>"));
    assert_forbidden(evil.response_xml("", &around)).await;
}

#[tokio::test]
async fn wrapping_5_a_forged_assertion_with_the_signature_and_the_original_behind_it_is_refused() {
    let xml = Answer::default().xml();
    let signature = cut(&xml, "ds:Signature");
    let original = cut(&xml, "saml:Assertion").replace(signature, "");
    let evil = forged();
    assert_forbidden(evil.response_xml("", &(evil.assertion_xml(signature) + &original))).await;
}

#[tokio::test]
async fn wrapping_6_the_original_inside_the_signature_of_a_forged_assertion_is_refused() {
    let xml = Answer::default().xml();
    let signature = cut(&xml, "ds:Signature");
    let original = cut(&xml, "saml:Assertion").replace(signature, "");
    let around = signature.replace("</ds:Signature>", &format!("{original}</ds:Signature>"));
    let evil = forged();
    assert_forbidden(evil.response_xml("", &evil.assertion_xml(&around))).await;
}

#[tokio::test]
async fn wrapping_7_a_forged_assertion_in_extensions_is_refused() {
    let evil = forged().assertion_xml("");
    let answer = Answer::with(|a| a.extensions = format!("<samlp:Extensions>{evil}</samlp:Extensions>"));
    assert_forbidden(answer.xml()).await;
}

#[tokio::test]
async fn wrapping_8_the_original_in_an_object_of_the_signature_is_refused() {
    let xml = Answer::default().xml();
    let signature = cut(&xml, "ds:Signature");
    let original = cut(&xml, "saml:Assertion").replace(signature, "");
    let around =
        signature.replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));
    let evil = forged();
    assert_forbidden(evil.response_xml("", &evil.assertion_xml(&around))).await;
}

#[tokio::test]
async fn a_signature_of_the_response_that_names_the_assertion_is_refused() {
    let answer = Answer::with(|a| a.sign = Sign::Nothing);
    let template = SignatureShape::default().template("_assertion", &IDP);
    let xml = sign(&answer.response_xml(&template, &answer.assertion_xml("")), &IDP);
    assert_refused!(verdict(xml).await, Error::Forbidden(Rule::Reference));
}

#[tokio::test]
async fn whole_signed_documents_of_other_kinds_are_refused() {
    let xml = Answer::with(|a| a.sign = Sign::Response).xml();
    for kind in ["LogoutResponse", "ArtifactResponse"] {
        let other = Answer::with(|a| a.sign = Sign::Response);
        let template = other.shape.template("_response", &IDP);
        let other = other.response_xml(&template, "").replace("samlp:Response", &format!("samlp:{kind}"));
        assert_eq!(code(verdict(sign(&other, &IDP)).await), "saml.forbidden_shape");
    }
    assert!(verdict(xml).await.is_ok());
}
