//! SOAP 1.1: envelopes around the messages that we exchange with an identity provider directly. Bindings 3.2.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};

use crate::saml::error::{ArtifactFault, Error};
use crate::saml::guard;
use crate::saml::xml::{Node, elements, is, is_blank};

/// The namespace of envelopes. SOAP 1.1, 4.
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// An envelope with our own `message`, a document without declaration.
pub(in crate::saml) fn wrap(message: &str) -> String {
    format!(r#"<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{message}</soap:Body></soap:Envelope>"#)
}

/// The one message of an envelope, as a document of its own. Headers are passed over, so that nothing in them can be
/// mistaken for a part of it.
///
/// # Errors
/// When a rule of the guard forbids the text, when it is not an envelope with one message in its body, when a header
/// must be understood, and when the message is a fault.
pub(in crate::saml) fn open(bytes: &[u8]) -> Result<String, Error> {
    let bytes = guard::normalized(bytes.to_vec());
    let text = guard::inspect_text(&bytes)?;
    let document = guard::parse(text)?;
    let envelope = document.root_element();
    let body = check_envelope(envelope)?;
    check_headers(envelope)?;
    let message = check_body(body)?;
    check_is_no_fault(message)?;
    alone(text, message)
}

/// An envelope holds headers or none, then a body, and nothing else. SOAP 1.1, 4.1. Returns the body.
fn check_envelope<'a, 'i>(envelope: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    let parts: Vec<_> = elements(envelope).collect();
    let body = match parts[..] {
        [body] => body,
        [header, body] if is(header, SOAP, "Header") => body,
        _ => return Err(ArtifactFault::Envelope.into()),
    };
    let is_plain = envelope.children().all(|node| node.is_element() || is_blank(node));
    if is(envelope, SOAP, "Envelope") && is(body, SOAP, "Body") && is_plain {
        Ok(body)
    } else {
        Err(ArtifactFault::Envelope.into())
    }
}

/// No header must be understood: we understand none. SOAP 1.1, 4.2.3.
fn check_headers(envelope: Node<'_, '_>) -> Result<(), Error> {
    let headers = elements(envelope).filter(|node| is(*node, SOAP, "Header")).flat_map(elements);
    let must_be_understood =
        |header: Node<'_, '_>| header.attribute((SOAP, "mustUnderstand")).is_some_and(|value| value != "0");
    if headers.into_iter().any(must_be_understood) { Err(ArtifactFault::Envelope.into()) } else { Ok(()) }
}

/// The body holds one message. Bindings 3.2.2.1. Returns it.
fn check_body<'a, 'i>(body: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    let is_plain = body.children().all(|node| node.is_element() || is_blank(node));
    let mut messages = elements(body);
    match (messages.next(), messages.next()) {
        (Some(message), None) if is_plain => Ok(message),
        _ => Err(ArtifactFault::Envelope.into()),
    }
}

/// The message is not a fault. Bindings 3.2.2.1.
fn check_is_no_fault(message: Node<'_, '_>) -> Result<(), Error> {
    if is(message, SOAP, "Fault") { Err(ArtifactFault::SoapFault.into()) } else { Ok(()) }
}

/// An element of a guarded `text` as a document of its own: its octets, and the namespaces that were declared around
/// it, whose names need no escaping.
pub(in crate::saml) fn alone(text: &str, element: Node<'_, '_>) -> Result<String, Error> {
    let octets = text.get(element.range()).ok_or(Error::NotXml)?;
    let mut reader = quick_xml::Reader::from_str(octets);
    let Ok(Event::Start(tag) | Event::Empty(tag)) = reader.read_event() else { return Err(Error::NotXml) };
    let declared = declared(&tag)?;
    let mut declarations = String::new();
    for namespace in element.namespaces().filter(|namespace| namespace.name() != Some("xml")) {
        let attribute = namespace.name().map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        if !declared.contains(&attribute) {
            let written = write!(declarations, r#" {attribute}="{}""#, namespace.uri());
            written.map_err(|_| Error::NotXml)?;
        }
    }
    let name = 1 + tag.name().as_ref().len();
    let (start, rest) = octets.split_at_checked(name).ok_or(Error::NotXml)?;
    Ok(format!("{start}{declarations}{rest}"))
}

/// The names of the attributes that declare namespaces in `tag` itself.
fn declared(tag: &BytesStart<'_>) -> Result<BTreeSet<String>, Error> {
    let names =
        tag.attributes().map(|attribute| attribute.map(|attribute| attribute.key.as_ref().to_owned()));
    let names: Result<BTreeSet<_>, _> = names.collect();
    names.map_err(|_| Error::NotXml)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(envelope: &str) -> Result<String, Error> {
        open(envelope.as_bytes())
    }

    #[test]
    fn what_is_wrapped_can_be_opened() {
        assert_eq!(
            message(&wrap(r#"<a b="1">c</a>"#)).unwrap(),
            format!(r#"<a xmlns:soap="{SOAP}" b="1">c</a>"#)
        );
    }

    #[test]
    fn a_message_keeps_the_namespaces_around_it_and_its_own() {
        let envelope = format!(
            r#"<Envelope xmlns="{SOAP}" xmlns:a="urn:a" xmlns:b="urn:b"><Body xmlns:c="urn:c"><a:x xmlns:b="urn:own" xmlns="" b:y='"'><a:x/></a:x></Body></Envelope>"#
        );
        let alone = message(&envelope).unwrap();
        let document = roxmltree::Document::parse(&alone).unwrap();
        let root = document.root_element();
        for (prefix, uri) in [("a", "urn:a"), ("b", "urn:own"), ("c", "urn:c")] {
            assert_eq!(root.lookup_namespace_uri(Some(prefix)), Some(uri), "{prefix}");
        }
        assert_eq!(root.lookup_namespace_uri(None).unwrap_or(""), "");
        assert!(alone.ends_with(r#"xmlns:b="urn:own" xmlns="" b:y='"'><a:x/></a:x>"#), "{alone}");
    }
}
