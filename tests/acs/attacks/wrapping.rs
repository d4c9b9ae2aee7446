//! Attacks 1, 2 and 7: signed pieces beside forged ones, in every place that XML has.

use super::{assert_hostile, cut};
use crate::documents::edited;
use crate::gateway::{assert_alice, verdict};
use crate::idp::{Answer, IDP, Sign, SignatureShape, sign};

const SIGNED: [Sign; 3] = [Sign::Response, Sign::Assertion, Sign::Both];

/// Where a piece may be put: after this text, or before it.
const PLACES: [(&str, bool); 22] = [
    ("<samlp:Response ", false),
    ("2.0:protocol\" ID=\"_evil-response\"", true),
    ("</saml:Issuer>", true),
    ("<samlp:Status>", false),
    ("<samlp:Status>", true),
    ("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>", true),
    ("</samlp:Status>", true),
    ("<samlp:Extensions><x:x xmlns:x=\"urn:x\">", true),
    ("<samlp:Extensions>", true),
    ("<saml:Assertion ", false),
    ("<saml:Subject>", false),
    ("<saml:Subject>", true),
    ("</saml:NameID>", true),
    ("<saml:SubjectConfirmation ", false),
    ("</saml:Subject>", true),
    ("<saml:AudienceRestriction>", false),
    ("</saml:AudienceRestriction>", true),
    ("<saml:Advice>", true),
    ("</saml:AuthnContextClassRef>", true),
    ("<saml:AttributeValue>", true),
    ("</saml:Assertion>", false),
    ("</samlp:Response>", false),
];

fn forged(id: &str) -> Answer {
    Answer::with(|a| {
        id.clone_into(&mut a.assertion_id);
        "_evil-response".clone_into(&mut a.response_id);
        "<saml:NameID>mallory</saml:NameID>".clone_into(&mut a.name_id);
        r#"<samlp:Extensions><x:x xmlns:x="urn:x"></x:x></samlp:Extensions>"#.clone_into(&mut a.extensions);
        "<saml:Advice></saml:Advice>".clone_into(&mut a.advice);
    })
}

/// `host` with `piece` in each place that it has.
fn implanted<'a>(host: &'a str, piece: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    PLACES.iter().filter_map(move |(text, after)| {
        let at = host.find(text)? + if *after { text.len() } else { 0 };
        // Inside a start tag there is no place: behind its end, then.
        let at = if text.contains("_evil-response") { at + host[at..].find('>')? + 1 } else { at };
        Some((
            format!("{} {text}", if *after { "after" } else { "before" }),
            format!("{}{piece}{}", &host[..at], &host[at..]),
        ))
    })
}

/// What an attacker can take from a signed answer.
fn pieces(sign: Sign) -> Vec<(&'static str, String)> {
    let xml = Answer { sign, ..Answer::default() }.xml();
    let assertion = cut(&xml, "saml:Assertion").to_owned();
    let signature =
        cut(&xml[..xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len()], "ds:Signature")
            .to_owned();
    let object = |inside: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{inside}</ds:Object></ds:Signature>"))
    };
    vec![
        ("the response in an object of its signature", object(&xml.replace(&signature, ""))),
        ("the assertion in an object of its signature", object(&assertion.replace(&signature, ""))),
        (
            "the assertion in its signature",
            signature
                .replace("</ds:Signature>", &format!("{}</ds:Signature>", assertion.replace(&signature, ""))),
        ),
        ("the response without its signature", xml.replace(&signature, "")),
        ("the assertion without its signature", assertion.replace(&signature, "")),
        ("the signature", signature),
        ("the response", xml.clone()),
        ("the assertion", assertion),
    ]
}

#[tokio::test]
async fn attack_01_a_signed_piece_in_any_place_of_a_forged_message_is_refused() {
    for sign in SIGNED {
        for id in ["_evil", "_assertion"] {
            let evil = forged(id);
            let host = evil.response_xml("", &evil.assertion_xml(""));
            for (piece, xml) in pieces(sign) {
                for (place, wrapped) in implanted(&host, &xml) {
                    assert_hostile(&format!("{piece} {place}"), wrapped).await;
                }
            }
        }
    }
}

