//! The same document, written differently.

use super::accepts_rewritten;
use crate::documents::{good, rewritten};
use crate::gateway::{Gateway, assert_alice, pending, verdict};
use crate::idp::{Answer, attribute, encode};

#[tokio::test]
async fn a_byte_order_mark_is_accepted() {
    assert_alice(verdict(format!("\u{feff}{}", good())).await);
    assert_alice(verdict(format!("\u{feff}<?xml version=\"1.0\"?>{}", good())).await);
}

#[tokio::test]
async fn xml_declarations_of_every_spelling_are_accepted() {
    for declaration in [
        r#"<?xml version="1.0"?>"#,
        r"<?xml version='1.0' encoding='utf-8'?>",
        r#"<?xml version="1.0" encoding='UTF-8' standalone="no" ?>"#,
        r#"<?xml version = "1.0" standalone = 'yes'?>"#,
        "<?xml\n\tversion=\"1.0\"\n\tencoding=\"Utf-8\"?>\r\n\r\n",
    ] {
        assert_alice(verdict(format!("{declaration}{}", good())).await);
    }
}

#[tokio::test]
async fn white_space_around_the_document_is_accepted() {
    assert_alice(verdict(format!(" \r\n\t{}\r\n\n ", good())).await);
}

#[tokio::test]
async fn a_document_on_many_lines_is_accepted() {
    for line_end in ["\n", "\r\n", "\r"] {
        let pretty = |xml: String| {
            let xml = xml.replace("><", ">\n  <").replace("<ds:DigestValue>\n  <", "<ds:DigestValue><");
            xml.replace("<ds:SignatureValue>\n  <", "<ds:SignatureValue><")
        };
        for xml in rewritten(pretty) {
            assert_alice(verdict(xml.replace('\n', line_end)).await);
        }
    }
}

#[tokio::test]
async fn line_breaks_and_tabs_between_attributes_are_accepted() {
    for xml in rewritten(|xml| xml) {
        for space in ["\n", "\r\n    ", "\t"] {
            let spaced = xml.replace(" IssueInstant=", &format!("{space}IssueInstant = "));
            assert_alice(
                verdict(spaced.replace(" Version=\"2.0\"", &format!("{space}Version\t=\n'2.0' "))).await,
            );
        }
    }
}

