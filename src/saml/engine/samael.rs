//! Engine A: libxmlsec through samael. One function of samael is used, in one mode.
//!
//! Its other verification functions trust a boolean, keep unsigned ancestors, or accept without keys.

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use super::{Accepted, Refused, SignatureEngine, Signed};

const ALLOWED: &[AllowedSignatureAlgorithm] = &[
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// libxmlsec, with the certificates it tries in order.
pub(in crate::saml) struct Samael {
    certificates: Vec<CertificateDer>,
}

impl Samael {
    pub(super) fn new(certificates: &[Vec<u8>]) -> Self {
        Self { certificates: certificates.iter().cloned().map(CertificateDer::from).collect() }
    }

    /// The same engine with only some of its keys.
    pub(super) fn only(&self, keys: &[usize]) -> Self {
        let certificates = keys.iter().filter_map(|key| self.certificates.get(*key)).cloned();
        Self { certificates: certificates.collect() }
    }
}

impl SignatureEngine for Samael {
    fn verify(&self, signed: &Signed<'_>) -> Result<Accepted, Refused> {
        let canonical = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
            signed.text,
            &self.certificates,
            ReduceMode::PreDigest,
            Some(ALLOWED),
        );
        canonical.map(|text| Accepted { canonical: text.into_bytes(), keys: Vec::new() }).map_err(|_| Refused)
    }
}