/// As before, and the forged element bears the stolen signature, as if it were its own.
#[tokio::test]
async fn attack_01_a_stolen_signature_on_a_forged_message_is_refused() {
    for sign in SIGNED {
        let parts = pieces(sign);
        let signature = &parts[5].1;
        for id in ["_evil", "_assertion"] {
            let evil = forged(id);
            let hosts = [
                evil.response_xml(signature, &evil.assertion_xml("")),
                evil.response_xml("", &evil.assertion_xml(signature)),
                evil.response_xml(signature, &evil.assertion_xml(signature)),
            ];
            for host in hosts {
                assert_hostile("the signature alone", &host).await;
                for (piece, xml) in &parts {
                    for (place, wrapped) in implanted(&host, xml) {
                        assert_hostile(&format!("{piece} {place}"), wrapped).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn attack_01_a_forged_piece_in_any_place_of_a_signed_message_is_refused() {
    for sign in SIGNED {
        let host = Answer { sign, ..Answer::default() }.xml();
        assert_alice(verdict(&host).await);
        for id in ["_evil", "_assertion"] {
            let evil = forged(id);
            let assertion = evil.assertion_xml("");
            for piece in [evil.response_xml("", &assertion), format!("{assertion}{assertion}"), assertion] {
                for (place, wrapped) in implanted(&host, &piece) {
                    assert_hostile(&place, wrapped).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn attack_02_a_signature_counts_for_its_parent_and_nothing_else() {
    for (place, target) in [("_response", "_assertion"), ("_assertion", "_response")] {
        let answer = Answer::with(|a| a.sign = Sign::Nothing);
        let template = SignatureShape::default().template(target, &IDP);
        let xml = match place {
            "_response" => answer.response_xml(&template, &answer.assertion_xml("")),
            _ => answer.response_xml("", &answer.assertion_xml(&template)),
        };
        assert_hostile(&format!("a signature in {place} over {target}"), sign(&xml, &IDP)).await;
    }
}

#[tokio::test]
async fn attack_07_signed_elements_in_open_content_are_refused() {
    for signed in SIGNED {
        let original = Answer { sign: signed, ..Answer::default() }.xml();
        let evil = forged("_evil");
        let host = evil.response_xml("", &evil.assertion_xml(""));
        for (from, open, close) in [
            ("<samlp:Status>", "<samlp:Extensions>", "</samlp:Extensions><samlp:Status>"),
            ("</samlp:Status>", "<samlp:StatusDetail>", "</samlp:StatusDetail></samlp:Status>"),
            ("<saml:Advice>", "<saml:Advice>", ""),
            ("<saml:AttributeValue>", "<saml:AttributeValue>", ""),
        ] {
            let host = host.replace(&evil.extensions, "");
            let wrapped = host.replacen(from, &format!("{open}{original}{close}"), 1);
            assert_ne!(wrapped, host);
            assert_hostile(from, wrapped).await;
        }
    }
}

#[tokio::test]
async fn attack_04_a_second_root_or_anything_behind_the_first_is_refused() {
    let (good, evil) = (Answer::default().xml(), forged("_evil"));
    let evil = evil.response_xml("", &evil.assertion_xml(""));
    for (what, xml) in [
        ("a forged one before", format!("{evil}{good}")),
        ("a forged one behind", format!("{good}{evil}")),
        ("the same twice", format!("{good}{good}")),
        ("another declaration between", format!("{good}<?xml version=\"1.0\"?>{evil}")),
        ("text behind", format!("{good}x")),
        ("text before", format!("x{good}")),
        ("an end tag behind", format!("{good}</samlp:Response>")),
        (
            "both in one",
            format!(
                "<samlp:Responses xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{evil}{good}</samlp:Responses>"
            ),
        ),
        ("a NUL and more behind", format!("{good}\0{evil}")),
    ] {
        assert_hostile(what, xml).await;
    }
    assert_hostile("no root", edited("<samlp:Response ", "")).await;
}
