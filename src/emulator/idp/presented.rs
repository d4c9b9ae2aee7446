//! An answer of an identity provider, read as AWS does when somebody presents it. SAML core 2.3 and 3.3.3.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::request::is_signed;
use super::response::{ASSERTION, PROTOCOL, SUCCESS};
use super::xml::{Element, parse};

/// What AWS looks at.
#[derive(Debug)]
pub(in super::super) struct Presented {
    pub(in super::super) issuer: String,
    pub(in super::super) name_id: String,
    pub(in super::super) succeeded: bool,
    pub(in super::super) issued: OffsetDateTime,
    /// `Recipient` and `NotOnOrAfter` of each bearer confirmation.
    pub(in super::super) confirmations: Vec<(String, OffsetDateTime)>,
    pub(in super::super) audiences: Vec<String>,
    pub(in super::super) session_end: Option<OffsetDateTime>,
    attributes: BTreeMap<String, Vec<String>>,
}

impl Presented {
    /// Reads what one of these certificates (base64 DER) signed, the response or its only assertion; none when nothing is.
    pub(in super::super) fn read(field: &str, certificates: &[String]) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(field).ok()?).ok()?;
        let response = parse(&text).filter(|root| root.is(PROTOCOL, "Response"))?;
        let mut assertions = response.children(ASSERTION, "Assertion");
        let (assertion, None) = (assertions.next()?, assertions.next()) else { return None };
        let signed = is_signed(&response, certificates) || is_signed(assertion, certificates);
        signed.then(|| Self::of(&response, assertion)).flatten()
    }

    fn of(response: &Element, assertion: &Element) -> Option<Self> {
        let status = response.child(PROTOCOL, "Status")?.child(PROTOCOL, "StatusCode")?;
        let subject = assertion.child(ASSERTION, "Subject")?;
        let conditions = assertion.child(ASSERTION, "Conditions")?;
        let restrictions = conditions.children(ASSERTION, "AudienceRestriction");
        let audiences = restrictions.flat_map(|one| one.children(ASSERTION, "Audience")).map(Element::text);
        let statement = assertion.child(ASSERTION, "AuthnStatement");
        Some(Self {
            issuer: assertion.child(ASSERTION, "Issuer")?.text(),
            name_id: subject.child(ASSERTION, "NameID").map(Element::text).unwrap_or_default(),
            succeeded: status.attribute("Value") == Some(SUCCESS),
            issued: instant(assertion, "IssueInstant")?,
            confirmations: confirmations(subject).collect(),
            audiences: audiences.collect(),
            session_end: statement.and_then(|statement| instant(statement, "SessionNotOnOrAfter")),
            attributes: attributes(assertion),
        })
    }

    /// Values of the attribute of exactly this name.
    pub(in super::super) fn values(&self, name: &str) -> &[String] {
        self.attributes.get(name).map_or(&[], Vec::as_slice)
    }
}

fn confirmations(subject: &Element) -> impl Iterator<Item = (String, OffsetDateTime)> {
    subject.children(ASSERTION, "SubjectConfirmation").filter_map(|confirmation| {
        let data = confirmation.child(ASSERTION, "SubjectConfirmationData")?;
        Some((data.attribute("Recipient")?.to_owned(), instant(data, "NotOnOrAfter")?))
    })
}

fn attributes(assertion: &Element) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let statements = assertion.children(ASSERTION, "AttributeStatement");
    for attribute in statements.flat_map(|statement| statement.children(ASSERTION, "Attribute")) {
        let name = attribute.attribute("Name").unwrap_or_default().to_owned();
        found
            .entry(name)
            .or_default()
            .extend(attribute.children(ASSERTION, "AttributeValue").map(Element::text));
    }
    found
}

fn instant(element: &Element, name: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(element.attribute(name)?, &Rfc3339).ok()
}
