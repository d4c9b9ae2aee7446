//! Signed metadata: what of a document may be believed. SAML metadata 3.1.

use std::borrow::Cow;

use openssl::x509::X509;

use crate::saml::engine::{Signed, SigningKeys};
use crate::saml::error::{Error, MetadataError};
use crate::saml::guard;
use crate::saml::idp_metadata::{MAX_KEYS, is_strong, parse};
use crate::saml::verification::check_is_target;

/// The keys of one to four PEM certificates. Their dates mean nothing, as in metadata itself.
pub(in crate::saml) fn pinned_keys(pem: &str) -> Result<SigningKeys, MetadataError> {
    let certificates = X509::stack_from_pem(pem.as_bytes()).map_err(|_| MetadataError::Certificate)?;
    let strong = |certificate: &X509| {
        certificate.public_key().ok().filter(is_strong)?;
        certificate.to_der().ok()
    };
    let strong: Option<Vec<_>> = certificates.iter().map(strong).collect();
    let keys = strong.filter(|keys| keys.len() <= MAX_KEYS).and_then(|keys| SigningKeys::load(&keys));
    keys.ok_or(MetadataError::Certificate)
}

/// What may be read of a document: with pinned keys the octets that its root's signature covers, else all of it.
///
/// # Errors
/// When keys are pinned and the root is not signed with one of them, in the one plain way.
pub(in crate::saml) fn trusted_text<'x>(
    xml: &'x str,
    pinned: Option<&SigningKeys>,
) -> Result<Cow<'x, str>, MetadataError> {
    let xml = xml.trim_start_matches('\u{feff}');
    let Some(keys) = pinned else { return Ok(Cow::Borrowed(xml)) };
    verified(xml, keys).map(Cow::Owned)
}

fn verified(xml: &str, keys: &SigningKeys) -> Result<String, MetadataError> {
    let document = parse(xml)?;
    let signatures = guard::inspect_metadata(document.root_element()).map_err(refusal)?;
    let text = guard::check_declaration(xml).map_err(refusal)?;
    let signed = Signed { text, count: 1, target: signatures.target, prefixes: &signatures.prefixes };
    let verified = keys.verify(&signed).map_err(refusal)?;
    check_is_target(parse(verified.as_str())?.root_element(), signatures.target).map_err(refusal)?;
    Ok(verified.as_str().to_owned())
}

fn refusal(error: Error) -> MetadataError {
    match error {
        Error::Unsigned => MetadataError::Unsigned,
        error => MetadataError::Signature(error.to_string()),
    }
}
