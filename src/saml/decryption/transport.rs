//! Key transport: RSA-OAEP and nothing else. XML encryption 1.1, 5.5.2.

use openssl::encrypt::Decrypter;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Private};
use openssl::rsa::Padding;
use zeroize::Zeroizing;

use crate::saml::error::{Algorithm, Error};
use crate::saml::xml::{DS, Node, XENC, XENC11, elements, is, plain_text};

const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// RSA-OAEP with its two digests. (What SHA-1 is broken for does not matter here, and most products use it.)
#[derive(Clone, Copy)]
pub(super) struct Oaep {
    digest: MessageDigest,
    mask: MessageDigest,
}

impl Oaep {
    /// The `EncryptionMethod` of an `EncryptedKey`: digest and mask are SHA-1 unless it says SHA-256, the older
    /// algorithm's mask always is, and there is no label.
    pub(super) fn read(method: Node<'_, '_>) -> Result<Self, Error> {
        read(method).ok_or(Error::Algorithm(Algorithm::KeyTransport))
    }

    /// The content key that was encrypted for `key`.
    pub(super) fn unwrap(
        &self,
        key: &PKeyRef<Private>,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
        let mut decrypter = Decrypter::new(key)?;
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        decrypter.set_rsa_oaep_md(self.digest)?;
        decrypter.set_rsa_mgf1_md(self.mask)?;
        let mut content_key = Zeroizing::new(vec![0; key.size()]);
        let length = decrypter.decrypt(wrapped, &mut content_key)?;
        content_key.truncate(length);
        Ok(content_key)
    }
}

fn read(method: Node<'_, '_>) -> Option<Oaep> {
    let says_mask = match method.attribute("Algorithm")? {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => false,
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" => true,
        _ => return None,
    };
    let (mut digest, mut mask) = (None, None);
    for parameter in elements(method) {
        let algorithm = parameter.attribute("Algorithm").filter(|_| parameter.first_child().is_none());
        if is(parameter, DS, "DigestMethod") && digest.is_none() {
            digest = Some(digest_of(algorithm?)?);
        } else if is(parameter, XENC11, "MGF") && says_mask && mask.is_none() {
            mask = Some(mask_of(algorithm?)?);
        } else if !is(parameter, XENC, "OAEPparams") || plain_text(parameter) != Some("") {
            return None;
        }
    }
    let sha1 = MessageDigest::sha1();
    Some(Oaep { digest: digest.unwrap_or(sha1), mask: mask.unwrap_or(sha1) })
}

fn digest_of(algorithm: &str) -> Option<MessageDigest> {
    match algorithm {
        SHA1 => Some(MessageDigest::sha1()),
        SHA256 => Some(MessageDigest::sha256()),
        _ => None,
    }
}

fn mask_of(algorithm: &str) -> Option<MessageDigest> {
    match algorithm {
        "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Some(MessageDigest::sha1()),
        "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Some(MessageDigest::sha256()),
        _ => None,
    }
}
