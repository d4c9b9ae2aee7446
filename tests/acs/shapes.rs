//! Documents that the guard refuses before any signature engine sees them. Each is refused for the rule it breaks.

use std::fmt::Write as _;

use connect_gateway::saml::{Error, Rule};

use crate::documents::{edited, extended, good};
use crate::gateway::{Gateway, assert_refused, pending, verdict};
use crate::idp::{Answer, ENVELOPED, EXC_C14N, IDP, SUCCESS, Sign, SignatureShape, attribute, encode};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

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
    assert_refused!(verdict(format!("\u{feff}\u{feff}{xml}")).await, Error::NotXml);
    assert_refused!(verdict(format!("<?xml version=\"1.0\"?>\u{feff}{xml}")).await, Error::NotXml);
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
        r#"<?xml version="1.0" standalone="no" encoding="UTF-8"?>"#,
        r#"<?xml version="1.0" encoding="UTF-8" encoding="UTF-8"?>"#,
        r#"<?xml version="1.0"encoding="UTF-8"?>"#,
        r#"<?xml version="1.0' encoding='UTF-8"?>"#,
        r#"<?xml version="1.0" standalone="perhaps"?>"#,
        r#"<?xml version="1.0" x="y"?>"#,
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
    let many = format!(r#"<x:x xmlns:x="urn:x">{}</x:x>"#, "<x:x/>".repeat(16_400));
    assert_refused!(verdict(extended(&many)).await, Error::Forbidden(Rule::Limits));
    let values = vec![""; 4_100];
    let answer = Answer::with(|a| a.attributes = attribute("groups", &values));
    assert_refused!(verdict(answer.xml()).await, Error::Content(_));
}

/// `count` namespace declarations.
fn declarations(count: usize) -> String {
    (0..count).fold(String::new(), |mut all, n| {
        write!(all, r#" xmlns:p{n}="urn:x""#).unwrap();
        all
    })
}

#[tokio::test]
async fn wide_namespace_scopes_and_long_prefix_lists_are_refused() {
    // The response around them declares one prefix.
    let flat = |count: usize| extended(&format!(r"<p0:x{}/>", declarations(count)));
    let nested = |count: usize| {
        extended(&format!("<p0:x{}><p0:x{}/></p0:x>", declarations(16), declarations(count - 16)))
    };
    for document in [flat(31), nested(31), extended(&format!("<p0:x{}/>", declarations(31)).repeat(20))] {
        assert!(verdict(document).await.is_ok());
    }
    for document in [flat(32), nested(32)] {
        assert_refused!(verdict(document).await, Error::Forbidden(Rule::Limits));
    }

    let named =
        |length: usize| extended(&format!(r#"<x:x xmlns:x="urn:{}"/>"#, "x".repeat(length - "urn:".len())));
    assert!(verdict(named(128)).await.is_ok());
    assert_refused!(verdict(named(129)).await, Error::Forbidden(Rule::Limits));

    let list = |count: usize| {
        let prefixes: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
        let prefixes = prefixes.join(" ");
        format!(r#"<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{prefixes}"/>"#)
    };
    let method = |count: usize| {
        Answer::with(|a| {
            a.shape.canonicalization = format!(
                r#"<ds:CanonicalizationMethod Algorithm="{EXC_C14N}">{}</ds:CanonicalizationMethod>"#,
                list(count)
            );
        })
    };
    let transform = |count: usize| {
        Answer::with(|a| {
            a.shape.transforms = format!(
                r#"<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}">{}</ds:Transform>"#,
                list(count)
            );
        })
    };
    for answer in [method(16), transform(16)] {
        assert!(verdict(answer.xml()).await.is_ok());
    }
    assert_refused!(verdict(method(17).xml()).await, Error::Forbidden(Rule::SignatureShape));
    assert_refused!(verdict(transform(17).xml()).await, Error::Forbidden(Rule::Reference));
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
    let alone = Answer::with(|a| a.extensions = format!("<samlp:Extensions>{evil}</samlp:Extensions>"));
    assert_refused!(verdict(alone.response_xml("", "")).await, Error::Forbidden(Rule::Assertions));
    let both = Answer { sign: Sign::Response, ..Answer::default() };
    let signed = crate::idp::sign(
        &both.response_xml(&both.shape.template("_response", &IDP), &(both.assertion_xml("") + &evil)),
        &IDP,
    );
    assert_refused!(verdict(signed).await, Error::Forbidden(Rule::Assertions));
}

/// Where anything may stand, in what the identity provider has really signed.
#[tokio::test]
async fn a_message_inside_the_message_is_refused_wherever_it_hides() {
    for name in ["Response", "AuthnRequest", "LogoutRequest", "ArtifactResolve", "AttributeQuery"] {
        let hidden = format!(r#"<samlp:{name} ID="_hidden" Version="2.0"/>"#);
        let in_value = Answer::with(|a| a.attributes += &attribute("x", &[&hidden]));
        assert_refused!(verdict(in_value.xml()).await, Error::Forbidden(Rule::Structure));
        let in_advice = Answer::with(|a| a.advice = format!("<saml:Advice>{hidden}</saml:Advice>"));
        assert_refused!(verdict(in_advice.xml()).await, Error::Forbidden(_));
    }
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
    assert_refused!(verdict(extended("<bare/>")).await, Error::Forbidden(Rule::Extensions));
    for content in [
        "<samlp:NewID/>",
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
    let long = "a".repeat(257);
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
