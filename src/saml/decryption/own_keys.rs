//! The keys that others encrypt for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{Id, PKey, Private};
use zeroize::Zeroizing;

use crate::model::Random;
use crate::saml::error::Error;
use crate::saml::own_key;
use crate::saml::settings::DecryptionKey;

use super::sealed::{Sealed, Wrapped};

/// Most keys: the one in use, its predecessor and its successor.
const MAX_KEYS: usize = 3;
/// Most private-key operations for one encrypted part.
const MAX_OPERATIONS: usize = 6;
/// Octets of the longest content key.
const LONGEST_KEY: usize = 32;

/// Our private keys for decryption, with their certificates.
pub(in crate::saml) struct DecryptionKeys {
    pairs: Vec<Pair>,
    /// Takes the place of a content key that can't be had.
    stand_in: Zeroizing<[u8; LONGEST_KEY]>,
}

struct Pair {
    key: PKey<Private>,
    certificate: Vec<u8>,
}

impl DecryptionKeys {
    /// Reads them from PEM.
    ///
    /// # Errors
    /// [`Error::DecryptionKeys`] with everything that is wrong.
    pub(in crate::saml) fn load(settings: &[DecryptionKey], random: &dyn Random) -> Result<Self, Error> {
        let (mut pairs, mut problems) = (Vec::new(), Vec::new());
        for (place, settings) in settings.iter().enumerate() {
            match read(settings) {
                Ok(pair) => pairs.push(pair),
                Err(problem) => problems.push(format!("number {}: {problem}", place + 1)),
            }
        }
        if settings.len() > MAX_KEYS {
            problems.push(format!("there are more than {MAX_KEYS}"));
        }
        if !problems.is_empty() {
            return Err(Error::DecryptionKeys(problems.join("; ")));
        }
        let mut stand_in = Zeroizing::new([0; LONGEST_KEY]);
        random.fill(stand_in.as_mut());
        Ok(Self { pairs, stand_in })
    }

    pub(in crate::saml) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The certificates in base64, in the order of preference.
    pub(in crate::saml) fn certificates_base64(&self) -> impl Iterator<Item = String> {
        self.pairs.iter().map(|pair| STANDARD.encode(&pair.certificate))
    }

    /// The same in DER.
    pub(in crate::saml) fn certificates_der(&self) -> impl Iterator<Item = &[u8]> {
        self.pairs.iter().map(|pair| pair.certificate.as_slice())
    }

    /// Tries every key on every `EncryptedKey` that is as long as that key makes them.
    pub(super) fn open(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        let all = sealed.keys.iter().flat_map(|wrapped| self.pairs.iter().map(move |pair| (wrapped, pair)));
        let fitting = all.filter(|(wrapped, pair)| wrapped.octets.len() == pair.key.size());
        fitting.take(MAX_OPERATIONS).find_map(|(wrapped, pair)| self.open_with(pair, wrapped, sealed))
    }

    /// A wrong key, a broken padding and a content key of the wrong length all go on to the content with a key that
    /// nobody knows, so that they cost and say what a wrong tag does.
    fn open_with(&self, pair: &Pair, wrapped: &Wrapped, sealed: &Sealed) -> Option<Vec<u8>> {
        let length = sealed.cipher.key_length();
        let unwrapped = wrapped.method.unwrap(&pair.key, &wrapped.octets);
        let content_key = unwrapped.as_ref().ok().filter(|key| key.len() == length);
        let key = content_key.map_or(&self.stand_in[..length], |key| key.as_slice());
        sealed.cipher.open(key, &sealed.octets).filter(|_| content_key.is_some())
    }
}

fn read(settings: &DecryptionKey) -> Result<Pair, &'static str> {
    let (key, certificate) = own_key::read_pair(&settings.key, &settings.certificate)?;
    if key.id() != Id::RSA || key.bits() < 2048 {
        return Err("the key is not RSA of 2048 bits or more");
    }
    let certificate = certificate.to_der().map_err(|_| "the certificate can't be written")?;
    Ok(Pair { key, certificate })
}
