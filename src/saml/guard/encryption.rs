//! What encrypted parts are made of. XML encryption 3; SAML core 2.2.4, 2.3.4, 2.7.3.2.

use crate::saml::error::{Error, Rule};
use crate::saml::guard::signature::{is_key_material, is_of_signature};
use crate::saml::guard::structure::{Slot, fits, has_no_stray_text, slot};
use crate::saml::xml::{DS, Node, SAML, XENC, child, children, elements, is, is_base64, plain_text};

/// Most encrypted parts of one message.
const MAX_PARTS: usize = 16;
/// Most `EncryptedKey`s of one part: for how many keys of ours it is encrypted.
const MAX_KEYS: usize = 4;

/// What an identity provider may send encrypted.
const HOLDERS: &[&str] = &["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"];

const HOLDER: &[Slot] =
    &[slot(&[(XENC, "EncryptedData")], 1, 1), slot(&[(XENC, "EncryptedKey")], 0, MAX_KEYS)];

/// Content models of XML encryption's schema, without `EncryptionProperties` and `CipherReference`.
const MODELS: &[(&str, &[Slot])] = &[
    (
        "EncryptedData",
        &[
            slot(&[(XENC, "EncryptionMethod")], 1, 1),
            slot(&[(DS, "KeyInfo")], 0, 1),
            slot(&[(XENC, "CipherData")], 1, 1),
        ],
    ),
    (
        "EncryptedKey",
        &[
            slot(&[(XENC, "EncryptionMethod")], 1, 1),
            slot(&[(DS, "KeyInfo")], 0, 1),
            slot(&[(XENC, "CipherData")], 1, 1),
            slot(&[(XENC, "ReferenceList")], 0, 1),
            slot(&[(XENC, "CarriedKeyName")], 0, 1),
        ],
    ),
    ("CipherData", &[slot(&[(XENC, "CipherValue")], 1, 1)]),
];

/// G16: encrypted parts stand where SAML has them and are made of what decryption reads, nothing else.
pub(super) fn check_encryption(root: Node<'_, '_>) -> Result<(), Error> {
    let found: Vec<_> = root.descendants().filter(is_encryption).collect();
    check_encrypted_count(&found)?;
    found.into_iter().try_for_each(|node| {
        check_encrypted_place(node)?;
        check_encrypted_content(node)?;
        check_encrypted_type(node)?;
        check_cipher_value(node)?;
        check_encryption_key_info(node)?;
        check_encrypted_key_count(node)
    })
}

fn is_encryption(node: &Node<'_, '_>) -> bool {
    let tag = node.tag_name();
    let namespace = tag.namespace();
    namespace == Some(XENC) || HOLDERS.contains(&tag.name()) && namespace == Some(SAML)
}

fn is_xenc(node: Node<'_, '_>) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(XENC)
}

fn is_holder(node: Node<'_, '_>) -> bool {
    HOLDERS.iter().any(|name| is(node, SAML, name))
}

fn refuse_unless(allowed: bool) -> Result<(), Error> {
    if allowed { Ok(()) } else { Err(Error::Forbidden(Rule::Encryption)) }
}

