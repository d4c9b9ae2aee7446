//! Whose sessions a logout request is about.

use crate::model::NameId;
use crate::saml::assertion::read_name;
use crate::saml::error::Error;
use crate::saml::xml::{Node, SAML, SAMLP, child, children, plain_text};

/// The subject of a verified request, octet for octet. Core 3.7.1.
///
/// # Errors
/// [`Error::Encrypted`] for an `EncryptedID`, [`Error::Content`] for a `BaseID` or an empty name.
pub(super) fn read_subject(request: Node<'_, '_>) -> Result<NameId, Error> {
    if child(request, SAML, "EncryptedID").is_some() {
        return Err(Error::Encrypted);
    }
    let name_id = child(request, SAML, "NameID").ok_or(Error::Content("the subject is no NameID"))?;
    read_name(name_id)
}

/// Every `SessionIndex` that is named. Core 3.7.1.
pub(super) fn read_session_indexes(request: Node<'_, '_>) -> Vec<String> {
    children(request, SAMLP, "SessionIndex").filter_map(plain_text).map(str::to_owned).collect()
}
