//! Signs whatever the mutations made of a document: an identity provider that has lost its mind, but not its key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::xml::NodeSet;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Private};
use uppsala::{Document, NodeId, Parser};

use crate::mutation::local_name;
use crate::tree::{Element, Node};

/// Signs every signature anew, the inner before the outer, each over its parent. Signatures that can't be signed stay
/// as they are.
pub fn sign_again(document: &mut Element, key: &PKey<Private>) {
    let count = document.count();
    let signatures: Vec<usize> =
        (1..count).filter(|number| local_name(document.nth(*number)) == "Signature").collect();
    for (order, number) in signatures.iter().enumerate().rev() {
        let _ = sign(document, *number, order, key);
    }
}

/// Signs the signature of that number, the `order`th of the document.
fn sign(document: &mut Element, number: usize, order: usize, key: &PKey<Private>) -> Option<()> {
    let signature = document.nth(number);
    let digest = digest_of(&algorithm(signature, "DigestMethod")?)?;
    let method = digest_of(&algorithm(signature, "SignatureMethod")?)?;
    let text = document.write();
    let parsed = parse(&text)?;
    let place = nth_signature(&parsed, order)?;
    let prefixes = prefixes(document.nth(number), "Transforms");
    let covered = NodeSet::tree_without_comments(parsed.parent(place)?, &parsed)
        .subtract(&NodeSet::tree_without_comments(place, &parsed));
    let octets = canonicalize_doc(&parsed, C14nMode::Exclusive, Some(&covered), &prefixes).ok()?;
    set_text(document.nth(number), "DigestValue", &STANDARD.encode(hash(digest, &octets).ok()?))?;

    let text = document.write();
    let parsed = parse(&text)?;
    let place = nth_signature(&parsed, order)?;
    let info = parsed.children(place).into_iter().find(|node| named(&parsed, *node, "SignedInfo"))?;
    let prefixes = self::prefixes(document.nth(number), "CanonicalizationMethod");
    let covered = NodeSet::tree_without_comments(info, &parsed);
    let octets = canonicalize_doc(&parsed, C14nMode::Exclusive, Some(&covered), &prefixes).ok()?;
    let value = ecdsa(&hash(method, &octets).ok()?, key)?;
    set_text(document.nth(number), "SignatureValue", &STANDARD.encode(value))
}

fn parse(text: &str) -> Option<Document<'_>> {
    Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(64).parse(text).ok()
}

fn nth_signature(document: &Document<'_>, order: usize) -> Option<NodeId> {
    let all = document.descendants(document.root());
    all.into_iter().filter(|node| named(document, *node, "Signature")).nth(order)
}

fn named(document: &Document<'_>, node: NodeId, name: &str) -> bool {
    document.element(node).is_some_and(|element| element.name.local_name == name)
}

/// ECDSA in XML signatures: r and s, 32 bytes each. RFC 4050.
fn ecdsa(digest: &[u8], key: &PKey<Private>) -> Option<Vec<u8>> {
    // A longer digest is cut to the curve's length.
    let signature = EcdsaSig::sign(digest, &*key.ec_key().ok()?).ok()?;
    Some([signature.r().to_vec_padded(32).ok()?, signature.s().to_vec_padded(32).ok()?].concat())
}

fn digest_of(algorithm: &str) -> Option<MessageDigest> {
    match algorithm.get(algorithm.len().checked_sub(3)?..)? {
        "256" => Some(MessageDigest::sha256()),
        "384" => Some(MessageDigest::sha384()),
        "512" => Some(MessageDigest::sha512()),
        _ => None,
    }
}

fn algorithm(signature: &mut Element, name: &str) -> Option<String> {
    attribute(inside(signature, name)?, "Algorithm").map(str::to_owned)
}

/// `PrefixList` of the canonicalisation, in the last element called `name` or in it.
fn prefixes(signature: &mut Element, name: &str) -> Vec<String> {
    let list = inside(signature, name).and_then(|element| inside(element, "InclusiveNamespaces"));
    let list = list.and_then(|list| attribute(list, "PrefixList")).unwrap_or("");
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The first element of that local name.
fn inside<'a>(element: &'a mut Element, name: &str) -> Option<&'a mut Element> {
    let number = (1..element.count()).find(|number| local_name(element.nth(*number)) == name)?;
    Some(element.nth(number))
}

fn set_text(signature: &mut Element, name: &str, text: &str) -> Option<()> {
    inside(signature, name)?.content = vec![Node::Raw(text.to_owned())];
    Some(())
}
