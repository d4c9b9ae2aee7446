//! The guard: what a response may look like before a signature engine sees it.
//!
//! Engines disagree, or can be led astray, on documents that SAML allows but no identity provider sends. The
//! guard refuses them all, by the rules below; each is one function, and this module calls them in order.

mod identifiers;
mod signature;
mod structure;
mod transport;

pub(super) use signature::Signatures;

use super::error::{Error, Rule};
use super::xml::{Node, SAML, child};

/// Most nodes (elements and texts) of a document.
const MAX_NODES: u32 = 4096;

/// The base64 form field, decoded: the bytes of a message.
pub(super) fn decode(field: &str) -> Result<Vec<u8>, Error> {
    transport::decode(field)
}

/// A document that broke no rule. Nothing in it is verified.
pub(super) struct Guarded<'x> {
    /// The document, without XML declaration.
    pub(super) text: &'x str,
    document: roxmltree::Document<'x>,
}

impl<'x> Guarded<'x> {
    /// The `Response` element.
    pub(super) fn response(&self) -> Node<'_, 'x> {
        self.document.root_element()
    }

    /// The `Assertion`, when there is one.
    pub(super) fn assertion(&self) -> Option<Node<'_, 'x>> {
        child(self.response(), SAML, "Assertion")
    }

    /// Whether the assertion is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        child(self.response(), SAML, "EncryptedAssertion").is_some()
    }

    /// What is signed.
    pub(super) fn signatures(&self) -> Signatures<'_> {
        Signatures::of(self.response(), self.assertion())
    }
}

/// Every rule, in order: first on bytes and text, then on the tree.
pub(super) fn inspect(bytes: &[u8]) -> Result<Guarded<'_>, Error> {
    let text = transport::check_encoding(bytes)?;
    let text = transport::check_declaration(text)?;
    transport::check_markup(text)?;
    transport::check_tags(text)?;
    let document = parse(text)?;
    let response = document.root_element();
    structure::check_root(response)?;
    structure::check_models(response)?;
    structure::check_one_assertion(response)?;
    structure::check_names(response)?;
    structure::check_extensions(response)?;
    identifiers::check_identifiers(response)?;
    signature::check_places(response)?;
    signature::check_shapes(response)?;
    signature::check_base64_texts(response)?;
    signature::check_references(response)?;
    signature::check_key_infos(response)?;
    Ok(Guarded { text, document })
}

/// The rules of structure once more, on verified bytes: what is read as true has the same shape that was guarded.
pub(super) fn inspect_verified(root: Node<'_, '_>) -> Result<(), Error> {
    structure::check_models(root)
}

/// Parses without document type and within the node limit.
pub(super) fn parse(text: &str) -> Result<roxmltree::Document<'_>, Error> {
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => Error::Forbidden(Rule::Limits),
        _ => Error::NotXml,
    })
}
