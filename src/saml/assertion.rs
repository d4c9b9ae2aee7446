//! What a verified assertion says, once every check has passed.

use crate::model::{Attributes, Identity, IdpName, NameId, OriginalAnswer, Unreadable};

use super::authentication::{authn_statements, best_context, oldest_authentication, session_end};
use super::decryption::{Decryption, Trust};
use super::error::Error;
use super::guard::Root;
use super::response::Expected;
use super::xml::{Node, SAML, child, children, elements, is, plain_text};

/// Most `Attribute` elements we read.
const MAX_ATTRIBUTES: usize = 256;
/// Most values over all attributes.
const MAX_VALUES: usize = 4096;

/// An assertion that passed every check. Only [`ServiceProvider::verify`](super::ServiceProvider::verify) makes one.
#[derive(Debug)]
pub struct VerifiedAssertion {
    identity: Identity,
    answer: Result<OriginalAnswer, Unreadable>,
    clock_offset: time::Duration,
}

impl VerifiedAssertion {
    pub(super) fn new(
        identity: Identity,
        answer: Result<OriginalAnswer, Unreadable>,
        clock_offset: time::Duration,
    ) -> Self {
        Self { identity, answer, clock_offset }
    }

    /// How far its `IssueInstant` was from our clock: above zero where it was ahead.
    #[must_use]
    pub fn clock_offset(&self) -> time::Duration {
        self.clock_offset
    }

    /// The answer that it came in, for AWS; or why AWS could not read that.
    pub fn into_parts(self) -> (Identity, Result<OriginalAnswer, Unreadable>) {
        (self.identity, self.answer)
    }

    /// Who it speaks of.
    #[must_use]
    pub fn into_identity(self) -> Identity {
        self.identity
    }
}

/// Reads the identity out of an assertion of verified bytes.
pub(super) fn read_identity(
    assertion: Node<'_, '_>,
    idp: &IdpName,
    expected: &Expected,
    decryption: &Decryption,
) -> Result<Identity, Error> {
    Ok(Identity {
        idp: idp.clone(),
        issuer: expected.issuer.clone(),
        name_id: read_subject(assertion, decryption)?,
        session_index: session_index(assertion),
        authn_context: best_context(assertion, expected).map(str::to_owned),
        authn_instant: oldest_authentication(assertion)?,
        session_not_on_or_after: session_end(assertion)?,
        attributes: read_attributes(assertion, decryption)?,
    })
}

/// The first `SessionIndex` of the authentication statements. Core 2.7.2.
fn session_index(assertion: Node<'_, '_>) -> Option<String> {
    authn_statements(assertion).find_map(|statement| statement.attribute("SessionIndex")).map(str::to_owned)
}

/// The subject's `NameID`, plain or encrypted, when sent. Core 2.4.1.
fn read_subject(assertion: Node<'_, '_>, decryption: &Decryption) -> Result<Option<NameId>, Error> {
    let Some(subject) = child(assertion, SAML, "Subject") else { return Ok(None) };
    if let Some(encrypted) = child(subject, SAML, "EncryptedID") {
        return decrypt_id(encrypted, decryption).map(Some);
    }
    child(subject, SAML, "NameID").map(read_name_id).transpose()
}

/// The `NameID` in an `EncryptedID` of verified bytes. Core 2.2.4.
pub(super) fn decrypt_id(encrypted: Node<'_, '_>, decryption: &Decryption) -> Result<NameId, Error> {
    let plain_text = decryption.open(encrypted, Trust::Verified)?;
    read_name_id(plain_text.inspect(Root::NameId)?.root())
}

/// A `NameID`, octet for octet. Core 2.2.3.
pub(super) fn read_name_id(name_id: Node<'_, '_>) -> Result<NameId, Error> {
    let value = plain_text(name_id).filter(|value| !value.trim().is_empty());
    let attribute = |name: &str| name_id.attribute(name).map(str::to_owned);
    Ok(NameId {
        value: value.ok_or(Error::Content("NameID is empty or holds markup"))?.to_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    })
}

/// Attributes by `Name`, whatever their `NameFormat`; several of one name are read as one, in order. A value that is
/// nil or holds markup (such as a `NameID`) has no text of its own: its attribute is kept without it. Core 2.7.3.
fn read_attributes(assertion: Node<'_, '_>, decryption: &Decryption) -> Result<Attributes, Error> {
    let mut found = Found::default();
    for statement in children(assertion, SAML, "AttributeStatement") {
        for node in elements(statement) {
            if is(node, SAML, "EncryptedAttribute") {
                let plain_text = decryption.open(node, Trust::Verified)?;
                found.read(plain_text.inspect(Root::Attribute)?.root())?;
            } else {
                found.read(node)?;
            }
        }
    }
    check_amount(found.count, found.values)?;
    Ok(found.attributes)
}

/// The attributes that were read so far.
#[derive(Default)]
struct Found {
    attributes: Attributes,
    count: usize,
    values: usize,
}

impl Found {
    fn read(&mut self, attribute: Node<'_, '_>) -> Result<(), Error> {
        let name = attribute.attribute("Name").filter(|name| !name.is_empty());
        let name = name.ok_or(Error::Content("an attribute has no Name"))?;
        let known = self.attributes.entry(name.to_owned()).or_default();
        known.extend(children(attribute, SAML, "AttributeValue").filter_map(value));
        self.count += 1;
        self.values += children(attribute, SAML, "AttributeValue").count();
        Ok(())
    }
}

fn value(node: Node<'_, '_>) -> Option<String> {
    const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
    let is_nil = matches!(node.attribute((XSI, "nil")), Some("true" | "1"));
    plain_text(node).filter(|_| !is_nil).map(str::to_owned)
}

/// A person has a bounded number of attributes and values.
fn check_amount(attributes: usize, values: usize) -> Result<(), Error> {
    if attributes > MAX_ATTRIBUTES || values > MAX_VALUES {
        Err(Error::Content("there are too many attributes or values"))
    } else {
        Ok(())
    }
}
