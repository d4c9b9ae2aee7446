//! The rules of SAML, as a list: each check is one function with its section of the specification.

use std::time::Duration;

use time::OffsetDateTime;

use crate::model::{IdpName, Requested};

use super::authentication::{check_authn_context, check_authn_statements, check_session_not_over};
use super::error::{Error, StatusCode};
use super::instant;
use super::settings::WantSigned;
use super::xml::{Node, SAML, SAMLP, child, children, collapsed, elements, is, plain_text};

/// What an acceptable answer must say.
pub(super) struct Expected {
    /// Our assertion consumer service.
    pub(super) acs: String,
    /// Our entity id.
    pub(super) audience: String,
    /// Entity id of the identity provider that was asked.
    pub(super) issuer: String,
    /// `ID` of the pending request; `None` when nobody asked: then the answer must name none.
    pub(super) request_id: Option<String>,
    /// When that request was made, or how old an answer may be that nobody asked for.
    pub(super) started_at: OffsetDateTime,
    /// What it asked for.
    pub(super) requested: Requested,
    /// The present moment.
    pub(super) now: OffsetDateTime,
    /// Tolerated clock difference, both ways.
    pub(super) skew: Duration,
    /// What must be signed.
    pub(super) want_signed: WantSigned,
    /// Longest acceptable lifetime of an assertion.
    pub(super) max_lifetime: Duration,
}

impl Expected {
    /// Later than our clock allows for.
    pub(super) fn is_ahead(&self, instant: OffsetDateTime) -> bool {
        instant > self.now + self.skew
    }

    /// `NotOnOrAfter` is exclusive.
    pub(super) fn is_over(&self, not_on_or_after: OffsetDateTime) -> bool {
        self.now >= not_on_or_after + self.skew
    }

    /// Before the pending request was made. Identity providers write whole seconds: an answer in the second of our
    /// request is not before it.
    pub(super) fn is_before_request(&self, instant: OffsetDateTime) -> bool {
        instant < self.started_at.truncate_to_second() - self.skew
    }
}

/// The checks of the response around the assertion. When only the assertion is signed these read unverified
/// text: it can make us refuse, and nothing else is taken from it.
pub(super) fn check_response(
    response: Node<'_, '_>,
    is_signed: bool,
    expected: &Expected,
) -> Result<(), Error> {
    check_version(response)?;
    check_destination(response, is_signed, expected)?;
    check_response_issuer(response, is_signed, expected)?;
    check_status(response)?;
    check_in_response_to(response, expected)?;
    check_issue_instant(response, expected)
}

/// Tells the operator when the identity provider's clock seems to differ: answers come within seconds of their making.
pub(super) fn note_clock(assertion: Node<'_, '_>, idp: &IdpName, expected: &Expected) {
    const NOTABLE: time::Duration = time::Duration::SECOND.saturating_mul(60);
    let Ok(Some(issued)) = instant_of(assertion, "IssueInstant") else { return };
    let offset = issued - expected.now;
    if offset.abs() > NOTABLE {
        let seconds = offset.whole_seconds();
        tracing::warn!(idp.name = %idp, clock.offset_seconds = seconds, "the identity provider's clock differs from ours, or its answers take long");
    }
}

/// The checks of the verified assertion. Returns when its bearer confirmation ends.
pub(super) fn check_assertion(assertion: Node<'_, '_>, expected: &Expected) -> Result<OffsetDateTime, Error> {
    check_version(assertion)?;
    check_issuer(assertion, expected)?;
    check_issue_instant(assertion, expected)?;
    check_conditions_known(assertion)?;
    check_conditions_once(assertion)?;
    check_window(assertion)?;
    check_validity(assertion, expected)?;
    check_audience(assertion, expected)?;
    check_lifetime(assertion, expected)?;
    check_authn_statements(assertion, expected)?;
    check_authn_context(assertion, expected)?;
    check_session_not_over(assertion, expected)?;
    check_name_id_format(assertion, expected)?;
    check_unsolicited(assertion, expected)?;
    check_subject_confirmation(assertion, expected)
}

