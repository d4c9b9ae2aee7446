//! Whose sessions a logout request is about.

use crate::model::NameId;
use crate::saml::assertion::{decrypt_id, read_name_id};
use crate::saml::decryption::Decryption;
use crate::saml::error::Error;
use crate::saml::xml::{Node, SAML, SAMLP, child, children, plain_text};

/// The subject of a verified request, octet for octet. Core 3.7.1.
///
/// # Errors
/// [`Error::Content`] for a `BaseID` or an empty name, and those of opening an `EncryptedID`.
pub(super) fn read_subject(request: Node<'_, '_>, decryption: &Decryption) -> Result<NameId, Error> {
    if let Some(encrypted) = child(request, SAML, "EncryptedID") {
        return decrypt_id(encrypted, decryption);
    }
    let name_id = child(request, SAML, "NameID").ok_or(Error::Content("the subject is no NameID"))?;
    read_name_id(name_id)
}

/// Every `SessionIndex` that is named. Core 3.7.1.
pub(super) fn read_session_indexes(request: Node<'_, '_>) -> Vec<String> {
    children(request, SAMLP, "SessionIndex").filter_map(plain_text).map(str::to_owned).collect()
}