#[tokio::test]
async fn tabs_and_line_breaks_inside_attribute_values_are_read_as_spaces() {
    for xml in rewritten(|xml| xml.replace(r#"Name="groups""#, r#"FriendlyName="a b c" Name="groups""#)) {
        for friendly in ["a\tb\nc", "a b\r\nc"] {
            assert_alice(verdict(xml.replace(r#""a b c""#, &format!("\"{friendly}\""))).await);
        }
    }
}

#[tokio::test]
async fn single_quotes_and_attributes_in_another_order_are_accepted() {
    for xml in rewritten(|xml| xml) {
        let swapped = xml.replace(
            r#"Name="groups" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic""#,
            "NameFormat='urn:oasis:names:tc:SAML:2.0:attrname-format:basic'\n Name='groups'",
        );
        assert_ne!(swapped, xml);
        assert_alice(verdict(swapped).await);
    }
}

#[tokio::test]
async fn character_references_are_read_as_their_characters() {
    for xml in rewritten(|xml| xml) {
        let referred =
            xml.replace(">alice-7<", ">&#97;lic&#x65;&#45;7<").replace(">agents<", ">&#x61;gents<");
        assert_ne!(referred, xml);
        assert_alice(verdict(referred).await);
    }
    let answer = Answer::with(|a| {
        a.attributes += &attribute("odd", &["&lt;&amp;&gt;&quot;&apos;&#13;&#10;&#9;&#x1F600;"]);
    });
    assert_eq!(verdict(answer.xml()).await.unwrap().attributes["odd"], ["<&>\"'\r\n\t\u{1F600}"]);
}

#[tokio::test]
async fn carriage_returns_at_the_line_ends_of_base64_are_accepted() {
    for xml in rewritten(|xml| xml) {
        let start = xml.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
        let (before, after) = xml.split_at(start);
        let (first, rest) = after.split_at(30);
        for end in ["&#13;\n", "&#xD;\n", "\r\n", " \n\t"] {
            assert_alice(verdict(format!("{before}{end}{first}{end}{rest}")).await);
        }
    }
}

#[tokio::test]
async fn empty_elements_in_either_form_are_accepted() {
    for xml in rewritten(|xml| xml) {
        let long = xml.replace(r#":Success"/>"#, r#":Success"></samlp:StatusCode >"#);
        assert_ne!(long, xml);
        assert_alice(verdict(long).await);
    }
}

#[tokio::test]
async fn default_namespaces_are_accepted() {
    accepts_rewritten(|xml| {
        let xml = xml.replace("saml:", "").replace("xmlns:saml=", "xmlns=").replace("ds:", "");
        xml.replace("xmlns:ds=", "xmlns=").replace("samlp:", "").replace("xmlns:samlp=", "xmlns=")
    })
    .await;
}

#[tokio::test]
async fn other_prefixes_are_accepted() {
    for prefix in ["saml2", "a", "ns1.x-_", "\u{e4}", "ds2"] {
        accepts_rewritten(|xml| {
            xml.replace("<saml:", &format!("<{prefix}:"))
                .replace("</saml:", &format!("</{prefix}:"))
                .replace("xmlns:saml=", &format!("xmlns:{prefix}="))
        })
        .await;
    }
}

#[tokio::test]
async fn one_prefix_for_two_namespaces_is_accepted() {
    accepts_rewritten(|xml| {
        xml.replace("samlp:", "x:").replace("saml:", "x:").replace(":samlp=", ":x=").replace(":saml=", ":x=")
    })
    .await;
}

#[tokio::test]
async fn namespaces_that_are_declared_at_the_root_or_never_used_are_accepted() {
    let more = r#"<samlp:Response xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:unused="urn:x" xmlns="urn:y""#;
    accepts_rewritten(|xml| {
        let xml = xml.replace(r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#, "");
        xml.replace("<samlp:Response", more)
    })
    .await;
}

#[tokio::test]
async fn namespaces_that_every_value_declares_anew_are_accepted() {
    let typed = r#"<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">"#;
    accepts_rewritten(|xml| xml.replace("<saml:AttributeValue>", typed)).await;
    let many: Vec<String> = (0..1_000).map(|n| format!("g{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer =
        Answer::with(|a| a.attributes = attribute("groups", &many).replace("<saml:AttributeValue>", typed));
    assert_eq!(verdict(answer.xml()).await.unwrap().attributes["groups"].len(), 1_000);
}

#[tokio::test]
async fn attributes_of_xml_itself_and_schema_locations_are_accepted() {
    let more = r#"<samlp:Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:oasis:names:tc:SAML:2.0:protocol http://docs.oasis-open.org/security/saml/v2.0/saml-schema-protocol-2.0.xsd" xml:lang="en" xml:space="preserve" xml:base="https://idp.test/""#;
    accepts_rewritten(|xml| xml.replace("<samlp:Response", more)).await;
}

#[tokio::test]
async fn somebody_in_thousands_of_groups_on_lines_of_their_own_is_accepted() {
    let many: Vec<String> = (0..2_500).map(|n| format!("g{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer = Answer::with(|a| {
        a.attributes =
            attribute("groups", &many).replace("</saml:AttributeValue>", "</saml:AttributeValue>\n        ");
    });
    assert_eq!(verdict(answer.xml()).await.unwrap().attributes["groups"], many);
}

#[tokio::test]
async fn long_identifiers_are_accepted() {
    for id in
        ["_".repeat(256), "a.b-c_0123456789".to_owned(), "_2f1c6b8e-8f0a-4a0e-9f2b-6a1f0c9d8e7b".to_owned()]
    {
        super::accepts(|a| a.assertion_id.clone_from(&id)).await;
        super::accepts(|a| a.response_id.clone_from(&id)).await;
    }
}

#[tokio::test]
async fn base64_with_any_white_space_is_accepted() {
    let field = encode(good());
    for space in ["\n", "\r\n", " ", "\t"] {
        let lines: Vec<&str> =
            field.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let spaced = format!("{space}{}{space}", lines.join(space));
        assert_alice(Gateway::new().verify_field(spaced, &pending()).await);
    }
}
