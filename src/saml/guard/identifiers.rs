//! Identifiers: what signatures point at.

use std::collections::HashSet;

use crate::saml::error::{Error, Rule};
use crate::saml::xml::{Node, SAML, SAMLP, is};

/// Longest identifier we accept: what federations agreed on for any value.
const MAX_LENGTH: usize = 256;

/// G7: every attribute that any engine could take for an identifier is un-prefixed, an `NCName`, at most 256
/// bytes, and unique over all spellings; messages and assertions have one called `ID`. SAML core 1.3.4.
pub(super) fn check_identifiers(root: Node<'_, '_>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for node in root.descendants().filter(Node::is_element) {
        let mut has_id = false;
        for attribute in node.attributes().filter(|attribute| names_an_id(attribute.name())) {
            let plain = attribute.namespace().is_none() && is_ncname(attribute.value());
            if !plain || !seen.insert(attribute.value()) {
                return Err(Error::Forbidden(Rule::Identifiers));
            }
            has_id |= attribute.name() == "ID";
        }
        let needs_id =
            node == root && !is_part(node) || is(node, SAMLP, "Response") || is(node, SAML, "Assertion");
        if needs_id && !has_id {
            return Err(Error::Forbidden(Rule::Identifiers));
        }
    }
    Ok(())
}

/// Parts of an assertion have no identifier: they are a root as plain texts only.
fn is_part(node: Node<'_, '_>) -> bool {
    is(node, SAML, "NameID") || is(node, SAML, "Attribute")
}

fn names_an_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("assertionid")
}

/// The ASCII part of `NCName`, which is all that identity providers use.
fn is_ncname(value: &str) -> bool {
    value.len() <= MAX_LENGTH
        && value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}
