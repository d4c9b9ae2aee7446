//! Signs our own documents: the enveloped signature of SAML core 5.4, around whatever a document renders.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize};
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::own_key::OwnKey;
use super::writer::Document;
use super::xml::{DS, ENVELOPED, EXC_C14N};

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A signature to be written where the schema wants it: after `Issuer` in a message, first in metadata.
pub(super) struct Signature<'a> {
    key: &'a OwnKey,
    id: &'a str,
    digest: String,
    value: String,
}

/// The document that `render` makes, signed. `render` is called without a signature and then with one; apart from
/// that it must make the same octets, with `id` as the `ID` of its root.
///
/// # Errors
/// When our key can't sign, or `render` fails or makes what can't be canonicalised.
pub(super) fn sign(
    id: &str,
    key: &OwnKey,
    render: impl Fn(Option<&Signature<'_>>) -> Result<String, Error>,
) -> Result<String, Error> {
    let digest = STANDARD.encode(Sha256::digest(canonical(&render(None)?)?));
    let mut signature = Signature { key, id, digest, value: String::new() };
    let mut signed_info = Document::new();
    signature.write_signed_info(&mut signed_info, true);
    signature.value = STANDARD.encode(key.sign_for_xml(&canonical(&signed_info.finish())?)?);
    render(Some(&signature))
}

impl Signature<'_> {
    /// Writes `ds:Signature`.
    pub(super) fn write(&self, parent: &mut Document) {
        parent.element("ds:Signature", &[("xmlns:ds", DS)], |element| {
            self.write_signed_info(element, false);
            element.text("ds:SignatureValue", &[], &self.value);
            element.element("ds:KeyInfo", &[], |info| {
                info.element("ds:X509Data", &[], |data| {
                    data.text("ds:X509Certificate", &[], &self.key.certificate_base64());
                });
            });
        });
    }

    /// `alone`: the element is canonicalised by itself, so it declares its prefix.
    fn write_signed_info(&self, parent: &mut Document, alone: bool) {
        let declaration: &[(&str, &str)] = if alone { &[("xmlns:ds", DS)] } else { &[] };
        parent.element("ds:SignedInfo", declaration, |info| {
            info.empty("ds:CanonicalizationMethod", &[("Algorithm", EXC_C14N)]);
            info.empty("ds:SignatureMethod", &[("Algorithm", self.key.algorithm())]);
            info.element("ds:Reference", &[("URI", &format!("#{}", self.id))], |reference| {
                reference.element("ds:Transforms", &[], |transforms| {
                    transforms.empty("ds:Transform", &[("Algorithm", ENVELOPED)]);
                    transforms.empty("ds:Transform", &[("Algorithm", EXC_C14N)]);
                });
                reference.empty("ds:DigestMethod", &[("Algorithm", SHA256)]);
                reference.text("ds:DigestValue", &[], &self.digest);
            });
        });
    }
}

fn canonical(xml: &str) -> Result<Vec<u8>, Error> {
    let none: &[&str] = &[];
    let failed = |_| Error::Machinery("our own document can't be canonicalised".to_owned());
    canonicalize(xml, C14nMode::Exclusive, None, none).map_err(failed)
}
