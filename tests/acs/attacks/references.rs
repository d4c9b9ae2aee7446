//! Attacks 3, 5, 6, 9, 12 and 17: what a signature points at, and what is done to it before it is digested.

use super::{assert_hostile, cut};
use crate::documents::{edited, good, rewritten, shaped};
use crate::idp::{ENVELOPED, EXC_C14N, encode};

const EMPTY_DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[tokio::test]
async fn attack_03_several_references_or_signed_infos_are_refused() {
    let xml = good();
    let info = part(&xml, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let reference = part(&xml, "<ds:Reference ", "</ds:Reference>");
    let value = part(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let other = reference.replace("#_assertion", "#_response");
    for (what, bad) in [
        ("the reference twice", xml.replace(reference, &reference.repeat(2))),
        ("another reference before", xml.replace(reference, &format!("{other}{reference}"))),
        ("another reference behind", xml.replace(reference, &format!("{reference}{other}"))),
        ("no reference", xml.replace(reference, "")),
        ("the signed info twice", xml.replace(info, &info.repeat(2))),
        ("another signed info behind", xml.replace(value, &format!("{value}{info}"))),
        (
            "another signed info in an object",
            xml.replace(value, &format!("{value}<ds:Object>{info}</ds:Object>")),
        ),
        (
            "a manifest",
            xml.replace(
                value,
                &format!("{value}<ds:Object><ds:Manifest>{reference}</ds:Manifest></ds:Object>"),
            ),
        ),
        ("the value twice", xml.replace(value, &value.repeat(2))),
        ("the signature twice", xml.replace(cut(&xml, "ds:Signature"), &cut(&xml, "ds:Signature").repeat(2))),
    ] {
        assert_hostile(what, bad).await;
    }
}

fn part<'a>(xml: &'a str, start: &str, end: &str) -> &'a str {
    &xml[xml.find(start).unwrap()..xml.find(end).unwrap() + end.len()]
}

