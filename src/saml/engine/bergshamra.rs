//! Engine B: bergshamra on aws-lc, in Rust.

use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::dsig::verify::verify_all_document_with_source;
use bergshamra::keys::loader::load_spki_der;
use bergshamra::xml::NodeSet;
use bergshamra::{DsigContext, KeysManager, VerifyResult};
use openssl::x509::X509;
use uppsala::{Document, NodeId, Parser};

use super::{Accepted, Refused, SignatureEngine, Signed};

/// bergshamra, with keys parsed once.
pub(in crate::saml) struct Bergshamra {
    context: DsigContext,
}

impl Bergshamra {
    /// Takes only the public keys out of the certificates: metadata vouches for the key, the rest of a certificate
    /// means nothing here. Metadata interoperability profile 2.6.1.
    pub(super) fn new(certificates: &[Vec<u8>]) -> Option<Self> {
        let mut keys = KeysManager::new();
        for (place, certificate) in certificates.iter().enumerate() {
            let public_key = X509::from_der(certificate).ok()?.public_key().ok()?;
            let key = load_spki_der(&public_key.public_key_to_der().ok()?).ok()?;
            keys.add_key(key.with_name(place.to_string()));
        }
        // "insecure" drops certificate chains and dates only; signatures and reference positions stay strict.
        Some(Self { context: DsigContext::new(keys).with_insecure(true) })
    }
}

impl SignatureEngine for Bergshamra {
    fn verify(&self, signed: &Signed<'_>) -> Result<Accepted, Refused> {
        let parser = Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(64);
        let document = parser.parse(signed.text).map_err(|_| Refused)?;
        let results = verify_all_document_with_source(&self.context, &document, Some(signed.text));
        let results = results.map_err(|_| Refused)?;
        if results.len() != signed.count || !results.iter().all(is_valid) {
            return Err(Refused);
        }
        let (target, signature) =
            results.iter().find_map(|result| covering(&document, result, signed.target)).ok_or(Refused)?;
        let enveloped = NodeSet::tree_without_comments(target, &document)
            .subtract(&NodeSet::tree_without_comments(signature, &document));
        let canonical = canonicalize_doc(&document, C14nMode::Exclusive, Some(&enveloped), signed.prefixes);
        let mut keys: Vec<usize> = results.iter().filter_map(key_of).collect();
        keys.dedup();
        canonical.map(|canonical| Accepted { canonical, keys }).map_err(|_| Refused)
    }
}

fn is_valid(result: &VerifyResult) -> bool {
    let one_reference = matches!(result, VerifyResult::Valid { references, .. } if references.len() == 1);
    one_reference && result.all_reference_digests_verified()
}

/// The place in the metadata of the key that verified.
fn key_of(result: &VerifyResult) -> Option<usize> {
    let VerifyResult::Valid { key_info, .. } = result else { return None };
    key_info.key_name.as_deref()?.parse().ok()
}

/// The element that `result` covers and its signature, when that element's `ID` is `target`.
fn covering(document: &Document<'_>, result: &VerifyResult, target: &str) -> Option<(NodeId, NodeId)> {
    let VerifyResult::Valid { signature_node, references, .. } = result else { return None };
    let node = references.first()?.resolved_node?;
    let is_target = document.get_attribute(node, "ID") == Some(target);
    let is_parent = document.parent(*signature_node) == Some(node);
    (is_target && is_parent).then_some((node, *signature_node))
}
