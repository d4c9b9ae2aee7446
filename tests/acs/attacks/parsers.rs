//! Attacks 8, 11 and 13 to 18: what parsers read differently, or choke on.

use std::fmt::Write as _;

use super::assert_hostile;
use crate::documents::{edited, extended, good, rewritten};
use crate::gateway::{assert_alice, verdict};

#[tokio::test]
async fn attack_08_what_parsers_read_differently_is_refused() {
    for (what, xml) in [
        ("an attribute twice", edited("Version=\"2.0\"", "Version=\"2.0\" Version=\"2.0\"")),
        (
            "an attribute twice by namespace",
            edited("<samlp:Status>", r#"<samlp:Status xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="2">"#),
        ),
        ("the end of CDATA in text", edited("alice-7", "alice]]>-7")),
        ("an unknown prefix", edited("<saml:Subject>", "<saml:Subject no:where=\"x\">")),
        ("the prefix xml for another name", edited("<saml:Subject>", r#"<saml:Subject xmlns:xml="urn:x">"#)),
        (
            "another prefix for xml's name",
            edited("<saml:Subject>", r#"<saml:Subject xmlns:y="http://www.w3.org/XML/1998/namespace">"#),
        ),
        ("the prefix xmlns", edited("<saml:Subject>", r#"<saml:Subject xmlns:xmlns="urn:x">"#)),
        ("a prefix without a name", edited("<saml:Subject>", r#"<saml:Subject xmlns:y="">"#)),
        ("two colons", edited("<saml:Subject>", "<saml:Subject a:b:c=\"x\">")),
        ("an empty prefix", edited("<saml:Subject>", "<saml:Subject :b=\"x\">")),
        ("an empty local name", edited("<saml:Subject>", "<saml:Subject saml:=\"x\">")),
        ("no quotes", edited("Version=\"2.0\"", "Version=2.0")),
        ("no value", edited("Version=\"2.0\"", "Version")),
        ("no space between attributes", edited("Version=\"2.0\" ", "Version=\"2.0\"")),
        ("a bare ampersand", edited("alice-7", "alice & 7")),
        ("a less-than in a value", edited("Version=\"2.0\"", "Version=\"2.0\" x=\"<\"")),
        ("a NUL", edited("alice-7", "alice\0-7")),
        ("a control character", edited("alice-7", "alice\u{1}-7")),
        ("a form feed between elements", edited("<samlp:Status>", "\u{c}<samlp:Status>")),
        ("a form feed in front", format!("\u{c}{}", good())),
        ("a form feed behind the declaration", format!("<?xml version=\"1.0\"?>\u{c}{}", good())),
        ("a reference to a NUL", edited("alice-7", "alice&#0;-7")),
        ("a reference to a control character", edited("alice-7", "alice&#1;-7")),
        ("a reference to half a character", edited("alice-7", "alice&#xD800;-7")),
        ("a reference beyond Unicode", edited("alice-7", "alice&#x110000;-7")),
        ("a reference without an end", edited("alice-7", "alice&#65-7")),
        ("U+FFFE", edited("alice-7", "alice\u{fffe}-7")),
        ("a non-breaking space between attributes", edited(" Version=", "\u{a0}Version=")),
        ("crossing elements", edited("</saml:NameID>", "</saml:Subject>")),
        ("an end tag with attributes", edited("</saml:Subject>", "</saml:Subject x=\"y\">")),
        ("an unfinished tag", edited("</samlp:Response>", "</samlp:Response")),
        ("a space before the name", edited("<saml:Subject>", "< saml:Subject>")),
        ("a byte order mark inside", edited("<samlp:Status>", "\u{feff}<samlp:Status>")),
    ] {
        assert_hostile(what, xml).await;
    }
}

#[tokio::test]
async fn attack_11_comments_are_refused_wherever_they_stand() {
    for comment in ["<!-- -->", "<!---->", "<!--x-->"] {
        for place in ["alice", "agents", "https://gateway.test/saml", "https://idp.test"] {
            let cut_off = format!("{place}{comment}");
            for xml in rewritten(|xml| xml.replace(&format!(">{place}"), &format!(">{cut_off}"))) {
                assert_hostile("signed with a comment", xml).await;
            }
            assert_hostile(
                "a comment put in",
                good().replacen(&format!(">{place}"), &format!(">{cut_off}"), 1),
            )
            .await;
        }
        assert_hostile("in front", format!("{comment}{}", good())).await;
        assert_hostile("behind", format!("{}{comment}", good())).await;
        assert_hostile("in extensions", extended(comment)).await;
    }
}

#[tokio::test]
async fn attack_13_processing_instructions_are_refused_wherever_they_stand() {
    for instruction in ["<?x?>", "<?x y?>", "<?xml-stylesheet href=\"x\"?>", "<?xml version=\"1.0\"?>"] {
        for place in ["<samlp:Status>", "<saml:Subject>", "alice-7", "<ds:SignedInfo>", "</saml:Assertion>"] {
            assert_hostile(instruction, edited(place, &format!("{instruction}{place}"))).await;
            for xml in rewritten(|xml| xml.replacen(place, &format!("{instruction}{place}"), 1)) {
                assert_hostile(instruction, xml).await;
            }
        }
        assert_hostile(instruction, format!("{}{instruction}", good())).await;
        assert_hostile(instruction, format!(" {instruction}{}", good())).await;
    }
}

#[tokio::test]
async fn attack_14_cdata_and_entities_are_refused_and_character_references_are_one_text() {
    for name in [
        "<![CDATA[alice-7]]>",
        "alice<![CDATA[-7]]>",
        "<![CDATA[]]>alice-7",
        "alice&minus;7",
        "&alice;",
        "alice&amp-7",
    ] {
        assert_hostile(name, edited("alice-7", name)).await;
    }
    for xml in rewritten(|xml| xml.replace(">alice-7<", "><![CDATA[alice-7]]><")) {
        assert_hostile("signed CDATA", xml).await;
    }
    assert_alice(verdict(edited("alice-7", "ali&#99;e&#x2d;7")).await);
    for xml in rewritten(|xml| xml.replace(">alice-7<", ">alice-7&#10;mallory<")) {
        assert_eq!(verdict(xml).await.unwrap().name_id.unwrap().value, "alice-7\nmallory");
    }
}

#[tokio::test]
async fn attack_15_document_types_and_external_entities_are_refused() {
    for subset in [
        "<!DOCTYPE r>",
        "<!DOCTYPE r SYSTEM \"http://127.0.0.1:1/x.dtd\">",
        "<!DOCTYPE r PUBLIC \"-//X//Y\" \"http://127.0.0.1:1/x.dtd\">",
        "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/p\"> %p;]>",
        "<!DOCTYPE r [<!ENTITY e \"x\">]>",
        "<!DOCTYPE r [<!ATTLIST r ID ID #IMPLIED>]>",
        "<!ENTITY e \"x\">",
        "<!doctype r>",
    ] {
        for xml in [
            format!("{subset}{}", good()),
            format!("<?xml version=\"1.0\"?>\n{subset}\n{}", good().replace("alice-7", "&e;")),
        ] {
            assert_hostile(subset, xml).await;
        }
    }
    let include =
        r#"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>"#;
    assert_alice(verdict(extended(include)).await);
    assert_hostile("inclusion in a name", edited("alice-7", include)).await;
}

#[tokio::test]
async fn attack_16_bombs_of_every_kind_are_refused() {
    let laughs = (1..20).fold("<!ENTITY l0 \"ha\">".to_owned(), |mut all, n| {
        write!(all, "<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)).unwrap();
        all
    });
    let numbered = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
    let attributes = numbered(8_000, &|n| format!(" a{n}=\"\""));
    let namespaces = numbered(8_000, &|n| format!(" xmlns:a{n}=\"urn:x\""));
    let prefixes = numbered(40_000, &|n| format!("p{n} "));
    let list = format!(
        r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/></ds:CanonicalizationMethod>"#
    );
    for (what, xml) in [
        ("laughs", format!("<!DOCTYPE r [{laughs}]>{}", edited("alice-7", "&l19;"))),
        (
            "a quadratic entity",
            format!(
                "<!DOCTYPE r [<!ENTITY a \"{}\">]>{}",
                "a".repeat(50_000),
                edited("alice-7", &"&a;".repeat(20_000))
            ),
        ),
        ("depth", stuffed(&("<x:x xmlns:x=\"urn:x\">".repeat(5_000) + &"</x:x>".repeat(5_000)))),
        ("depth without an end", "<a>".repeat(80_000)),
        ("attributes", stuffed(&format!("<x:x xmlns:x=\"urn:x\"{attributes}/>"))),
        ("namespaces", stuffed(&format!("<x:x xmlns:x=\"urn:x\"{namespaces}/>"))),
        ("elements", stuffed(&format!("<x:x xmlns:x=\"urn:x\">{}</x:x>", "<x:x/>".repeat(30_000)))),
        ("a long name", stuffed(&format!("<x:{} xmlns:x=\"urn:x\"/>", "x".repeat(200_000)))),
        ("a large text", edited("alice-7", &"a".repeat(300_000))),
        ("prefixes", crate::documents::shaped(|s| s.canonicalization.clone_from(&list))),
        (
            "signatures",
            edited(
                "<ds:Signature ",
                &"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>".repeat(3_000),
            )
            .replace("/></saml:Subject>", "/><ds:Signature "),
        ),
    ] {
        assert!(verdict(&xml).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn attack_18_other_encodings_are_refused() {
    let xml = good();
    let utf16 = |order: fn(u16) -> [u8; 2]| xml.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let utf32: Vec<u8> = xml.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    assert_hostile("UTF-16, little end first", utf16(u16::to_le_bytes)).await;
    assert_hostile("UTF-16, big end first", utf16(u16::to_be_bytes)).await;
    assert_hostile("UTF-16 with its mark", [&[0xff, 0xfe][..], &utf16(u16::to_le_bytes)].concat()).await;
    assert_hostile("UTF-32", utf32).await;
    assert_hostile("a long form", [xml.as_bytes(), &[0xc0, 0xbc]].concat()).await;
    assert_hostile("half a character", [xml.as_bytes(), &[0xe2, 0x82]].concat()).await;
    assert_hostile("a surrogate", [xml.as_bytes(), &[0xed, 0xa0, 0x80]].concat()).await;
    for encoding in ["UTF-7", "UTF-16", "UTF-32", "ISO-8859-1", "windows-1252", "EBCDIC-CP-US", "UTF8", ""] {
        assert_hostile(encoding, format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}")).await;
    }
    assert_hostile("XML 1.1", format!("<?xml version=\"1.1\"?>{xml}")).await;
}

/// A good document with `content` put into extensions: its signature holds, when it is over the assertion.
fn stuffed(content: &str) -> String {
    edited("<samlp:Status>", &format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>"))
}
