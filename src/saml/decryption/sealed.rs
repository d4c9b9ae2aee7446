//! Reads an encrypted part.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::saml::error::{Error, Rule};
use crate::saml::xml::{DS, Node, XENC, child, children, is_space, plain_text};

use super::content::Cipher;
use super::transport::Oaep;

/// An encrypted part: its cipher text, and the content key as it was encrypted for one or more keys.
pub(super) struct Sealed {
    pub(super) cipher: Cipher,
    pub(super) octets: Vec<u8>,
    pub(super) keys: Vec<Wrapped>,
}

/// An `EncryptedKey`.
pub(super) struct Wrapped {
    pub(super) method: Oaep,
    pub(super) octets: Vec<u8>,
}

impl Sealed {
    /// Reads the `EncryptedData` of `holder`, and every `EncryptedKey` inside and beside it: both places are used,
    /// and whom a key says it is for is not asked. SAML errata E43.
    ///
    /// # Errors
    /// When an algorithm is not on the list.
    pub(super) fn read(holder: Node<'_, '_>) -> Result<Self, Error> {
        let data = required(holder, "EncryptedData")?;
        let inside = child(data, DS, "KeyInfo").into_iter();
        let inside = inside.flat_map(|key_info| children(key_info, XENC, "EncryptedKey"));
        let keys = inside.chain(children(holder, XENC, "EncryptedKey")).map(|key| {
            Ok(Wrapped {
                method: Oaep::read(required(key, "EncryptionMethod")?)?,
                octets: cipher_value(key)?,
            })
        });
        Ok(Self {
            cipher: Cipher::read(required(data, "EncryptionMethod")?)?,
            octets: cipher_value(data)?,
            keys: keys.collect::<Result<_, Error>>()?,
        })
    }
}

/// What the guard has seen there.
fn required<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Result<Node<'a, 'i>, Error> {
    child(node, XENC, name).ok_or(Error::Forbidden(Rule::Encryption))
}

/// Broken base64 is a cipher text of no octets, and fails like every other that is too short.
fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, Error> {
    let value = required(required(node, "CipherData")?, "CipherValue")?;
    let digits = plain_text(value).unwrap_or("").bytes().filter(|byte| !is_space(*byte));
    Ok(STANDARD.decode(digits.collect::<Vec<u8>>()).unwrap_or_default())
}
