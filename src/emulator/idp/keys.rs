//! The signing key, made new at each start, and signatures.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use openssl::x509::{X509, X509NameBuilder};
use sha2::{Digest as _, Sha256};

pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A new RSA key and its certificate, both in PEM, for a service provider that lives as long as the emulator.
///
/// # Errors
/// When the system has no randomness.
pub fn throwaway_key_pair(common_name: &str) -> io::Result<(String, String)> {
    let (key, certificate) = self_signed(common_name)?;
    let text = |pem: Vec<u8>| String::from_utf8(pem).map_err(io::Error::other);
    Ok((text(key.private_key_to_pem_pkcs8()?)?, text(certificate.to_pem()?)?))
}

fn self_signed(common_name: &str) -> Result<(PKey<Private>, X509), ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", common_name)?;
    let name = name.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_u32(1)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    let (from, until) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(365)?);
    builder.set_not_before(&from)?;
    builder.set_not_after(&until)?;
    builder.set_pubkey(&key)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok((key, builder.build()))
}

/// An RSA key and its certificate.
pub(super) struct Keys {
    private: PKey<Private>,
    certificate: String,
}

impl Keys {
    /// A new 2048-bit key with a certificate of one year.
    pub(super) fn generate() -> Result<Self, ErrorStack> {
        let (private, certificate) = self_signed("Emulated identity provider")?;
        Ok(Self { private, certificate: STANDARD.encode(certificate.to_der()?) })
    }

    /// The certificate, base64 DER.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// An RSA-SHA256 signature over these bytes.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.private)?;
        signer.sign_oneshot_to_vec(bytes)
    }

    /// A `ds:Signature` over canonical bytes that have this `ID`, itself in canonical form.
    pub(super) fn signature(&self, id: &str, canonical: &str) -> Result<String, ErrorStack> {
        let digest = STANDARD.encode(Sha256::digest(canonical.as_bytes()));
        let signed_info = |namespace: &str| {
            format!(
                "<ds:SignedInfo{namespace}>\
                 <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
                 <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
                 <ds:Reference URI=\"#{id}\"><ds:Transforms>\
                 <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
                 <ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
                 <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
                 <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
            )
        };
        let declared = format!(" xmlns:ds=\"{DSIG}\"");
        let value = STANDARD.encode(self.sign(signed_info(&declared).as_bytes())?);
        Ok(format!(
            "<ds:Signature{declared}>{}<ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </ds:Signature>",
            signed_info(""),
            self.certificate
        ))
    }
}

/// Whether one of the certificates (base64 DER) made this RSA-SHA256 signature.
pub(super) fn signed_by_one_of(certificates: &[String], signature: &[u8], signed: &[u8]) -> bool {
    certificates.iter().any(|certificate| verifies(certificate, signature, signed).unwrap_or(false))
}

fn verifies(certificate: &str, signature: &[u8], signed: &[u8]) -> Result<bool, ErrorStack> {
    let compact: String = certificate.split_whitespace().collect();
    let key = X509::from_der(&STANDARD.decode(compact).unwrap_or_default())?.public_key()?;
    Verifier::new(MessageDigest::sha256(), &key)?.verify_oneshot(signature, signed)
}