/// `Version` is 2.0. Core 2.3.3, 3.2.2.
pub(super) fn check_version(node: Node<'_, '_>) -> Result<(), Error> {
    if node.attribute("Version") == Some("2.0") { Ok(()) } else { Err(Error::Version) }
}

/// `Destination` is our ACS, octet for octet; a signed response must have it. Bindings 3.5.5.2.
fn check_destination(response: Node<'_, '_>, is_signed: bool, expected: &Expected) -> Result<(), Error> {
    match response.attribute("Destination") {
        Some(destination) if destination == expected.acs => Ok(()),
        None if !is_signed => Ok(()),
        _ => Err(Error::Destination),
    }
}

/// `Issuer` of the response is the identity provider that was asked; it may be missing only when nothing but a plain
/// assertion is signed. Profiles 4.1.4.2 with errata.
fn check_response_issuer(response: Node<'_, '_>, is_signed: bool, expected: &Expected) -> Result<(), Error> {
    let is_required = is_signed || child(response, SAML, "EncryptedAssertion").is_some();
    match child(response, SAML, "Issuer") {
        Some(issuer) => check_entity(issuer, &expected.issuer),
        None if is_required => Err(Error::Issuer),
        None => Ok(()),
    }
}

/// `Issuer` of the assertion is the identity provider that was asked. Core 2.3.3, profiles 4.1.4.2.
fn check_issuer(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    check_entity(child(assertion, SAML, "Issuer").ok_or(Error::Issuer)?, &expected.issuer)
}

/// An `Issuer` holds the expected entity id, in the entity format, which has no qualifiers. Core 8.3.6.
pub(super) fn check_entity(issuer: Node<'_, '_>, entity_id: &str) -> Result<(), Error> {
    const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    const QUALIFIERS: [&str; 3] = ["NameQualifier", "SPNameQualifier", "SPProvidedID"];
    let is_entity = issuer.attribute("Format").is_none_or(|format| format == ENTITY)
        && !QUALIFIERS.iter().any(|name| issuer.has_attribute(*name));
    if is_entity && plain_text(issuer) == Some(entity_id) { Ok(()) } else { Err(Error::Issuer) }
}

/// `Status` is Success; anything else ends the sign-in, assertion or not. Core 3.2.2.2.
pub(super) fn check_status(response: Node<'_, '_>) -> Result<(), Error> {
    const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
    let code = child(response, SAMLP, "Status").and_then(|status| child(status, SAMLP, "StatusCode"));
    let value = code.and_then(|code| code.attribute("Value"));
    if value == Some(SUCCESS) {
        return Ok(());
    }
    let detail = code.and_then(|code| child(code, SAMLP, "StatusCode")?.attribute("Value"));
    Err(Error::Status(known_status(detail.or(value))))
}

/// Only words that the specification lists reach the audit line.
fn known_status(value: Option<&str>) -> StatusCode {
    const KNOWN: &[&str] = &[
        "AuthnFailed",
        "InvalidAttrNameOrValue",
        "InvalidNameIDPolicy",
        "NoAuthnContext",
        "NoAvailableIDP",
        "NoPassive",
        "NoSupportedIDP",
        "RequestDenied",
        "RequestUnsupported",
        "Requester",
        "Responder",
        "UnknownPrincipal",
        "UnsupportedBinding",
        "VersionMismatch",
    ];
    let word = value.and_then(|value| value.strip_prefix("urn:oasis:names:tc:SAML:2.0:status:"));
    let known = KNOWN.iter().find(|known| Some(**known) == word);
    known.map_or(StatusCode::Unknown, |known| StatusCode::Known(known))
}

/// `InResponseTo` of the response names the pending request, or none when there is none. Core 3.2.2, profiles
/// 4.1.4.2, 4.1.5.
fn check_in_response_to(response: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    if response.attribute("InResponseTo") == expected.request_id.as_deref() {
        Ok(())
    } else {
        Err(Error::InResponseTo)
    }
}

