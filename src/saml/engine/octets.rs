//! Detached signatures over octets: the query of the Redirect binding. Bindings 3.4.4.1.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;

use crate::saml::error::{Algorithm, Error};

/// Public keys that verify octets.
pub(super) struct OctetKeys(Vec<PKey<Public>>);

impl OctetKeys {
    pub(super) fn load(certificates: &[Vec<u8>]) -> Option<Self> {
        let key = |der: &Vec<u8>| X509::from_der(der).ok()?.public_key().ok();
        certificates.iter().map(key).collect::<Option<_>>().map(Self)
    }

    pub(super) fn verify(&self, algorithm: &str, octets: &[u8], value: &[u8]) -> Result<(), Error> {
        let (kind, digest) = method(algorithm).ok_or(Error::Algorithm(Algorithm::Signature))?;
        let mut fitting = self.0.iter().filter(|key| key.id() == kind);
        if fitting.any(|key| is_signed_by(key, digest, octets, value)) {
            Ok(())
        } else {
            Err(Error::Signature)
        }
    }
}

/// The same list as for XML signatures. RFC 6931 2.3.
fn method(algorithm: &str) -> Option<(Id, MessageDigest)> {
    let (family, digest) =
        algorithm.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#")?.split_once('-')?;
    let digest = match digest {
        "sha256" => MessageDigest::sha256(),
        "sha384" => MessageDigest::sha384(),
        "sha512" => MessageDigest::sha512(),
        _ => return None,
    };
    match family {
        "rsa" => Some((Id::RSA, digest)),
        "ecdsa" => Some((Id::EC, digest)),
        _ => None,
    }
}

/// ECDSA values come in DER from most products, and as two numbers side by side from those that reuse XML signature's
/// form: both are read, and both are the same signature.
fn is_signed_by(key: &PKey<Public>, digest: MessageDigest, octets: &[u8], value: &[u8]) -> bool {
    let verifies = |value: &[u8]| {
        Verifier::new(digest, key)
            .and_then(|mut verifier| verifier.verify_oneshot(value, octets))
            .is_ok_and(|ok| ok)
    };
    verifies(value) || key.id() == Id::EC && side_by_side(key, value).is_some_and(|der| verifies(&der))
}

fn side_by_side(key: &PKey<Public>, value: &[u8]) -> Option<Vec<u8>> {
    let width = usize::try_from(key.bits().div_ceil(8)).ok()?;
    let (r, s) = value.split_at_checked(width).filter(|(_, s)| s.len() == width)?;
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).ok();
    EcdsaSig::from_private_components(number(r)?, number(s)?).ok()?.to_der().ok()
}
