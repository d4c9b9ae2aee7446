//! What a message says, beside what it had to say: read after a refusal, from text that nobody vouches for.

use time::Duration;

use crate::model::Finding;

use super::authentication::authn_context;
use super::guard::{self, Root};
use super::instant;
use super::response::Expected;
use super::xml::{DS, Node, SAML, SAMLP, child, children, collapsed, plain_text};

/// Every point of `xml` that tells why it was refused; empty when it can't even be parsed within limits.
pub(super) fn of_response(xml: &[u8], expected: &Expected, keys: &[String]) -> Vec<Finding> {
    let Some(document) = guard::read_anyway(xml) else { return Vec::new() };
    let root = document.root_element();
    let mut findings = Findings { expected, list: Vec::new() };
    findings.clock();
    findings.message(root);
    findings.signature("Response", root, keys);
    if let Some(assertion) = child(root, SAML, "Assertion") {
        findings.assertion(assertion);
        findings.signature("Assertion", assertion, keys);
    }
    if let Some(encrypted) = child(root, SAML, "EncryptedAssertion") {
        findings.encryption(encrypted);
    }
    findings.list
}

/// Most elements of one kind that are looked at: a message of nothing else must not fill a log.
const MOST_OF_A_KIND: usize = 8;
/// What stands for something that is not there.
const ABSENT: &str = "(absent)";

