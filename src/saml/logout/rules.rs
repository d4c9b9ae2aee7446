//! What an acceptable logout message says: each check is one function with its section of the specification.

use std::time::Duration;

use time::OffsetDateTime;

use crate::model::{LogoutStatus, PendingLogout};
use crate::saml::error::Error;
use crate::saml::response::{check_entity, check_version, instant_of};
use crate::saml::xml::{Node, SAML, SAMLP, child};

/// Oldest logout request that is taken: the browser carries it at once.
pub(super) const MAX_AGE: Duration = Duration::from_mins(5);

/// What both messages must fit.
pub(super) struct Expected {
    /// Our single logout service.
    pub(super) destination: String,
    /// The present moment.
    pub(super) now: OffsetDateTime,
    /// Tolerated difference to its clock, both ways.
    pub(super) skew: Duration,
}

impl Expected {
    fn is_ahead(&self, instant: OffsetDateTime) -> bool {
        instant > self.now + self.skew
    }

    fn is_over(&self, end: OffsetDateTime) -> bool {
        self.now >= end + self.skew
    }
}

/// The checks of a verified request. Returns until when it could be taken again.
pub(super) fn check_logout_request(
    request: Node<'_, '_>,
    entity_id: &str,
    expected: &Expected,
) -> Result<OffsetDateTime, Error> {
    check_version(request)?;
    check_logout_destination(request, expected)?;
    check_logout_issuer(request, entity_id)?;
    let issued = issue_instant(request)?;
    check_logout_age(issued, expected)?;
    check_logout_not_over(request, expected)?;
    Ok(issued + MAX_AGE + expected.skew)
}

/// The checks of a verified response to `pending`.
pub(super) fn check_logout_response(
    response: Node<'_, '_>,
    entity_id: &str,
    pending: &PendingLogout,
    expected: &Expected,
) -> Result<LogoutStatus, Error> {
    check_version(response)?;
    check_logout_destination(response, expected)?;
    check_logout_issuer(response, entity_id)?;
    check_logout_in_response_to(response, pending)?;
    check_logout_answer_time(issue_instant(response)?, pending, expected)?;
    Ok(status(response))
}

/// `Destination` is there, because the message is signed, and is our single logout service, octet for octet.
/// Bindings 3.4.5.2, 3.5.5.2.
fn check_logout_destination(message: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    if message.attribute("Destination") == Some(&expected.destination) {
        Ok(())
    } else {
        Err(Error::LogoutDestination)
    }
}

/// `Issuer` is the entity whose keys verified the message. Profiles 4.4.4.1, 4.4.4.2.
fn check_logout_issuer(message: Node<'_, '_>, entity_id: &str) -> Result<(), Error> {
    check_entity(child(message, SAML, "Issuer").ok_or(Error::Issuer)?, entity_id)
}

/// A request was issued a moment ago. Core 3.2.1.
fn check_logout_age(issued: OffsetDateTime, expected: &Expected) -> Result<(), Error> {
    if expected.is_ahead(issued) || expected.is_over(issued + MAX_AGE) {
        Err(Error::LogoutExpired)
    } else {
        Ok(())
    }
}

/// `NotOnOrAfter`, when sent, is ahead. Core 3.7.1.
fn check_logout_not_over(request: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let end = instant_of(request, "NotOnOrAfter")?;
    if end.is_some_and(|end| expected.is_over(end)) { Err(Error::LogoutExpired) } else { Ok(()) }
}

/// `InResponseTo` names the pending request. Core 3.2.2.
fn check_logout_in_response_to(response: Node<'_, '_>, pending: &PendingLogout) -> Result<(), Error> {
    if response.attribute("InResponseTo") == Some(pending.request_id.as_str()) {
        Ok(())
    } else {
        Err(Error::InResponseTo)
    }
}

/// A response was issued between our request and now. Identity providers write whole seconds: an answer in the second
/// of our request is not before it. Core 3.2.2.
fn check_logout_answer_time(
    issued: OffsetDateTime,
    pending: &PendingLogout,
    expected: &Expected,
) -> Result<(), Error> {
    let is_before_request = issued < pending.started_at.truncate_to_second() - expected.skew;
    if expected.is_ahead(issued) || is_before_request { Err(Error::LogoutExpired) } else { Ok(()) }
}

fn issue_instant(message: Node<'_, '_>) -> Result<OffsetDateTime, Error> {
    instant_of(message, "IssueInstant").ok().flatten().ok_or(Error::LogoutExpired)
}

/// Complete only when nothing else is said than Success. Identity providers put `PartialLogout` below Success or below
/// Responder. Core 3.2.2.2, 3.7.3.2.
fn status(response: Node<'_, '_>) -> LogoutStatus {
    const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
    const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
    let code = child(response, SAMLP, "Status").and_then(|status| child(status, SAMLP, "StatusCode"));
    let detail = code.and_then(|code| child(code, SAMLP, "StatusCode"));
    let value = |code: Option<Node<'_, '_>>| code.and_then(|code| code.attribute("Value").map(str::to_owned));
    match (value(code).as_deref(), detail.is_some(), value(detail).as_deref()) {
        (Some(SUCCESS), false, _) => LogoutStatus::Complete,
        (Some(SUCCESS | PARTIAL), ..) | (_, _, Some(PARTIAL)) => LogoutStatus::Partial,
        _ => LogoutStatus::Failed,
    }
}
