//! Decryption of what an identity provider encrypts for us. XML encryption 1.1; SAML core 6.
//!
//! Cipher texts of an unsigned message can be anybody's: nothing here tells a caller why a decryption failed, nor
//! takes another way through the code for one reason than for another.

mod content;
mod own_keys;
mod sealed;
mod transport;

use std::sync::Arc;

use super::error::{Algorithm, Error};
use super::guard::{self, Guarded, Root};
use super::xml::Node;

use sealed::Sealed;

pub(super) use own_keys::DecryptionKeys;

/// Whose octets a cipher text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The identity provider's: they stand inside a verified signature.
    Verified,
    /// Anybody's.
    Unverified,
}

/// Our keys, and what one identity provider may encrypt with.
pub(super) struct Decryption {
    keys: Arc<DecryptionKeys>,
    allow_cbc: bool,
}

impl Decryption {
    pub(super) fn new(keys: Arc<DecryptionKeys>, allow_cbc: bool) -> Self {
        Self { keys, allow_cbc }
    }

    /// There is a key: the one that signs is never used instead.
    pub(super) fn check_has_key(&self) -> Result<(), Error> {
        if self.keys.is_empty() { Err(Error::Encrypted) } else { Ok(()) }
    }

    /// Opens an `EncryptedAssertion`, `EncryptedID` or `EncryptedAttribute` of a guarded document.
    ///
    /// # Errors
    /// [`Error::Encrypted`] without a key, [`Error::Algorithm`] for what the sender can see himself, and
    /// [`Error::Decryption`] for everything else.
    pub(super) fn open(&self, holder: Node<'_, '_>, trust: Trust) -> Result<PlainText, Error> {
        let _span = tracing::trace_span!("decryption").entered();
        self.check_has_key()?;
        let sealed = Sealed::read(holder)?;
        self.check_cbc(&sealed, trust)?;
        let octets = self.keys.open(&sealed).ok_or(Error::Decryption)?;
        Ok(PlainText { octets: guard::normalized(octets), trust })
    }

    /// AES-CBC does not notice changes, and who may try them learns the plain text from our answers: it is opened
    /// only inside a verified signature, and only for an identity provider that can't do better. XML encryption 1.1, 5.2.4.
    fn check_cbc(&self, sealed: &Sealed, trust: Trust) -> Result<(), Error> {
        let fits = sealed.cipher.is_authenticated() || self.allow_cbc && trust == Trust::Verified;
        if fits { Ok(()) } else { Err(Error::Algorithm(Algorithm::Cbc)) }
    }
}

/// What was encrypted: a document of its own.
pub(super) struct PlainText {
    octets: Vec<u8>,
    trust: Trust,
}

impl PlainText {
    /// Passes it through the guard, as a document with this root. It must declare every prefix that it uses.
    ///
    /// # Errors
    /// The rule it breaks; of an unverified message only [`Error::Decryption`].
    pub(super) fn inspect(&self, kind: Root) -> Result<Guarded<'_>, Error> {
        guard::inspect(&self.octets, kind).map_err(|error| match error {
            _ if self.trust == Trust::Unverified => Error::Decryption,
            Error::NotXml | Error::NotUtf8 => Error::PlainText,
            error => error,
        })
    }
}