struct Findings<'e> {
    expected: &'e Expected,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn clock(&mut self) {
        let now = instant::format(self.expected.now).unwrap_or_default();
        let skew = self.expected.skew.as_secs();
        self.list.push(Finding::seen("our clock", &format!("{now}, {skew} s of difference are accepted")));
    }

    fn message(&mut self, root: Node<'_, '_>) {
        let expected = self.expected;
        self.list.push(Finding::compared(
            "root element",
            "samlp:Response",
            root.tag_name().name(),
            !Root::Response.is(root),
        ));
        self.instant("Response IssueInstant", root.attribute("IssueInstant"), Edge::Both);
        self.same("Response Destination", &expected.acs, root.attribute("Destination"));
        self.request("Response InResponseTo", root.attribute("InResponseTo"));
        self.text("Response Issuer", &expected.issuer, child(root, SAML, "Issuer"));
        self.status(root);
    }

    fn status(&mut self, root: Node<'_, '_>) {
        let mut code = child(root, SAMLP, "Status").and_then(|status| child(status, SAMLP, "StatusCode"));
        let mut words = Vec::new();
        while let Some(node) = code.take_if(|_| words.len() < 3) {
            words.push(node.attribute("Value").unwrap_or("(no value)").to_owned());
            code = child(node, SAMLP, "StatusCode");
        }
        let differs = words.first().is_none_or(|first| !first.ends_with(":Success"));
        self.list.push(Finding::compared(
            "Status",
            "urn:oasis:names:tc:SAML:2.0:status:Success",
            &words.join(" / "),
            differs,
        ));
    }

    fn assertion(&mut self, assertion: Node<'_, '_>) {
        let expected = self.expected;
        self.instant("Assertion IssueInstant", assertion.attribute("IssueInstant"), Edge::Both);
        self.text("Assertion Issuer", &expected.issuer, child(assertion, SAML, "Issuer"));
        if let Some(conditions) = child(assertion, SAML, "Conditions") {
            self.instant("Conditions NotBefore", conditions.attribute("NotBefore"), Edge::Start);
            self.instant("Conditions NotOnOrAfter", conditions.attribute("NotOnOrAfter"), Edge::End);
            for restriction in children(conditions, SAML, "AudienceRestriction").take(MOST_OF_A_KIND) {
                let audiences: Vec<_> =
                    children(restriction, SAML, "Audience").filter_map(plain_text).map(collapsed).collect();
                let differs = !audiences.contains(&expected.audience.as_str());
                self.list.push(Finding::compared(
                    "Audience",
                    &expected.audience,
                    &audiences.join(", "),
                    differs,
                ));
            }
        }
        if let Some(subject) = child(assertion, SAML, "Subject") {
            self.subject(subject);
        }
        for statement in children(assertion, SAML, "AuthnStatement").take(MOST_OF_A_KIND) {
            self.instant("AuthnInstant", statement.attribute("AuthnInstant"), Edge::Start);
            self.context(authn_context(statement));
            self.instant("SessionNotOnOrAfter", statement.attribute("SessionNotOnOrAfter"), Edge::End);
        }
        self.attributes(assertion);
    }

    fn subject(&mut self, subject: Node<'_, '_>) {
        if let Some(name_id) = child(subject, SAML, "NameID") {
            let format = name_id.attribute("Format").unwrap_or("no Format");
            let length = plain_text(name_id).map_or(0, |value| value.chars().count());
            self.list.push(Finding::seen("NameID", &format!("{length} characters, {format}")));
        }
        for confirmation in children(subject, SAML, "SubjectConfirmation").take(MOST_OF_A_KIND) {
            let Some(data) = child(confirmation, SAML, "SubjectConfirmationData") else { continue };
            let expected = self.expected;
            self.same("SubjectConfirmationData Recipient", &expected.acs, data.attribute("Recipient"));
            self.request("SubjectConfirmationData InResponseTo", data.attribute("InResponseTo"));
            self.instant("SubjectConfirmationData NotOnOrAfter", data.attribute("NotOnOrAfter"), Edge::End);
        }
    }

    fn context(&mut self, context: Option<&str>) {
        let requested = &self.expected.requested;
        let wanted = if requested.authn_contexts.is_empty() {
            "any".to_owned()
        } else {
            requested.authn_contexts.join(" or ")
        };
        let differs = !requested.accepts_context(context);
        let said = context.unwrap_or("none");
        self.list.push(Finding::compared("AuthnContextClassRef", &wanted, said, differs));
    }

    /// Names and how many values; never a value.
    fn attributes(&mut self, assertion: Node<'_, '_>) {
        let statements = children(assertion, SAML, "AttributeStatement");
        let attributes = statements.flat_map(|statement| children(statement, SAML, "Attribute"));
        let each = attributes.map(|attribute| {
            let values = children(attribute, SAML, "AttributeValue").count();
            format!("{} ({values})", attribute.attribute("Name").unwrap_or("(no Name)"))
        });
        let names: Vec<_> = each.take(50).collect();
        for names in names.chunks(5) {
            self.list.push(Finding::seen("attributes and how many values", &names.join(", ")));
        }
    }

    /// How the assertion is encrypted; nobody looks inside.
    fn encryption(&mut self, encrypted: Node<'_, '_>) {
        let methods = encrypted.descendants().filter(|node| node.tag_name().name() == "EncryptionMethod");
        let methods: Vec<_> =
            methods.take(5).filter_map(|node| node.attribute("Algorithm")).map(last_part).collect();
        self.list.push(Finding::seen("EncryptedAssertion", &methods.join(", ")));
    }

    /// The algorithms, and whether the certificate that came along is one of the metadata's. (It is never trusted.)
    fn signature(&mut self, of: &str, node: Node<'_, '_>, keys: &[String]) {
        let Some(signature) = child(node, DS, "Signature") else {
            return self.list.push(Finding::seen(&format!("{of} signature"), "none"));
        };
        let algorithm = |name: &str| {
            let found = signature.descendants().find(|node| node.tag_name().name() == name);
            let uri = found.and_then(|node| node.attribute("Algorithm")).unwrap_or("(none)");
            last_part(uri).to_owned()
        };
        let methods = format!("{}, digest {}", algorithm("SignatureMethod"), algorithm("DigestMethod"));
        self.list.push(Finding::seen(&format!("{of} signature"), &methods));
        let certificate = signature.descendants().find(|node| node.tag_name().name() == "X509Certificate");
        if let Some(print) = certificate.and_then(plain_text).and_then(super::engine::fingerprint) {
            let differs = !keys.contains(&print);
            let name = format!("{of} signature's certificate, SHA-256");
            self.list.push(Finding::compared(&name, &keys.join(" or "), &print, differs));
        }
    }

    fn same(&mut self, item: &str, expected: &str, received: Option<&str>) {
        let differs = received != Some(expected);
        self.list.push(Finding::compared(item, expected, received.unwrap_or(ABSENT), differs));
    }

    fn text(&mut self, item: &str, expected: &str, node: Option<Node<'_, '_>>) {
        self.same(item, expected, node.and_then(plain_text));
    }

    fn request(&mut self, item: &str, received: Option<&str>) {
        let expected = self.expected.request_id.as_deref();
        let differs = expected != received;
        let (expected, received) = (expected.unwrap_or(ABSENT), received.unwrap_or(ABSENT));
        self.list.push(Finding::compared(item, expected, received, differs));
    }

    /// A time, and how far it is from our clock.
    fn instant(&mut self, item: &str, text: Option<&str>, edge: Edge) {
        let Some(text) = text else { return };
        let Some(instant) = instant::parse(text) else {
            return self.list.push(Finding::compared(item, "an xs:dateTime with a zone", text, true));
        };
        let distance = distance(instant - self.expected.now);
        let differs = match edge {
            Edge::Start => self.expected.is_ahead(instant),
            Edge::End => self.expected.is_over(instant),
            Edge::Both => self.expected.is_ahead(instant) || self.expected.is_before_request(instant),
        };
        self.list.push(Finding::compared(item, edge.wish(), &format!("{text}, {distance}"), differs));
    }
}

/// The word at the end of an algorithm's URI.
fn last_part(uri: &str) -> &str {
    uri.rsplit(['#', '/']).next().unwrap_or(uri)
}

/// What a time may not be.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
    Both,
}

impl Edge {
    fn wish(self) -> &'static str {
        match self {
            Self::Start => "not after our clock",
            Self::End => "after our clock",
            Self::Both => "between the request and our clock",
        }
    }
}

fn distance(difference: Duration) -> String {
    let seconds = difference.whole_seconds();
    match seconds {
        0 => "the same second".to_owned(),
        1.. => format!("{seconds} s ahead of our clock"),
        _ => format!("{} s before our clock", seconds.unsigned_abs()),
    }
}
