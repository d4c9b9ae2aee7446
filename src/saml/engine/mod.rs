//! Signature verification: two engines that share no code, and one verdict.

mod bergshamra;
mod octets;
mod samael;

use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::xml::is_space;

use octets::OctetKeys;

pub(super) use bergshamra::Bergshamra;
pub(super) use samael::Samael;

/// A document to verify, and what its signatures claim.
pub(super) struct Signed<'a> {
    /// The whole document.
    pub(super) text: &'a str,
    /// How many signatures it has; each must verify.
    pub(super) count: usize,
    /// The `ID` of the outermost signed element.
    pub(super) target: &'a str,
    /// `PrefixList` of that element's canonicalisation.
    pub(super) prefixes: &'a [&'a str],
}

/// What an engine found.
pub(super) struct Accepted {
    /// The canonical octets that the outermost signature covers.
    pub(super) canonical: Vec<u8>,
    /// Which keys, by their place in the metadata, verified the signatures; empty when the engine can't tell.
    pub(super) keys: Vec<usize>,
}

/// The engine does not accept the document. Its reason is for developers: it may quote the document.
pub(super) struct Refused;

/// One way to verify every signature of a document with given keys.
pub(super) trait SignatureEngine {
    /// Accepts only when every signature verifies with one of the engine's keys.
    fn verify(&self, signed: &Signed<'_>) -> Result<Accepted, Refused>;
}

/// The signing keys of one identity provider, ready for both engines.
pub(super) struct SigningKeys {
    samael: Samael,
    bergshamra: Bergshamra,
    octets: OctetKeys,
    fingerprints: Vec<String>,
}

impl SigningKeys {
    /// Loads certificates in DER.
    pub(super) fn load(certificates: &[Vec<u8>]) -> Option<Self> {
        (!certificates.is_empty()).then_some(())?;
        Some(Self {
            samael: Samael::new(certificates),
            bergshamra: Bergshamra::new(certificates)?,
            octets: OctetKeys::load(certificates)?,
            fingerprints: certificates.iter().map(|der| hex::encode(Sha256::digest(der))).collect(),
        })
    }

    /// Both engines verify every signature and must read the same octets. libxmlsec parses each certificate anew for
    /// each signature and gives up at a key of another kind, so it is shown only the keys that bergshamra used.
    ///
    /// # Errors
    /// [`Error::Signature`] when both refuse, [`Error::EnginesDisagree`] when they differ.
    pub(super) fn verify(&self, signed: &Signed<'_>) -> Result<VerifiedXml, Error> {
        let second = tracing::trace_span!("bergshamra").in_scope(|| run(&self.bergshamra, signed));
        let first = tracing::trace_span!("samael").in_scope(|| match &second {
            Ok(accepted) => run(&self.samael.only(&accepted.keys), signed),
            Err(Refused) => run(&self.samael, signed),
        });
        agree(first, second)
    }

    /// SHA-256 of each certificate, in hex.
    pub(super) fn fingerprints(&self) -> &[String] {
        &self.fingerprints
    }

    /// Every signature verifies in bergshamra. For what can only be refused by it: nothing is read as true for that.
    ///
    /// # Errors
    /// [`Error::Signature`] when one does not.
    pub(super) fn check_with_one_engine(&self, signed: &Signed<'_>) -> Result<(), Error> {
        run(&self.bergshamra, signed).map(|_| ()).map_err(|Refused| Error::Signature)
    }

    /// A detached signature `value` over `octets` verifies with one of the keys.
    ///
    /// # Errors
    /// [`Error::Algorithm`] when it is not on the list, [`Error::Signature`] when no key fits.
    pub(super) fn verify_octets(&self, algorithm: &str, octets: &[u8], value: &[u8]) -> Result<(), Error> {
        self.octets.verify(algorithm, octets, value)
    }
}

/// SHA-256 of a certificate as it stands in XML, in hex.
pub(super) fn fingerprint(base64: &str) -> Option<String> {
    let text: Vec<u8> = base64.bytes().filter(|byte| !is_space(*byte)).collect();
    STANDARD.decode(text).ok().map(|der| hex::encode(Sha256::digest(der)))
}

/// A panic inside an engine is a refusal.
fn run(engine: &dyn SignatureEngine, signed: &Signed<'_>) -> Result<Accepted, Refused> {
    catch_unwind(AssertUnwindSafe(|| engine.verify(signed))).unwrap_or(Err(Refused))
}

/// The octets that both engines verified. Made only here: nothing else of a message is ever read as true.
pub(super) struct VerifiedXml(String);

impl VerifiedXml {
    /// The canonical XML.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The verdict: both accept and read the same octets, or nothing is verified.
fn agree(first: Result<Accepted, Refused>, second: Result<Accepted, Refused>) -> Result<VerifiedXml, Error> {
    match (first, second) {
        (Ok(first), Ok(second)) if first.canonical == second.canonical => {
            String::from_utf8(first.canonical).map(VerifiedXml).map_err(|_| Error::NotUtf8)
        }
        (Err(Refused), Err(Refused)) => Err(Error::Signature),
        _ => {
            tracing::error!("the signature engines disagree about a response: refused");
            Err(Error::EnginesDisagree)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "an engine's answer")]
    fn accepted(text: &str) -> Result<Accepted, Refused> {
        Ok(Accepted { canonical: text.into(), keys: Vec::new() })
    }

    #[test]
    fn only_two_engines_that_read_the_same_octets_verify_anything() {
        assert!(agree(accepted("<a></a>"), accepted("<a></a>")).is_ok_and(|xml| xml.as_str() == "<a></a>"));
        for (first, second) in [
            (accepted("<a></a>"), accepted("<b></b>")),
            (accepted("<a></a>"), Err(Refused)),
            (Err(Refused), accepted("<a></a>")),
        ] {
            assert!(matches!(agree(first, second), Err(Error::EnginesDisagree)));
        }
        assert!(matches!(agree(Err(Refused), Err(Refused)), Err(Error::Signature)));
    }
}
