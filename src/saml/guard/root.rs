//! Which message a document is.

use crate::saml::error::{Error, Rule};
use crate::saml::xml::{Node, SAML, SAMLP, elements, is};

/// The element that a document must begin with: what was asked for at the endpoint that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::saml) enum Root {
    /// Core 3.3.3.
    Response,
    /// Core 3.7.1.
    LogoutRequest,
    /// Core 3.7.2.
    LogoutResponse,
    /// Core 3.5.2.
    ArtifactResponse,
    /// The plain text of an `EncryptedAssertion`. Core 2.3.4.
    Assertion,
    /// The plain text of an `EncryptedID`. Core 2.2.4.
    NameId,
    /// The plain text of an `EncryptedAttribute`. Core 2.7.3.2.
    Attribute,
}

impl Root {
    /// Whether `node` is that element.
    pub(in crate::saml) fn is(self, node: Node<'_, '_>) -> bool {
        match self {
            Self::Response => is(node, SAMLP, "Response"),
            Self::LogoutRequest => is(node, SAMLP, "LogoutRequest"),
            Self::LogoutResponse => is(node, SAMLP, "LogoutResponse"),
            Self::ArtifactResponse => is(node, SAMLP, "ArtifactResponse"),
            Self::Assertion => is(node, SAML, "Assertion"),
            Self::NameId => is(node, SAML, "NameID"),
            Self::Attribute => is(node, SAML, "Attribute"),
        }
    }
}

/// G4: the root is the expected message. Core 3.
pub(super) fn check_root(root: Node<'_, '_>, kind: Root) -> Result<(), Error> {
    if kind.is(root) { Ok(()) } else { Err(Error::Forbidden(Rule::Structure)) }
}

/// G5: no message inside another, but the one that an `ArtifactResponse` delivers as its child. Core 3.5.2.
pub(super) fn check_one_message(root: Node<'_, '_>) -> Result<(), Error> {
    let delivered = is(root, SAMLP, "ArtifactResponse")
        .then(|| elements(root).find(|child| Root::Response.is(*child)))
        .flatten();
    let in_place = |node: Node<'_, '_>| node == root || Some(node) == delivered;
    if root.descendants().filter(is_message).all(in_place) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::Structure))
    }
}

/// Requests and responses of the protocol. Core 3.
fn is_message(node: &Node<'_, '_>) -> bool {
    let name = node.tag_name();
    name.namespace() == Some(SAMLP)
        && (name.name().ends_with("Response")
            || name.name().ends_with("Request")
            || name.name().ends_with("Query")
            || name.name() == "ArtifactResolve")
}

/// Where an assertion may stand: in a response, or alone as a plain text.
pub(super) fn may_hold_assertion(node: Node<'_, '_>, root: Node<'_, '_>) -> bool {
    Root::Response.is(node) && (node == root || node.parent_element() == Some(root))
}
