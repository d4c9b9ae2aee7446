//! Documents that the guard refuses before any signature engine sees them. Each is refused for the rule it breaks.

use std::fmt::Write as _;

use connect_gateway::saml::{Algorithm, Error, Rule};

use crate::gateway::{Gateway, assert_refused, pending, verdict};
use crate::idp::{Answer, ENVELOPED, EXC_C14N, IDP, SUCCESS, Sign, SignatureShape, attribute, encode};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A good document, really signed.
fn good() -> String {
    Answer::default().xml()
}

/// A good document with one text replaced.
fn edited(from: &str, to: &str) -> String {
    let xml = good();
    assert!(xml.contains(from), "{from}");
    xml.replacen(from, to, 1)
}

/// The assertion-signed document with `content` inside `samlp:Extensions`.
fn extended(content: &str) -> String {
    Answer::with(|a| a.extensions = format!("<samlp:Extensions>{content}</samlp:Extensions>")).xml()
}

/// The document with another inside of its signature; nothing of it needs to verify.
fn shaped(change: impl Fn(&mut SignatureShape)) -> String {
    let answer = Answer::with(|a| change(&mut a.shape));
    let template = answer.shape.template("_assertion", &IDP);
    let filled = template
        .replace("<ds:DigestValue></", &format!("<ds:DigestValue>{}</", encode([7; 32])))
        .replace("<ds:SignatureValue></", &format!("<ds:SignatureValue>{}</", encode([7; 256])));
    answer.response_xml("", &answer.assertion_xml(&filled))
}

async fn field(field: &str) -> Result<connect_gateway::model::Identity, Error> {
    Gateway::new().verify_field(field.to_owned(), &pending()).await
}

#[tokio::test]
async fn what_is_not_base64_is_refused() {
    let whole = encode(good());
    for bad in ["!", "abc", "PHg-", "PHg_", "=", "PHg=PHg=", "PHg\u{a0}", "PHg\u{b}", "%3C", "<x/>"] {
        assert_refused!(field(bad).await, Error::NotBase64);
    }
    assert_refused!(field(&whole[..whole.len() - 1]).await, Error::NotBase64);
    assert_refused!(field(&format!("{whole}*")).await, Error::NotBase64);
}

#[tokio::test]
async fn an_oversized_message_is_refused() {
    let padding = " ".repeat(300 * 1024);
    assert_refused!(
        verdict(edited("<samlp:Status>", &format!("{padding}<samlp:Status>"))).await,
        Error::TooLarge
    );
}

