//! Signatures that the guard refuses for what they are made of, some of which would verify.

use connect_gateway::saml::{Algorithm, Error, Rule};

use crate::documents::{edited, good, shaped};
use crate::gateway::{assert_refused, verdict};
use crate::idp::{Answer, ENVELOPED, EXC_C14N, IDP, Sign, SignatureShape, attribute, encode};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

#[tokio::test]
async fn a_signature_in_another_place_is_refused() {
    let signature = SignatureShape::default().template("_assertion", &IDP);
    let in_value = Answer::with(|a| a.attributes += &attribute("x", &[&signature]));
    let in_confirmation = good().replace("<saml:SubjectConfirmationData", &format!("<saml:SubjectConfirmationData><x:x xmlns:x=\"urn:x\">{signature}</x:x></saml:SubjectConfirmationData><saml:SubjectConfirmationData"));
    assert_refused!(
        verdict(in_value.response_xml("", &in_value.assertion_xml(""))).await,
        Error::Forbidden(Rule::SignaturePlace)
    );
    let in_context = good().replace(
        "</saml:AuthnContextClassRef>",
        &format!("</saml:AuthnContextClassRef><saml:AuthnContextDecl>{signature}</saml:AuthnContextDecl>"),
    );
    assert_refused!(verdict(in_context).await, Error::Forbidden(Rule::SignaturePlace));
    assert!(verdict(in_confirmation).await.is_err());
}

#[tokio::test]
async fn a_signature_with_unusual_parts_is_refused() {
    let info_start = "<ds:SignedInfo>";
    let xml = good();
    let info =
        &xml[xml.find(info_start).unwrap()..xml.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len()];
    let reference = &xml
        [xml.find("<ds:Reference").unwrap()..xml.find("</ds:Reference>").unwrap() + "</ds:Reference>".len()];
    for bad in [
        edited("</ds:Signature>", "<ds:Object/></ds:Signature>"),
        edited("<ds:SignedInfo>", &format!("{info}<ds:SignedInfo>")),
        edited("<ds:Reference", &format!("{reference}<ds:Reference")),
        edited("<ds:SignatureValue>", "<ds:KeyInfo/><ds:SignatureValue>"),
        edited("<ds:SignedInfo>", "text<ds:SignedInfo>"),
        xml.replace(reference, ""),
        xml.replace(info, ""),
    ] {
        assert_refused!(verdict(bad).await, Error::Forbidden(Rule::SignatureShape));
    }
    let odd_prefixes = shaped(|s| {
        s.canonicalization = format!(
            r#"<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"><x:x xmlns:x="urn:x"/></ds:CanonicalizationMethod>"#
        );
    });
    assert_refused!(verdict(odd_prefixes).await, Error::Forbidden(Rule::SignatureShape));
}

