//! Content encryption. XML encryption 1.1, 5.2.

use openssl::error::ErrorStack;
use openssl::symm::{Cipher as Method, Crypter, Mode, decrypt_aead};

use crate::saml::error::{Algorithm, Error};
use crate::saml::xml::{Node, elements};

/// Octets of the initialization vector of AES-GCM.
const GCM_IV: usize = 12;
/// Octets of its tag. A shorter one could be guessed.
const GCM_TAG: usize = 16;
/// Octets of a block of AES, and of the initialization vector of AES-CBC.
const BLOCK: usize = 16;

/// A way to encrypt content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

impl Cipher {
    /// The `EncryptionMethod` of an `EncryptedData`: of the list, and without parameters.
    pub(super) fn read(method: Node<'_, '_>) -> Result<Self, Error> {
        let cipher = match method.attribute("Algorithm").filter(|_| elements(method).next().is_none()) {
            Some("http://www.w3.org/2009/xmlenc11#aes128-gcm") => Self::Aes128Gcm,
            Some("http://www.w3.org/2009/xmlenc11#aes256-gcm") => Self::Aes256Gcm,
            Some("http://www.w3.org/2001/04/xmlenc#aes128-cbc") => Self::Aes128Cbc,
            Some("http://www.w3.org/2001/04/xmlenc#aes256-cbc") => Self::Aes256Cbc,
            _ => return Err(Error::Algorithm(Algorithm::Encryption)),
        };
        Ok(cipher)
    }

    /// Whether it notices every change of the cipher text.
    pub(super) fn is_authenticated(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }

    /// Octets of its key.
    pub(super) fn key_length(self) -> usize {
        self.method().key_len()
    }

    /// The plain text of `sealed`; `key` has this cipher's length.
    pub(super) fn open(self, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        if self.is_authenticated() { self.open_gcm(key, sealed) } else { self.open_cbc(key, sealed) }
    }

    fn method(self) -> Method {
        match self {
            Self::Aes128Gcm => Method::aes_128_gcm(),
            Self::Aes256Gcm => Method::aes_256_gcm(),
            Self::Aes128Cbc => Method::aes_128_cbc(),
            Self::Aes256Cbc => Method::aes_256_cbc(),
        }
    }

    /// Vector, cipher text, tag. XML encryption 1.1, 5.2.4.
    fn open_gcm(self, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (vector, rest) = sealed.split_at_checked(GCM_IV)?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(GCM_TAG)?)?;
        decrypt_aead(self.method(), key, Some(vector), &[], text, tag).ok()
    }

    /// Vector, then whole blocks, of which the last octet says how many octets are padding. XML encryption 1.1, 5.2.
    fn open_cbc(self, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (vector, text) = sealed.split_at_checked(BLOCK)?;
        let mut plain = decrypt_blocks(self.method(), key, vector, text).ok()?;
        let padding = usize::from(*plain.last()?);
        if !(1..=BLOCK).contains(&padding) {
            return None;
        }
        plain.truncate(plain.len() - padding);
        Some(plain)
    }
}

/// Fails when `text` is not whole blocks.
fn decrypt_blocks(method: Method, key: &[u8], vector: &[u8], text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(method, Mode::Decrypt, key, Some(vector))?;
    crypter.pad(false);
    let mut plain = vec![0; text.len() + BLOCK];
    let mut length = crypter.update(text, &mut plain)?;
    length += crypter.finalize(&mut plain[length..])?;
    plain.truncate(length);
    Ok(plain)
}