#[tokio::test]
async fn attack_05_identifiers_that_somebody_could_read_twice_are_refused() {
    for twin in [
        "ID",
        "Id",
        "id",
        "iD",
        "AssertionID",
        "assertionid",
        "xml:id",
        "samlp:ID",
        "samlp:Id",
        "x:AssertionID",
    ] {
        for id in ["_assertion", "_response"] {
            for (element, start) in [("an extension", "<x:y "), ("the status", "<samlp:Status ")] {
                let extension =
                    format!(r#"<samlp:Extensions xmlns:x="urn:x">{start}{twin}="{id}"/></samlp:Extensions>"#);
                let status = format!(r#"<samlp:Status xmlns:x="urn:x" {twin}="{id}">"#);
                let xml = match element {
                    "an extension" => edited("<samlp:Status>", &format!("{extension}<samlp:Status>")),
                    _ => edited("<samlp:Status>", &status),
                };
                assert_hostile(&format!("{twin} at {element}"), xml).await;
            }
        }
    }
    let declared = "<!DOCTYPE r [<!ATTLIST x:y other ID #IMPLIED>]>";
    assert_hostile("an identifier declared by a document type", format!("{declared}{}", good())).await;
    for twin in [r#"Id="_evil""#, r#"xml:id="_evil""#, r#"AssertionID="_assertion""#] {
        let xml = edited(r#"ID="_assertion""#, &format!(r#"ID="_assertion" {twin}"#));
        assert_hostile(twin, xml).await;
    }
    assert_hostile(
        "an assertion known by another attribute",
        good().replace(r#"ID="_assertion""#, r#"Id="_assertion""#),
    )
    .await;
}

#[tokio::test]
async fn attack_06_references_by_anything_but_a_plain_name_are_refused() {
    for uri in [
        "",
        "#",
        "#xpointer(/)",
        "#xpointer(id('_assertion'))",
        "#xpointer(id(&quot;_assertion&quot;))",
        "#element(/1)",
        "#_assertion#",
        "##_assertion",
        "#%5Fassertion",
        "?#_assertion",
        "./#_assertion",
        "https://evil.test/#_assertion",
        "file:///etc/passwd",
        "/dev/zero",
        "cid:_assertion",
        " #_assertion",
        "#_assertion ",
    ] {
        assert_hostile(uri, shaped(|s| s.uri = Some(uri.to_owned()))).await;
        for xml in rewritten(|xml| xml).map(|xml| {
            xml.replace("URI=\"#_assertion\"", &format!("URI=\"{uri}\""))
                .replace("URI=\"#_response\"", &format!("URI=\"{uri}\""))
        }) {
            assert_hostile(uri, xml).await;
        }
    }
    assert_hostile("no URI", edited(" URI=\"#_assertion\"", "")).await;
    assert_hostile(
        "a type",
        edited(
            " URI=\"#_assertion\"",
            " URI=\"#_assertion\" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\"",
        ),
    )
    .await;
}

#[tokio::test]
async fn attack_09_nothing_that_was_canonicalised_is_nothing_that_was_signed() {
    for name in ["1", "relative", "../x", "", ":", "urn:"] {
        for declaration in [format!(r#"xmlns:x="{name}""#), format!(r#"xmlns="{name}" x="y""#)] {
            if declaration.starts_with("xmlns=\"\"") {
                continue;
            }
            assert_hostile(&declaration, edited("<saml:Subject>", &format!("<saml:Subject {declaration}>")))
                .await;
            assert_hostile(
                &declaration,
                edited("<samlp:Response ", &format!("<samlp:Response {declaration} ")),
            )
            .await;
        }
    }
    let digest = format!("<ds:DigestValue>{EMPTY_DIGEST}</ds:DigestValue>");
    let xml = good();
    assert_hostile("the digest of nothing", xml.replace(cut_digest(&xml), &digest)).await;
    assert_hostile("no digest", xml.replace(cut_digest(&xml), "<ds:DigestValue/>")).await;
}

fn cut_digest(xml: &str) -> &str {
    part(xml, "<ds:DigestValue>", "</ds:DigestValue>")
}

#[tokio::test]
async fn attack_12_anything_inside_a_digest_or_signature_value_is_refused() {
    for inside in [
        "<!-- -->",
        "<!---->",
        "<?x y?>",
        "<![CDATA[]]>",
        "<x/>",
        "&#0;",
        "*",
        "\u{a0}",
        "<x:y xmlns:x=\"urn:x\"/>",
        "<ds:Object/>",
    ] {
        for element in ["<ds:DigestValue>", "<ds:SignatureValue>"] {
            assert_hostile(inside, edited(element, &format!("{element}{inside}"))).await;
            let end = element.replace('<', "</");
            assert_hostile(inside, edited(&end, &format!("{inside}{end}"))).await;
        }
    }
    let xml = good();
    let forged = encode([0; 32]);
    let split = cut_digest(&xml).replace("<ds:DigestValue>", &format!("<ds:DigestValue><!--{forged}-->"));
    assert_hostile("a digest in a comment", xml.replace(cut_digest(&xml), &split)).await;
    let twice = format!("<ds:DigestValue>{forged}</ds:DigestValue>{}", cut_digest(&xml));
    assert_hostile("two digests", xml.replace(cut_digest(&xml), &twice)).await;
}

#[tokio::test]
async fn attack_17_transforms_that_do_anything_are_refused() {
    let plain = format!(r#"<ds:Transform Algorithm="{ENVELOPED}"/>"#);
    let canonical = format!(r#"<ds:Transform Algorithm="{EXC_C14N}"/>"#);
    for (algorithm, inside) in [
        (
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            r#"<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"><xsl:value-of select="document('http://127.0.0.1:1/')"/></xsl:template></xsl:stylesheet>"#,
        ),
        ("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>ancestor-or-self::x</ds:XPath>"),
        (
            "http://www.w3.org/2002/06/xmldsig-filter2",
            r#"<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//x</f:XPath>"#,
        ),
        ("http://www.w3.org/2000/09/xmldsig#base64", ""),
        ("http://www.w3.org/2001/04/xmlenc#decryptXML", ""),
        ("http://schemas.openxmlformats.org/package/2006/RelationshipTransform", ""),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""),
        ("http://www.w3.org/2006/12/xml-c14n11", ""),
        ("", ""),
        (EXC_C14N, "<ds:XPath>1</ds:XPath>"),
    ] {
        let odd = format!(r#"<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>"#);
        for transforms in [
            odd.clone(),
            format!("{odd}{canonical}"),
            format!("{plain}{odd}"),
            format!("{odd}{plain}{canonical}"),
            format!("{plain}{odd}{canonical}"),
            format!("{plain}{canonical}{odd}"),
        ] {
            assert_hostile(algorithm, shaped(|s| s.transforms.clone_from(&transforms))).await;
        }
        let method = format!(
            r#"<ds:CanonicalizationMethod Algorithm="{algorithm}">{inside}</ds:CanonicalizationMethod>"#
        );
        assert_hostile(algorithm, shaped(|s| s.canonicalization.clone_from(&method))).await;
    }
    let foreign = format!(r#"{plain}<x:Transform xmlns:x="urn:x" Algorithm="{EXC_C14N}"/>"#);
    assert_hostile("a transform of another namespace", shaped(|s| s.transforms.clone_from(&foreign))).await;
    assert_hostile("transforms twice", edited("</ds:Transforms>", "</ds:Transforms><ds:Transforms/>")).await;
}