#[tokio::test]
async fn another_encoding_than_utf_8_is_refused() {
    let xml = good();
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(xml.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_refused!(verdict(utf16).await, Error::NotUtf8);
    let bare: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_refused!(verdict(bare).await, Error::NotUtf8);
    assert_refused!(verdict(format!("\u{feff}{xml}")).await, Error::NotUtf8);
    assert_refused!(verdict(format!("{xml}\0")).await, Error::NotUtf8);
    assert_refused!(verdict([xml.as_bytes(), &[0xff]].concat()).await, Error::NotUtf8);
}

#[tokio::test]
async fn another_declaration_than_1_0_and_utf_8_is_refused() {
    for declaration in [
        r#"<?xml version="1.1"?>"#,
        r#"<?xml version="1.0" encoding="UTF-16"?>"#,
        r#"<?xml version="1.0" encoding="ISO-8859-1"?>"#,
        r"<?xml version='1.0' encoding='UTF-7'?>",
        r#"<?xml encoding="UTF-8"?>"#,
        r#"<?xml-stylesheet href="x"?>"#,
    ] {
        assert_refused!(verdict(format!("{declaration}{}", good())).await, Error::NotUtf8);
    }
}

#[tokio::test]
async fn what_is_not_well_formed_is_refused() {
    let xml = good();
    for bad in [
        String::new(),
        "hello".to_owned(),
        "<".to_owned(),
        "<a".to_owned(),
        "<a b=\"".to_owned(),
        "</a>".to_owned(),
        format!("{xml}trailing"),
        format!("{xml}<x/>"),
        format!("{xml}{xml}"),
        xml.replace("</samlp:Response>", ""),
        edited("ID=\"_assertion\"", "ID=\"_assertion\" ID=\"_assertion\""),
        edited("alice-7", "alice-7&nbsp;"),
        edited("alice-7", "&#0;"),
        edited("<saml:NameID", "<undeclared:NameID"),
    ] {
        assert_refused!(verdict(bad).await, Error::NotXml);
    }
}

#[tokio::test]
async fn comments_instructions_cdata_and_document_types_are_refused() {
    let xml = good();
    for bad in [
        edited("alice-7", "alice<!-- -->-7"),
        edited("alice-7", "alice<?x y?>-7"),
        edited("alice-7", "<![CDATA[alice-7]]>"),
        edited("<ds:DigestValue>", "<ds:DigestValue><!---->"),
        edited("<samlp:Status>", "<!-- c --><samlp:Status>"),
        format!("<!-- c -->{xml}"),
        format!("{xml}<!-- c -->"),
        format!("{xml}<?x?>"),
        format!("<!DOCTYPE x>{xml}"),
        format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{xml}"),
        format!("<!DOCTYPE x [<!ATTLIST samlp:Response ID ID #IMPLIED>]>{xml}"),
        format!("<?xml version=\"1.0\"?><!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">{xml}"),
    ] {
        assert_refused!(verdict(bad).await, Error::Forbidden(Rule::Markup));
    }
}

#[tokio::test]
async fn a_signed_comment_is_refused_too() {
    let answer = Answer::with(|a| a.name_id = "<saml:NameID>alice<!-- -->-7</saml:NameID>".to_owned());
    assert_refused!(verdict(answer.xml()).await, Error::Forbidden(Rule::Markup));
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    for depth in [30, 50_000] {
        let open = r#"<x:x xmlns:x="urn:x">"#.to_owned() + &"<x:x>".repeat(depth - 1);
        if depth > 1_000 {
            let short = r#"<x:x xmlns:x="urn:x">"#.to_owned() + &"<x:x>".repeat(20_000);
            assert_refused!(verdict(edited("<samlp:Status>", &short)).await, Error::Forbidden(Rule::Limits));
            continue;
        }
        let nested = open + &"</x:x>".repeat(depth);
        assert_refused!(verdict(extended(&nested)).await, Error::Forbidden(Rule::Limits));
    }
}

#[tokio::test]
async fn long_tags_and_many_attributes_are_refused() {
    let long = "x".repeat(9_000);
    assert_refused!(
        verdict(extended(&format!(r#"<x:x xmlns:x="urn:x" a="{long}"/>"#))).await,
        Error::Forbidden(Rule::Limits)
    );
    let many = (0..65).fold(String::new(), |mut all, n| {
        write!(all, r#" a{n}="""#).unwrap();
        all
    });
    assert_refused!(
        verdict(extended(&format!(r#"<x:x xmlns:x="urn:x"{many}/>"#))).await,
        Error::Forbidden(Rule::Limits)
    );
}

#[tokio::test]
async fn very_many_elements_are_refused() {
    let many = r#"<x:x xmlns:x="urn:x"/>"#.repeat(4_100);
    assert_refused!(verdict(extended(&many)).await, Error::Forbidden(Rule::Limits));
    let values = vec![""; 2_100];
    let answer = Answer::with(|a| a.attributes = attribute("groups", &values));
    assert_refused!(verdict(answer.xml()).await, Error::Content(_));
}

#[tokio::test]
async fn a_namespace_that_is_not_an_absolute_uri_is_refused() {
    for name in ["relative", "1:x", "urn:", ":x", "http://exa mple/", "urn:x&amp;y", "urn:ü", "#x"] {
        let content = format!(r#"<x:x xmlns:x="{name}"/>"#);
        let unsigned = edited(
            "<samlp:Status>",
            &format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>"),
        );
        assert_refused!(verdict(unsigned).await, Error::Forbidden(Rule::NamespaceName));
    }
    let undeclared = edited("<samlp:Status>", r#"<samlp:Status xmlns:x="">"#);
    assert_refused!(verdict(undeclared).await, Error::Forbidden(Rule::NamespaceName));
}

#[tokio::test]
async fn another_root_is_refused() {
    let assertion = crate::idp::sign(
        &Answer::default().assertion_xml(&SignatureShape::default().template("_assertion", &IDP)),
        &IDP,
    );
    let wrapped = format!("<x>{}</x>", good());
    let renamed = good().replace("samlp:Response", "samlp:ArtifactResponse");
    let moved =
        good().replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol");
    for bad in [assertion, wrapped, renamed, moved, "<x/>".to_owned()] {
        assert_refused!(verdict(bad).await, Error::Forbidden(Rule::Structure));
    }
}

#[tokio::test]
async fn elements_out_of_order_or_too_many_are_refused_even_when_signed() {
    let two_subjects = Answer::with(|a| {
        a.name_id = "<saml:NameID>alice-7</saml:NameID></saml:Subject><saml:Subject><saml:NameID>mallory</saml:NameID>".to_owned();
    });
    let two_names = Answer::with(|a| a.name_id += "<saml:NameID>mallory</saml:NameID>");
    let two_conditions = Answer::with(|a| a.advice = "<saml:Conditions/>".to_owned());
    let two_statuses = Answer::with(|a| a.status = SUCCESS.repeat(2));
    let two_issuers = Answer::with(|a| a.issuer = a.issuer.repeat(2));
    let markup_in_name = Answer::with(|a| a.name_id = "<saml:NameID>alice<b/>-7</saml:NameID>".to_owned());
    let stray_text = Answer::with(|a| a.advice = "text".to_owned());
    let late_conditions = Answer::with(|a| {
        a.conditions = Some(String::new());
        a.authn_statements[0] += "<saml:Conditions/>";
    });
    for answer in [
        two_subjects,
        two_names,
        two_conditions,
        two_statuses,
        two_issuers,
        markup_in_name,
        stray_text,
        late_conditions,
    ] {
        assert_refused!(verdict(answer.xml()).await, Error::Forbidden(Rule::Structure));
    }
    for bad in [
        edited("<samlp:Status>", "text<samlp:Status>"),
        edited("<samlp:Status>", "<samlp:Extensions/><samlp:Extensions/><samlp:Status>"),
        edited("<samlp:Status>", r#"<x:x xmlns:x="urn:x"/><samlp:Status>"#),
        good().replace(SUCCESS, ""),
    ] {
        assert_refused!(verdict(bad).await, Error::Forbidden(Rule::Structure));
    }
}

#[tokio::test]
async fn a_second_assertion_is_refused_wherever_it_hides() {
    let evil =
        Answer::with(|a| a.assertion_id = "_evil".to_owned()).assertion_xml("").replace("alice-7", "mallory");
    let encrypted = r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>"#;
    for bad in [
        edited("</samlp:Response>", &format!("{evil}</samlp:Response>")),
        edited("<saml:Assertion", &format!("{evil}<saml:Assertion")),
        edited("</samlp:Response>", &format!("{encrypted}</samlp:Response>")),
        edited("<samlp:Status>", &format!("<samlp:Extensions>{evil}</samlp:Extensions><samlp:Status>")),
        edited("</samlp:Status>", &format!("<samlp:StatusDetail>{evil}</samlp:StatusDetail></samlp:Status>")),
        edited(
            "<saml:AttributeStatement>",
            &format!(
                "<saml:AttributeStatement><saml:Attribute Name=\"x\"><saml:AttributeValue>{evil}</saml:AttributeValue></saml:Attribute>"
            ),
        ),
        edited("</saml:Conditions>", &format!("</saml:Conditions><saml:Advice>{evil}</saml:Advice>")),
    ] {
        assert_refused!(verdict(bad).await, Error::Forbidden(Rule::Assertions));
    }
    let both = Answer { sign: Sign::Response, ..Answer::default() };
    let signed = crate::idp::sign(
        &both.response_xml(&both.shape.template("_response", &IDP), &(both.assertion_xml("") + &evil)),
        &IDP,
    );
    assert_refused!(verdict(signed).await, Error::Forbidden(Rule::Assertions));
}

#[tokio::test]
async fn a_saml_name_in_a_foreign_namespace_is_refused() {
    for name in [
        "Assertion",
        "Response",
        "Signature",
        "NameID",
        "Transform",
        "Transforms",
        "EncryptedData",
        "KeyInfo",
    ] {
        let foreign = format!(r#"<x:{name} xmlns:x="urn:x"/>"#);
        assert_refused!(verdict(extended(&foreign)).await, Error::Forbidden(Rule::ForeignName));
        let signed = Answer::with(|a| a.attributes += &attribute("x", &[&foreign]));
        assert_refused!(verdict(signed.xml()).await, Error::Forbidden(Rule::ForeignName));
    }
}

#[tokio::test]
async fn extensions_hold_nothing_of_ours_and_nothing_without_namespace() {
    for content in [
        "<samlp:NewID/>",
        "<bare/>",
        &format!(r#"<ds:X509Data xmlns:ds="{DS}"/>"#),
        r#"<x:x xmlns:x="urn:x"><samlp:GetComplete/></x:x>"#,
    ] {
        assert_refused!(verdict(extended(content)).await, Error::Forbidden(Rule::Extensions));
        let detail = edited(
            "</samlp:Status>",
            &format!("<samlp:StatusDetail>{content}</samlp:StatusDetail></samlp:Status>"),
        );
        assert_refused!(verdict(detail).await, Error::Forbidden(Rule::Extensions));
    }
    assert!(verdict(extended(r#"<x:x xmlns:x="urn:x">text</x:x>"#)).await.is_ok());
}

#[tokio::test]
async fn an_identifier_used_twice_is_refused() {
    for id in ["ID", "Id", "id", "AssertionID", "iD"] {
        let twin = format!(r#"<x:x xmlns:x="urn:x" {id}="_assertion"/>"#);
        assert_refused!(
            verdict(edited(
                "<samlp:Status>",
                &format!("<samlp:Extensions>{twin}</samlp:Extensions><samlp:Status>")
            ))
            .await,
            Error::Forbidden(Rule::Identifiers)
        );
    }
    assert_refused!(
        verdict(edited("ID=\"_response\"", "ID=\"_assertion\"")).await,
        Error::Forbidden(Rule::Identifiers)
    );
}

#[tokio::test]
async fn an_identifier_that_is_prefixed_or_malformed_is_refused() {
    let long = "a".repeat(129);
    for id in [
        r#"xml:id="_x""#,
        r#"samlp:ID="_x""#,
        r#"x:AssertionID="_x""#,
        r#"ID="""#,
        r#"ID="1x""#,
        r#"ID="a:b""#,
        r#"ID="a b""#,
        r#"ID="&#x3bb;""#,
        &format!(r#"ID="{long}""#),
    ] {
        let odd =
            format!(r#"<samlp:Extensions><x:x xmlns:x="urn:x" {id}/></samlp:Extensions><samlp:Status>"#);
        assert_refused!(verdict(edited("<samlp:Status>", &odd)).await, Error::Forbidden(Rule::Identifiers));
    }
    assert_refused!(verdict(edited(" ID=\"_assertion\"", "")).await, Error::Forbidden(Rule::Identifiers));
    assert_refused!(verdict(edited(" ID=\"_response\"", "")).await, Error::Forbidden(Rule::Identifiers));
}

#[tokio::test]
async fn a_signature_in_another_place_is_refused() {
    let signature = SignatureShape::default().template("_assertion", &IDP);
    let in_value = Answer::with(|a| a.attributes += &attribute("x", &[&signature]));
    let in_confirmation = good().replace("<saml:SubjectConfirmationData", &format!("<saml:SubjectConfirmationData><x:x xmlns:x=\"urn:x\">{signature}</x:x></saml:SubjectConfirmationData><saml:SubjectConfirmationData"));
    assert_refused!(
        verdict(in_value.response_xml("", &in_value.assertion_xml(""))).await,
        Error::Forbidden(Rule::SignaturePlace)
    );
    let in_context =
        good().replace("</saml:AuthnContextClassRef>", &format!("</saml:AuthnContextClassRef>{signature}"));
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
    for method in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
    ] {
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
        "Id=\"_r\" URI=\"#_assertion\"",
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
        format!(r#"{enveloped}<ds:Transform Algorithm="{EXC_C14N}WithComments"/>"#),
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
        ("<ds:SignatureValue>", "<ds:SignatureValue Id=\"_v\">"),
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
