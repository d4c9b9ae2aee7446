//! Names of the XML we read, and the few ways we look at it: always by namespace and local name together.

pub(super) use roxmltree::Node;

/// SAML protocol namespace.
pub(super) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// SAML assertion namespace.
pub(super) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// SAML metadata namespace.
pub(super) const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML signature namespace.
pub(super) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML signature 1.1 namespace.
pub(super) const DS11: &str = "http://www.w3.org/2009/xmldsig11#";
/// XML encryption namespace.
pub(super) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// XML encryption 1.1 namespace.
pub(super) const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// Exclusive canonicalisation: an algorithm and the namespace of its `InclusiveNamespaces`.
pub(super) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The same, for documents that keep their comments: those that we read have none.
pub(super) const EXC_C14N_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// The enveloped-signature transform.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Whether `node` is the element `{namespace}name`.
pub(super) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    let tag = node.tag_name();
    node.is_element() && tag.name() == name && tag.namespace() == Some(namespace)
}

/// The child elements of `node`.
pub(super) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The child elements of `node` called `{namespace}name`.
pub(super) fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| is(*child, namespace, name))
}

/// The first child element of `node` called `{namespace}name`.
pub(super) fn child<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> Option<Node<'a, 'i>> {
    children(node, namespace, name).next()
}

/// The text of an element that holds nothing but text; `None` when it holds markup.
pub(super) fn plain_text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let mut inside = node.children();
    match (inside.next(), inside.next()) {
        (None, _) => Some(""),
        (Some(text), None) if text.is_text() => text.text(),
        _ => None,
    }
}

/// `text` without the white space around it, as of a type that collapses it. XML schema 4.3.6.
pub(super) fn collapsed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// Whether `node` is text of nothing but XML white space.
pub(super) fn is_blank(node: Node<'_, '_>) -> bool {
    node.is_text() && node.text().unwrap_or("").bytes().all(is_space)
}

/// The base64 alphabet and white space, and not nothing.
pub(super) fn is_base64(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| is_digit(byte) || is_space(byte))
}

/// XML white space.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