#[tokio::test]
async fn canonicalisation_other_than_exclusive_is_refused_even_when_it_verifies() {
    for method in ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"]
    {
        let answer = Answer::with(|a| {
            a.shape.canonicalization = format!(r#"<ds:CanonicalizationMethod Algorithm="{method}"/>"#);
        });
        assert_refused!(verdict(answer.xml()).await, Error::Algorithm(Algorithm::Canonicalization));
    }
}

#[tokio::test]
async fn sha_1_and_hmac_are_refused_even_when_they_verify() {
    let sha1 = Answer::with(|a| a.shape.method = format!("{DS}rsa-sha1"));
    assert_refused!(verdict(sha1.xml()).await, Error::Algorithm(Algorithm::Signature));
    let digest = Answer::with(|a| a.shape.digest = format!("{DS}sha1"));
    assert_refused!(verdict(digest.xml()).await, Error::Algorithm(Algorithm::Digest));
    for method in ["hmac-sha1", "dsa-sha1"] {
        assert_refused!(
            verdict(shaped(|s| s.method = format!("{DS}{method}"))).await,
            Error::Algorithm(Algorithm::Signature)
        );
    }
    for method in ["hmac-sha256", "rsa-md5", "rsa-sha224"] {
        let method = format!("http://www.w3.org/2001/04/xmldsig-more#{method}");
        assert_refused!(
            verdict(shaped(|s| s.method.clone_from(&method))).await,
            Error::Algorithm(Algorithm::Signature)
        );
    }
    let truncated = edited(
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>",
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
    );
    assert_refused!(verdict(truncated).await, Error::Algorithm(Algorithm::Signature));
}

#[tokio::test]
async fn a_reference_to_anything_but_its_parent_is_refused() {
    for uri in [
        "",
        "#",
        "#_response",
        "#xpointer(/)",
        "#xpointer(id('_assertion'))",
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "_assertion",
        "#_Assertion",
    ] {
        assert_refused!(
            verdict(shaped(|s| s.uri = Some(uri.to_owned()))).await,
            Error::Forbidden(Rule::Reference)
        );
    }
    for attributes in [
        "",
        "URI=\"#_assertion\" Type=\"http://www.w3.org/2000/09/xmldsig#Object\"",
        "Id=\"_r\"",
        "Id=\"_r\" URI=\"#_assertion\" Type=\"http://www.w3.org/2000/09/xmldsig#Object\"",
    ] {
        let odd = edited("<ds:Reference URI=\"#_assertion\">", &format!("<ds:Reference {attributes}>"));
        assert_refused!(verdict(odd).await, Error::Forbidden(Rule::Reference));
    }
    let whole_document = Answer::with(|a| {
        a.sign = Sign::Response;
        a.shape.uri = Some(String::new());
    });
    assert_refused!(verdict(whole_document.xml()).await, Error::Forbidden(Rule::Reference));
}

#[tokio::test]
async fn transforms_other_than_the_two_are_refused() {
    let enveloped = format!(r#"<ds:Transform Algorithm="{ENVELOPED}"/>"#);
    let canonical = format!(r#"<ds:Transform Algorithm="{EXC_C14N}"/>"#);
    let xpath = r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(//x)</ds:XPath></ds:Transform>"#;
    let xslt = r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/></ds:Transform>"#;
    let base64 = r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>"#;
    for transforms in [
        String::new(),
        enveloped.clone(),
        canonical.clone(),
        format!("{canonical}{enveloped}"),
        format!("{enveloped}{canonical}{canonical}"),
        format!("{enveloped}{xpath}"),
        format!("{xpath}{enveloped}{canonical}"),
        format!("{enveloped}{xslt}"),
        format!("{enveloped}{base64}"),
        format!("{enveloped}text{canonical}"),
        format!(r#"{enveloped}<ds:Transform Algorithm="{EXC_C14N}"><ds:XPath>1</ds:XPath></ds:Transform>"#),
        format!(r#"<ds:Transform Algorithm="{ENVELOPED}"><ds:XPath>1</ds:XPath></ds:Transform>{canonical}"#),
    ] {
        assert_refused!(
            verdict(shaped(|s| s.transforms.clone_from(&transforms))).await,
            Error::Forbidden(Rule::Reference)
        );
    }
}

#[tokio::test]
async fn a_digest_of_the_wrong_length_is_refused() {
    let xml = shaped(|_| ());
    let right = encode([7; 32]);
    for wrong in [String::new(), encode([7; 20]), encode([7; 64]), "=".to_owned()] {
        let bad = xml.replace(&format!("<ds:DigestValue>{right}"), &format!("<ds:DigestValue>{wrong}"));
        let outcome = verdict(bad).await;
        assert_refused!(outcome, Error::Forbidden(Rule::Reference | Rule::Base64Text));
    }
}

#[tokio::test]
async fn values_with_anything_but_base64_are_refused() {
    for (from, to) in [
        ("<ds:SignatureValue>", "<ds:SignatureValue><x:x xmlns:x=\"urn:x\"/>"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>*"),
        ("<ds:SignatureValue>", "<ds:SignatureValue Id=\"_v\" Encoding=\"x\">"),
        ("<ds:DigestValue>", "<ds:DigestValue Id=\"_v\">"),
        ("<ds:DigestValue>", "<ds:DigestValue>-"),
        ("<ds:DigestValue>", "<ds:DigestValue><x:x xmlns:x=\"urn:x\"/>"),
    ] {
        assert_refused!(verdict(edited(from, to)).await, Error::Forbidden(Rule::Base64Text));
    }
    let certificate = shaped(|s| {
        s.key_info = "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>(none)</ds:X509Certificate></ds:X509Data></ds:KeyInfo>".to_owned();
    });
    assert_refused!(verdict(certificate).await, Error::Forbidden(Rule::Base64Text));
}

#[tokio::test]
async fn key_material_by_reference_is_refused() {
    for inside in [
        r#"<ds:RetrievalMethod URI="http://127.0.0.1:1/key"/>"#,
        r#"<ds11:KeyInfoReference xmlns:ds11="http://www.w3.org/2009/xmldsig11#" URI="x"/>"#,
        r#"<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>"#,
        r#"<ds:X509Data><ds:RetrievalMethod URI="/dev/zero"/></ds:X509Data>"#,
        r#"<ds:KeyValue><x:x xmlns:x="urn:x"/></ds:KeyValue>"#,
        "<ds:MgmtData>x</ds:MgmtData>",
    ] {
        let with_key_info = format!("</ds:SignatureValue><ds:KeyInfo>{inside}</ds:KeyInfo>");
        let xml = edited("</ds:SignatureValue>", &with_key_info);
        assert_refused!(verdict(xml).await, Error::Forbidden(Rule::KeyInfo));
    }
}