/// `IssueInstant` lies between our request and now. Core 2.3.3, 3.2.2.
fn check_issue_instant(node: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let instant = instant_of(node, "IssueInstant").ok().flatten().ok_or(Error::IssueInstant)?;
    if expected.is_ahead(instant) || expected.is_before_request(instant) {
        Err(Error::IssueInstant)
    } else {
        Ok(())
    }
}

/// At least one bearer confirmation fits: `Recipient` is our ACS, `InResponseTo` the pending request,
/// `NotOnOrAfter` ahead, and no `NotBefore`. Profiles 4.1.4.2 and 4.1.4.3.
/// Returns the latest end of all bearer confirmations, those that do not fit too (another sign-in may fit them):
/// until then the assertion must not be taken again.
fn check_subject_confirmation(assertion: Node<'_, '_>, expected: &Expected) -> Result<OffsetDateTime, Error> {
    let mut outcome = Err(Error::SubjectConfirmation("there is no bearer confirmation"));
    let mut latest = expected.now;
    for bearer in bearers(assertion) {
        latest = confirmation_end(bearer).map_or(latest, |end| latest.max(end));
        if outcome.is_err() {
            outcome = check_bearer(bearer, expected);
        }
    }
    outcome.map(|()| latest)
}

fn bearers<'a, 'i>(assertion: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    confirmations(assertion).filter(|confirmation| confirmation.attribute("Method") == Some(BEARER))
}

fn confirmations<'a, 'i>(assertion: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(assertion, SAML, "Subject").flat_map(|subject| children(subject, SAML, "SubjectConfirmation"))
}

fn confirmation_end(bearer: Node<'_, '_>) -> Option<OffsetDateTime> {
    instant_of(child(bearer, SAML, "SubjectConfirmationData")?, "NotOnOrAfter").ok().flatten()
}

fn check_bearer(bearer: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let data = child(bearer, SAML, "SubjectConfirmationData")
        .ok_or(Error::SubjectConfirmation("it has no SubjectConfirmationData"))?;
    check_recipient(data, expected)?;
    check_confirmed_request(data, expected)?;
    check_no_not_before(data)?;
    check_confirmation_end(bearer, expected)
}

/// `Recipient` is our ACS, octet for octet. Profiles 4.1.4.2.
fn check_recipient(data: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    if data.attribute("Recipient") == Some(&expected.acs) {
        Ok(())
    } else {
        Err(Error::SubjectConfirmation("Recipient is not our assertion consumer service"))
    }
}

/// `InResponseTo` of the confirmation names the pending request, or none when there is none. Profiles 4.1.4.2, 4.1.5.
fn check_confirmed_request(data: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    if data.attribute("InResponseTo") == expected.request_id.as_deref() {
        Ok(())
    } else {
        Err(Error::InResponseTo)
    }
}

/// An answer that nobody asked for names no request in any confirmation: the answer to a request, stolen on its way,
/// is not worth anything elsewhere. Profiles 4.1.5.
fn check_unsolicited(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let names_request = |data: Node<'_, '_>| data.has_attribute("InResponseTo");
    if expected.request_id.is_none() && confirmation_data(assertion).any(names_request) {
        Err(Error::InResponseTo)
    } else {
        Ok(())
    }
}

/// A bearer confirmation has no `NotBefore`. Profiles 4.1.4.2.
fn check_no_not_before(data: Node<'_, '_>) -> Result<(), Error> {
    if data.has_attribute("NotBefore") { Err(Error::SubjectConfirmation("it has NotBefore")) } else { Ok(()) }
}

/// `NotOnOrAfter` of the confirmation is there and ahead. Profiles 4.1.4.2.
fn check_confirmation_end(bearer: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let end =
        confirmation_end(bearer).ok_or(Error::SubjectConfirmation("it has no readable NotOnOrAfter"))?;
    if expected.is_over(end) { Err(Error::ConfirmationExpired) } else { Ok(()) }
}