/// Each part costs private-key operations.
fn check_encrypted_count(found: &[Node<'_, '_>]) -> Result<(), Error> {
    let parts = found.iter().filter(|node| is_holder(**node)).count();
    if parts > MAX_PARTS { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}

/// Elements of XML encryption stand under their own parents: those that decryption looks under.
fn check_encrypted_place(node: Node<'_, '_>) -> Result<(), Error> {
    let Some(parent) = node.parent_element().filter(|_| is_xenc(node)) else { return Ok(()) };
    let under = |names: &[&str]| names.iter().any(|name| is(parent, XENC, name));
    let is_place = match node.tag_name().name() {
        "EncryptedData" => is_holder(parent),
        "EncryptedKey" => is_holder(parent) || is_key_info_of(parent, "EncryptedData"),
        "EncryptionMethod" | "CipherData" => under(&["EncryptedData", "EncryptedKey"]),
        "ReferenceList" | "CarriedKeyName" => under(&["EncryptedKey"]),
        "CipherValue" => under(&["CipherData"]),
        "OAEPparams" => under(&["EncryptionMethod"]),
        "DataReference" => under(&["ReferenceList"]),
        _ => false,
    };
    refuse_unless(is_place)
}

fn is_key_info_of(node: Node<'_, '_>, name: &str) -> bool {
    is(node, DS, "KeyInfo") && node.parent_element().is_some_and(|parent| is(parent, XENC, name))
}

/// Elements are in the order and number of the schemas, with nothing but white space between them.
fn check_encrypted_content(node: Node<'_, '_>) -> Result<(), Error> {
    let model = if is_holder(node) {
        Some(HOLDER)
    } else {
        MODELS.iter().find(|(name, _)| is(node, XENC, name)).map(|(_, slots)| *slots)
    };
    refuse_unless(match model {
        Some(slots) => has_no_stray_text(node) && fits(node, slots),
        None if is(node, XENC, "EncryptionMethod") => has_no_stray_text(node),
        None => true,
    })
}

/// A whole element is encrypted, not its content. SAML core 2.2.4, 2.3.4, 2.7.3.2.
fn check_encrypted_type(node: Node<'_, '_>) -> Result<(), Error> {
    const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
    let kind = node.attribute("Type").filter(|_| is(node, XENC, "EncryptedData"));
    refuse_unless(kind.is_none_or(|kind| kind == ELEMENT))
}

/// A `CipherValue` is one base64 text.
fn check_cipher_value(node: Node<'_, '_>) -> Result<(), Error> {
    let is_value = is(node, XENC, "CipherValue");
    refuse_unless(!is_value || node.attributes().len() == 0 && plain_text(node).is_some_and(is_base64))
}

/// `KeyInfo` names keys, carries `EncryptedKey`s, or points at one in the same document; we follow no reference and
/// try our keys on every `EncryptedKey` of the part. XML encryption 3.5.
fn check_encryption_key_info(node: Node<'_, '_>) -> Result<(), Error> {
    let carries_keys = is(node, XENC, "EncryptedData");
    let key_info = child(node, DS, "KeyInfo").filter(|_| is_xenc(node));
    let is_known = |node: Node<'_, '_>| {
        let for_keys = is(node, XENC, "EncryptedKey") || is_retrieval_here(node);
        is_key_material(node) || if carries_keys { for_keys } else { is_token_reference(node) }
    };
    refuse_unless(key_info.is_none_or(|key_info| elements(key_info).all(is_known)))
}

/// A `RetrievalMethod` that can lead to an `EncryptedKey` beside the `EncryptedData` only.
fn is_retrieval_here(node: Node<'_, '_>) -> bool {
    const ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";
    is(node, DS, "RetrievalMethod")
        && node.first_child().is_none()
        && node.attribute("URI").is_some_and(|uri| uri.len() > 1 && uri.starts_with('#'))
        && node.attribute("Type").is_none_or(|kind| kind == ENCRYPTED_KEY)
}

/// How Microsoft's identity providers name the certificate.
fn is_token_reference(node: Node<'_, '_>) -> bool {
    const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    let is_wsse = |node: Node<'_, '_>| node.tag_name().namespace() == Some(WSSE);
    is(node, WSSE, "SecurityTokenReference")
        && node.descendants().filter(Node::is_element).all(|node| is_wsse(node) || is_of_signature(node))
}

/// Every `EncryptedKey` costs a private-key operation for each of our keys.
fn check_encrypted_key_count(node: Node<'_, '_>) -> Result<(), Error> {
    let beside = children(node, XENC, "EncryptedKey").count();
    let inside = child(node, XENC, "EncryptedData").and_then(|data| child(data, DS, "KeyInfo"));
    let inside = inside.map_or(0, |key_info| children(key_info, XENC, "EncryptedKey").count());
    if beside + inside > MAX_KEYS { Err(Error::Forbidden(Rule::Limits)) } else { Ok(()) }
}
