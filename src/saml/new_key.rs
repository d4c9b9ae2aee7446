//! Makes keys of our own, each with a certificate that it signs itself.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509NameBuilder};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::model::Secret;

use super::error::Error;

/// Octets of a serial number: RFC 5280 4.1.2.2 allows 20, and the first bit must be 0.
const SERIAL_BITS: i32 = 159;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA of 3072 bits: every identity provider knows it, and can encrypt for it.
    Rsa3072,
    /// ECDSA on P-256: signs faster, and cannot be encrypted for.
    P256,
}

/// A new key and its certificate.
#[derive(Debug)]
pub struct NewKey {
    /// The private key in PEM, PKCS #8, without a passphrase.
    pub key: Secret,
    /// The certificate in PEM.
    pub certificate: String,
}

impl NewKey {
    /// Makes a key, and a certificate for `name` that holds from `now` for so many days.
    ///
    /// # Errors
    /// When OpenSSL can't make one, such as for a name of more than 64 characters.
    pub fn make(algorithm: KeyAlgorithm, name: &str, now: OffsetDateTime, days: u32) -> Result<Self, Error> {
        made(algorithm, name, now, days).map_err(|error| {
            let reason = error.errors().first().and_then(openssl::error::Error::reason);
            Error::Machinery(format!("OpenSSL could not make a key: {}", reason.unwrap_or("no reason given")))
        })
    }
}

fn made(algorithm: KeyAlgorithm, name: &str, now: OffsetDateTime, days: u32) -> Result<NewKey, ErrorStack> {
    let key = private_key(algorithm)?;
    let certificate = self_signed(&key, name, now, days)?;
    let pem = Zeroizing::new(key.private_key_to_pem_pkcs8()?);
    Ok(NewKey {
        key: Secret::new(String::from_utf8_lossy(&pem).into_owned()),
        certificate: String::from_utf8_lossy(&certificate.to_pem()?).into_owned(),
    })
}

fn private_key(algorithm: KeyAlgorithm) -> Result<PKey<Private>, ErrorStack> {
    match algorithm {
        KeyAlgorithm::Rsa3072 => PKey::from_rsa(Rsa::generate(3072)?),
        KeyAlgorithm::P256 => {
            let mut group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            group.set_asn1_flag(Asn1Flag::NAMED_CURVE);
            PKey::from_ec_key(EcKey::generate(&group)?)
        }
    }
}

fn self_signed(key: &PKey<Private>, name: &str, now: OffsetDateTime, days: u32) -> Result<X509, ErrorStack> {
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(SERIAL_BITS, MsbOption::MAYBE_ZERO, false)?;
    let mut certificate = X509::builder()?;
    // 2 says version 3. RFC 5280 4.1.2.1.
    certificate.set_version(2)?;
    certificate.set_serial_number(&*serial.to_asn1_integer()?)?;
    certificate.set_subject_name(&subject)?;
    certificate.set_issuer_name(&subject)?;
    certificate.set_not_before(&*Asn1Time::from_unix(now.unix_timestamp())?)?;
    let end = now + Duration::days(days.into());
    certificate.set_not_after(&*Asn1Time::from_unix(end.unix_timestamp())?)?;
    certificate.set_pubkey(key)?;
    certificate.append_extension(BasicConstraints::new().critical().build()?)?;
    certificate.sign(key, MessageDigest::sha256())?;
    Ok(certificate.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::own_key::read_pair;

    #[test]
    fn each_kind_of_key_has_a_certificate_of_its_own_that_ends_when_it_was_asked_to() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        for (algorithm, bits) in [(KeyAlgorithm::Rsa3072, 3072), (KeyAlgorithm::P256, 256)] {
            let made = NewKey::make(algorithm, "connect-gateway", now, 30).unwrap();
            let (key, certificate) = read_pair(&made.key, &made.certificate).unwrap();
            assert_eq!(key.bits(), bits);
            assert!(certificate.verify(&key).unwrap());
            let end = Asn1Time::from_unix(now.unix_timestamp() + 30 * 86_400).unwrap();
            assert_eq!(certificate.not_after().compare(&end).unwrap(), std::cmp::Ordering::Equal);
        }
        assert!(NewKey::make(KeyAlgorithm::P256, &"x".repeat(65), now, 1).is_err());
    }
}
