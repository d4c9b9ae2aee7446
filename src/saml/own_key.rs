//! The key that signs our requests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use openssl::x509::X509;
use time::OffsetDateTime;

use crate::model::Secret;

use super::error::Error;
use super::idp_metadata::{end_of, is_strong};
use super::settings::Settings;

/// Our private key and its certificate.
pub(super) struct OwnKey {
    key: PKey<Private>,
    certificate: Vec<u8>,
    /// When the certificate ends.
    end: Option<OffsetDateTime>,
    /// Certificates for the metadata: the one above, then others.
    published: Vec<Vec<u8>>,
}

impl OwnKey {
    /// Reads both from PEM and checks that they belong together.
    pub(super) fn load(settings: &Settings) -> Result<Self, Error> {
        let (key, certificate) = read_pair(&settings.signing_key, &settings.signing_certificate)
            .map_err(|problem| Error::OwnKey(problem.to_owned()))?;
        if !is_strong(&key) {
            return Err(Error::OwnKey("the key is neither RSA of 2048 bits nor P-256 or P-384".to_owned()));
        }
        let end = end_of(certificate.not_after());
        let certificate = certificate.to_der().map_err(broken)?;
        let published = published(&certificate, &settings.about.more_certificates)?;
        Ok(Self { key, certificate, end, published })
    }

    /// The certificates of our metadata in base64: the signing key's own first, then others.
    pub(super) fn published(&self) -> impl Iterator<Item = String> {
        self.published.iter().map(|certificate| STANDARD.encode(certificate))
    }

    /// The same in DER.
    pub(super) fn published_der(&self) -> impl Iterator<Item = &[u8]> {
        self.published.iter().map(Vec::as_slice)
    }

    /// When the certificate ends.
    pub(super) fn end(&self) -> Option<OffsetDateTime> {
        self.end
    }

    /// The certificate in DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate in base64, as `X509Certificate` wants it.
    pub(super) fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The URI of our signature method. RFC 6931 2.3.2, 2.3.6.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.key.id() {
            Id::EC => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            _ => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        }
    }

    /// Signs octets for the query of the Redirect binding; ECDSA values are DER, which is what Java's and OpenSSL's
    /// verifiers at identity providers take there.
    pub(super) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, Error> {
        self.sign_raw(octets).map_err(broken)
    }

    /// Signs octets for XML signature, where ECDSA values are the two numbers side by side. XML signature 1.1, 6.4.3.
    pub(super) fn sign_for_xml(&self, octets: &[u8]) -> Result<Vec<u8>, Error> {
        let value = self.sign(octets)?;
        if self.key.id() != Id::EC {
            return Ok(value);
        }
        let width = i32::try_from(self.key.bits().div_ceil(8)).unwrap_or(i32::MAX);
        let pair = EcdsaSig::from_der(&value).map_err(broken)?;
        let mut both = pair.r().to_vec_padded(width).map_err(broken)?;
        both.extend(pair.s().to_vec_padded(width).map_err(broken)?);
        Ok(both)
    }

    fn sign_raw(&self, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        signer.sign_oneshot_to_vec(octets)
    }
}

/// A key and its certificate from PEM.
pub(super) fn read_pair(key: &Secret, certificate: &str) -> Result<(PKey<Private>, X509), &'static str> {
    // No passphrase, ever: OpenSSL would otherwise ask the terminal for one.
    let key = PKey::private_key_from_pem_callback(key.expose().as_bytes(), |_| Ok(0))
        .map_err(|_| "the key is not a PEM private key without a passphrase")?;
    let certificate = X509::from_pem(certificate.as_bytes()).map_err(|_| "the certificate is not PEM")?;
    if certificate.public_key().is_ok_and(|public| public.public_eq(&key)) {
        Ok((key, certificate))
    } else {
        Err("the certificate is not that key's")
    }
}

/// `own` and each of `more` once: the configuration may name the signing key's own among the others.
fn published(own: &[u8], more: &[String]) -> Result<Vec<Vec<u8>>, Error> {
    let mut published = vec![own.to_vec()];
    for pem in more {
        let certificate = X509::from_pem(pem.as_bytes())
            .ok()
            .filter(|certificate| certificate.public_key().is_ok_and(|key| is_strong(&key)))
            .ok_or_else(|| {
                Error::OwnKey("a certificate beside it is not PEM, or its key is too weak".to_owned())
            })?;
        let certificate = certificate.to_der().map_err(broken)?;
        if !published.contains(&certificate) {
            published.push(certificate);
        }
    }
    Ok(published)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err calls")]
fn broken(error: ErrorStack) -> Error {
    let code = error.errors().first().map_or(0, openssl::error::Error::code);
    Error::Machinery(format!("OpenSSL error {code:#x} while signing"))
}
