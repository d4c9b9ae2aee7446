//! Elements that claim to be of another type than their name says.

use crate::saml::error::{Error, Rule};
use crate::saml::xml::{Node, SAML, SAMLP, is};

/// XML schema instance namespace.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// G16: an element of SAML's has the type that its name has in the schemas: a derived one could say something that we
/// don't read. Open content may be of any type, and `xsi:nil` is for attribute values. Core 2.7.3.1.1, XML schema 2.6.
pub(super) fn check_types(root: Node<'_, '_>) -> Result<(), Error> {
    let is_ours = |node: &Node<'_, '_>| matches!(node.tag_name().namespace(), Some(SAML | SAMLP));
    let mut ours = root.descendants().filter(is_ours);
    if ours.all(|node| is_open(node) || is_plain(node)) { Ok(()) } else { Err(Error::Forbidden(Rule::Types)) }
}

/// Content of any type; the key of a kind of confirmation that we pass over; conditions, of which none but the known are
/// accepted.
fn is_open(node: Node<'_, '_>) -> bool {
    const OPEN: [&str; 4] = ["AttributeValue", "AuthnContextDecl", "SubjectConfirmationData", "Condition"];
    OPEN.iter().any(|name| is(node, SAML, name))
}

fn is_plain(node: Node<'_, '_>) -> bool {
    let own = |kind: &str| {
        let (prefix, kind) = kind.split_once(':').map_or((None, kind), |(prefix, kind)| (Some(prefix), kind));
        let name = node.tag_name().name();
        let names = if name == "Issuer" { "NameID" } else { name };
        node.lookup_namespace_uri(prefix) == node.tag_name().namespace()
            && kind.strip_suffix("Type") == Some(names)
    };
    !node.has_attribute((XSI, "nil")) && node.attribute((XSI, "type")).is_none_or(own)
}
