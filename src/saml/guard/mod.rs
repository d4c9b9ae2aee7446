//! The guard: what a message may look like before a signature engine sees it.
//!
//! Engines disagree, or can be led astray, on documents that SAML allows but no identity provider sends. The
//! guard refuses them all, by the rules below; each is one function, and this module calls them in order.

mod encryption;
mod identifiers;
mod root;
mod signature;
mod structure;
mod transport;
mod types;

pub(super) use root::Root;
pub(super) use signature::{DIGEST_METHODS, SIGNATURE_METHODS, Signatures};
pub(super) use transport::check_declaration;

use super::engine::Signed;
use super::error::{Error, Rule};
use super::xml::{Node, SAML, child};

/// Most nodes (elements and texts) of a document: somebody in very many groups, on lines of their own.
const MAX_NODES: u32 = 10 * 1024;

/// The base64 form field, decoded: the bytes of a message, in the form that [`normalized`] gives them.
pub(super) fn decode(field: &str) -> Result<Vec<u8>, Error> {
    transport::decode(field).map(normalized)
}

/// A message with its white space as every XML parser must read it.
pub(super) fn normalized(message: Vec<u8>) -> Vec<u8> {
    transport::normalized(message)
}

/// A document that broke no rule. Nothing in it is verified.
pub(super) struct Guarded<'x> {
    /// The document, without XML declaration.
    pub(super) text: &'x str,
    document: roxmltree::Document<'x>,
}

impl<'x> Guarded<'x> {
    /// The root element: of the kind that was asked for.
    pub(super) fn root(&self) -> Node<'_, 'x> {
        self.document.root_element()
    }

    /// The `Assertion` of a response, when there is one.
    pub(super) fn assertion(&self) -> Option<Node<'_, 'x>> {
        child(self.root(), SAML, "Assertion")
    }

    /// Whether the assertion of a response is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        child(self.root(), SAML, "EncryptedAssertion").is_some()
    }

    /// What is signed.
    pub(super) fn signatures(&self) -> Signatures<'_> {
        Signatures::of(self.root(), self.assertion())
    }

    /// The document for the signature engines: every one of `signatures` must verify.
    pub(super) fn signed<'a>(&'a self, signatures: &'a Signatures<'_>) -> Signed<'a> {
        Signed {
            text: self.text,
            count: signatures.count,
            target: signatures.target,
            prefixes: &signatures.prefixes,
        }
    }
}

/// Every rule, in order, on a document that must have this root: first on bytes and text, then on the tree.
pub(super) fn inspect(bytes: &[u8], kind: Root) -> Result<Guarded<'_>, Error> {
    let text = inspect_text(bytes)?;
    let document = parse(text)?;
    let root = document.root_element();
    root::check_root(root, kind)?;
    root::check_one_message(root)?;
    structure::check_models(root)?;
    structure::check_one_assertion(root)?;
    structure::check_names(root)?;
    structure::check_extensions(root)?;
    types::check_types(root)?;
    identifiers::check_identifiers(root)?;
    signature::check_places(root)?;
    signature::check_shapes(root)?;
    signature::check_base64_texts(root)?;
    signature::check_references(root)?;
    signature::check_key_infos(root)?;
    encryption::check_encryption(root)?;
    Ok(Guarded { text, document })
}

/// The rules of a signed metadata document, in which much may stand that messages have no place for: it carries one
/// signature, a plain one, that covers the root. SAML metadata 3.1.
pub(super) fn inspect_metadata<'a>(root: Node<'a, '_>) -> Result<Signatures<'a>, Error> {
    signature::check_only_root_is_signed(root)?;
    identifiers::check_identifiers(root)?;
    signature::check_shapes(root)?;
    signature::check_base64_texts(root)?;
    signature::check_references(root)?;
    root.first_element_child().map_or(Ok(()), signature::check_key_infos)?;
    Ok(Signatures::of(root, None))
}

/// The rules on bytes and text, which hold for an envelope too. Returns the text without XML declaration.
pub(super) fn inspect_text(bytes: &[u8]) -> Result<&str, Error> {
    let text = transport::check_encoding(bytes)?;
    let text = transport::check_declaration(text)?;
    transport::check_markup(text)?;
    transport::check_characters(text)?;
    transport::check_tags(text)?;
    Ok(text)
}

/// The rules of structure once more, on verified bytes: what is read as true has the same shape that was guarded.
pub(super) fn inspect_verified(root: Node<'_, '_>) -> Result<(), Error> {
    structure::check_models(root)?;
    types::check_types(root)?;
    encryption::check_encryption(root)
}

/// A tree of whatever can be read within the limits, to tell what is wrong with it. Nothing is decided by it.
pub(super) fn read_anyway(bytes: &[u8]) -> Option<roxmltree::Document<'_>> {
    let text = transport::check_encoding(bytes).ok()?;
    transport::check_tags(text).ok()?;
    parse(text).ok()
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