/// There are `Conditions`, and each is one that we understand: audience restrictions, one-time use (an assertion
/// is never used twice here) and proxy restriction (we issue nothing). Core 2.5.1.
fn check_conditions_known(assertion: Node<'_, '_>) -> Result<(), Error> {
    const KNOWN: &[&str] = &["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    let known = |condition: Node<'_, '_>| KNOWN.iter().any(|name| is(condition, SAML, name));
    if elements(conditions(assertion)?).all(known) {
        Ok(())
    } else {
        Err(Error::Conditions("there is one that we do not know"))
    }
}

/// One-time use and proxy restriction stand at most once each. Core 2.5.1.5, 2.5.1.6.
fn check_conditions_once(assertion: Node<'_, '_>) -> Result<(), Error> {
    let conditions = conditions(assertion)?;
    if ["OneTimeUse", "ProxyRestriction"]
        .into_iter()
        .all(|name| children(conditions, SAML, name).count() <= 1)
    {
        Ok(())
    } else {
        Err(Error::Conditions("there is one twice"))
    }
}

/// `NotBefore` lies before `NotOnOrAfter`. Core 2.5.1.2.
fn check_window(assertion: Node<'_, '_>) -> Result<(), Error> {
    let conditions = conditions(assertion)?;
    match (instant_of(conditions, "NotBefore")?, instant_of(conditions, "NotOnOrAfter")?) {
        (Some(start), Some(end)) if start >= end => Err(Error::Conditions("they end before they begin")),
        _ => Ok(()),
    }
}

/// `NotBefore` has come and `NotOnOrAfter` has not. Core 2.5.1.2.
fn check_validity(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let conditions = conditions(assertion)?;
    let (start, end) = (instant_of(conditions, "NotBefore")?, instant_of(conditions, "NotOnOrAfter")?);
    if start.is_some_and(|start| expected.is_ahead(start)) {
        return Err(Error::NotYetValid);
    }
    if end.is_some_and(|end| expected.is_over(end)) { Err(Error::Expired) } else { Ok(()) }
}

/// There is an audience restriction, and every one of them names us. White space around a URI is not part of it.
/// Core 2.5.1.4, profiles 4.1.4.2, XML schema 3.2.17.
fn check_audience(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let mut restrictions = children(conditions(assertion)?, SAML, "AudienceRestriction").peekable();
    let names_us = |restriction: Node<'_, '_>| {
        children(restriction, SAML, "Audience")
            .any(|audience| plain_text(audience).map(collapsed) == Some(&expected.audience))
    };
    if restrictions.peek().is_some() && restrictions.all(names_us) { Ok(()) } else { Err(Error::Audience) }
}

/// The assertion ends soon enough after it was issued: its conditions, where they end, and its bearer confirmations, one
/// of which does. A thief of the identity provider's old assertions, or of its key, gets no long-lived ones past us.
fn check_lifetime(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let issued = instant_of(assertion, "IssueInstant")?.ok_or(Error::IssueInstant)?;
    let longest = issued + expected.max_lifetime;
    let conditions_end = instant_of(conditions(assertion)?, "NotOnOrAfter")?;
    let mut ends = bearers(assertion).filter_map(confirmation_end).chain(conditions_end);
    if ends.any(|end| end > longest) { Err(Error::Lifetime) } else { Ok(()) }
}

/// `NameID` has the format that was requested, where one was. Core 3.4.1.1.
fn check_name_id_format(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let name_id = child(assertion, SAML, "Subject").and_then(|subject| child(subject, SAML, "NameID"));
    let format = name_id.and_then(|name_id| name_id.attribute("Format"));
    if expected.requested.accepts_format(format) { Ok(()) } else { Err(Error::NameIdFormat) }
}

/// The data of every confirmation, whatever its method.
fn confirmation_data<'a, 'i: 'a>(assertion: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    confirmations(assertion).filter_map(|confirmation| child(confirmation, SAML, "SubjectConfirmationData"))
}

fn conditions<'a, 'i>(assertion: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    child(assertion, SAML, "Conditions").ok_or(Error::Conditions("there are none"))
}

/// A time attribute: absent is `None`, unreadable is an error.
pub(super) fn instant_of(node: Node<'_, '_>, name: &str) -> Result<Option<OffsetDateTime>, Error> {
    let unreadable = Error::Content("a time is not an xs:dateTime with a zone");
    node.attribute(name).map(|text| instant::parse(text).ok_or(unreadable)).transpose()
}
