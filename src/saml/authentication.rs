//! The rules of SAML for authentication statements: when a person was authenticated, how, and until when that counts.

use time::OffsetDateTime;

use super::error::Error;
use super::response::{Expected, instant_of};
use super::xml::{Node, SAML, child, children, collapsed, plain_text};

/// The instant of each authentication is not ahead, and not before a request that asked for a new one. (That there is
/// one at all, [`oldest_authentication`] makes sure.) Core 2.7.2, 3.4.1; profiles 4.1.4.2.
pub(super) fn check_authn_statements(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    authn_statements(assertion)
        .try_for_each(|statement| check_authn_instant(authn_instant(statement)?, expected))
}

fn check_authn_instant(instant: OffsetDateTime, expected: &Expected) -> Result<(), Error> {
    if expected.is_ahead(instant) {
        return Err(Error::AuthnStatement("AuthnInstant is in the future"));
    }
    if expected.requested.force_authn && expected.is_before_request(instant) {
        return Err(Error::StaleAuthentication);
    }
    Ok(())
}

/// The authentication is of a class that was requested, where any was. Core 2.7.2.2, 3.3.2.2.1.
pub(super) fn check_authn_context(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    if expected.requested.accepts_context(best_context(assertion, expected)) {
        Ok(())
    } else {
        Err(Error::AuthnContext)
    }
}

/// `SessionNotOnOrAfter`, when sent, is ahead. Core 2.7.2.
pub(super) fn check_session_not_over(assertion: Node<'_, '_>, expected: &Expected) -> Result<(), Error> {
    let end = session_end(assertion)?;
    if end.is_some_and(|end| expected.is_over(end)) { Err(Error::SessionOver) } else { Ok(()) }
}

/// The authentication statements.
pub(super) fn authn_statements<'a, 'i>(assertion: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(assertion, SAML, "AuthnStatement")
}

/// The oldest `AuthnInstant`: every authentication that is spoken of is at least that fresh. An assertion without an
/// authentication statement signs nobody in. Profiles 4.1.4.2.
pub(super) fn oldest_authentication(assertion: Node<'_, '_>) -> Result<OffsetDateTime, Error> {
    let instants: Vec<_> = authn_statements(assertion).map(authn_instant).collect::<Result<_, _>>()?;
    instants.into_iter().min().ok_or(Error::AuthnStatement("there is none"))
}

/// The earliest `SessionNotOnOrAfter`.
pub(super) fn session_end(assertion: Node<'_, '_>) -> Result<Option<OffsetDateTime>, Error> {
    let ends = authn_statements(assertion).map(|statement| instant_of(statement, "SessionNotOnOrAfter"));
    let ends: Vec<_> = ends.collect::<Result<_, _>>()?;
    Ok(ends.into_iter().flatten().min())
}

/// The class that is good enough for the request, or the first.
pub(super) fn best_context<'a>(assertion: Node<'a, '_>, expected: &Expected) -> Option<&'a str> {
    let contexts = || authn_statements(assertion).filter_map(authn_context);
    let good = contexts().find(|context| expected.requested.accepts_context(Some(context)));
    good.or_else(|| contexts().next())
}

/// `AuthnContextClassRef` of a statement. White space around a URI is not part of it. XML schema 3.2.17.
pub(super) fn authn_context<'a>(statement: Node<'a, '_>) -> Option<&'a str> {
    let class = child(child(statement, SAML, "AuthnContext")?, SAML, "AuthnContextClassRef")?;
    plain_text(class).map(collapsed)
}

fn authn_instant(statement: Node<'_, '_>) -> Result<OffsetDateTime, Error> {
    let instant = instant_of(statement, "AuthnInstant")?;
    instant.ok_or(Error::AuthnStatement("it has no AuthnInstant"))
}
