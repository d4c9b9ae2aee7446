//! Documents made from a good answer.

use crate::idp::{Answer, IDP, Sign, SignatureShape, encode, sign};

/// A good document, really signed.
pub(crate) fn good() -> String {
    Answer::default().xml()
}

/// The default answer with one change, correctly signed on the assertion and on the response.
pub(crate) fn both_ways(change: impl Fn(&mut Answer)) -> [String; 2] {
    [Sign::Assertion, Sign::Response].map(|sign| {
        let mut answer = Answer { sign, ..Answer::default() };
        change(&mut answer);
        answer.xml()
    })
}

/// The default document, changed as text and then correctly signed, on the assertion and on the response.
pub(crate) fn rewritten(change: impl Fn(String) -> String) -> [String; 2] {
    [Sign::Assertion, Sign::Response].map(|side| {
        let answer = Answer { sign: side, ..Answer::default() };
        sign(&change(answer.unsigned_xml()), answer.key)
    })
}

/// A good document with one text replaced.
pub(crate) fn edited(from: &str, to: &str) -> String {
    let xml = good();
    assert!(xml.contains(from), "{from}");
    xml.replacen(from, to, 1)
}

/// The assertion-signed document with `content` inside `samlp:Extensions`.
pub(crate) fn extended(content: &str) -> String {
    Answer::with(|a| a.extensions = format!("<samlp:Extensions>{content}</samlp:Extensions>")).xml()
}

/// The document with another inside of its signature; nothing of it needs to verify.
pub(crate) fn shaped(change: impl Fn(&mut SignatureShape)) -> String {
    let answer = Answer::with(|a| change(&mut a.shape));
    let template = answer.shape.template("_assertion", &IDP);
    let filled = template
        .replace("<ds:DigestValue></", &format!("<ds:DigestValue>{}</", encode([7; 32])))
        .replace("<ds:SignatureValue></", &format!("<ds:SignatureValue>{}</", encode([7; 256])));
    answer.response_xml("", &answer.assertion_xml(&filled))
}
