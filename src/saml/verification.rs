//! The way of one response from form field to identity, on a thread that may compute.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::model::{Identity, IdpName, ReplayKey};

use super::assertion::read_identity;
use super::engine::VerifiedXml;
use super::error::Error;
use super::findings;
use super::guard::{self, Guarded, Root};
use super::idp_metadata::IdpMetadata;
use super::refused::Refused;
use super::response::{Expected, check_assertion, check_response, check_status};
use super::xml::{Node, SAML, SAMLP, child, is};

/// One response to verify.
pub(super) struct Verification {
    /// The identity provider that was asked: the only keys that count are its own.
    pub(super) idp: Arc<IdpMetadata>,
    /// Its name in our configuration.
    pub(super) idp_name: IdpName,
    /// What an acceptable answer must say.
    pub(super) expected: Expected,
}

/// What came out; still to be shown to the replay store.
pub(super) struct Outcome {
    pub(super) identity: Identity,
    pub(super) replay_key: ReplayKey,
    pub(super) replay_until: OffsetDateTime,
}

impl Verification {
    /// [`Self::run`], and after a refusal a look at what the message said.
    pub(super) fn run_or_explain(&self, saml_response: &str) -> Result<Outcome, Refused> {
        self.run(saml_response).map_err(|error| {
            let xml = guard::decode(saml_response).unwrap_or_default();
            let findings = findings::of_response(&xml, &self.expected, self.idp.keys.fingerprints());
            Refused { error, findings }
        })
    }

    /// Guard, then signatures, then the rules of SAML on nothing but the verified bytes.
    pub(super) fn run(&self, saml_response: &str) -> Result<Outcome, Error> {
        let (bytes, guarded);
        {
            let _span = tracing::trace_span!("guard").entered();
            bytes = guard::decode(saml_response)?;
            guarded = guard::inspect(&bytes, Root::Response)?;
        }
        let verified = self.check_signatures(&guarded)?;
        let _span = tracing::trace_span!("rules").entered();
        self.check_rules(&guarded, &verified)
    }

    fn check_signatures(&self, guarded: &Guarded<'_>) -> Result<VerifiedXml, Error> {
        check_has_assertion(guarded)?;
        let signatures = guarded.signatures();
        check_is_signed(signatures.count)?;
        self.idp.keys.verify(&guarded.signed(&signatures))
    }

    fn check_rules(&self, guarded: &Guarded<'_>, verified: &VerifiedXml) -> Result<Outcome, Error> {
        let signatures = guarded.signatures();
        let document = guard::parse(verified.as_str())?;
        let root = document.root_element();
        check_is_target(root, signatures.target)?;
        guard::inspect_verified(root)?;
        let (response, assertion) = if signatures.cover_root {
            (root, child(root, SAML, "Assertion").ok_or(Error::VerifiedOther)?)
        } else {
            (guarded.root(), root)
        };
        check_is_kind(response, assertion)?;
        check_response(response, signatures.cover_root, &self.expected)?;
        let end = check_assertion(assertion, &self.expected)?;
        Ok(Outcome {
            identity: read_identity(assertion, &self.idp_name, &self.expected.issuer)?,
            replay_key: ReplayKey {
                issuer: self.expected.issuer.clone(),
                assertion_id: assertion.attribute("ID").unwrap_or_default().to_owned(),
            },
            replay_until: end + self.expected.skew,
        })
    }
}

/// Without an assertion there is nothing to verify: the identity provider refused, or said nothing.
fn check_has_assertion(guarded: &Guarded<'_>) -> Result<(), Error> {
    if guarded.is_encrypted() {
        return Err(Error::Encrypted);
    }
    if guarded.assertion().is_some() {
        return Ok(());
    }
    check_status(guarded.root())?;
    Err(Error::NoAssertion)
}

/// The response, its assertion, or both are signed. Profiles 4.1.3.5.
fn check_is_signed(signatures: usize) -> Result<(), Error> {
    if signatures == 0 { Err(Error::Unsigned) } else { Ok(()) }
}

/// The verified root is the element that the guard saw as the signature's target.
pub(super) fn check_is_target(root: Node<'_, '_>, target: &str) -> Result<(), Error> {
    if root.attribute("ID") == Some(target) { Ok(()) } else { Err(Error::VerifiedOther) }
}

/// The verified elements are a response and an assertion.
fn check_is_kind(response: Node<'_, '_>, assertion: Node<'_, '_>) -> Result<(), Error> {
    if is(response, SAMLP, "Response") && is(assertion, SAML, "Assertion") {
        Ok(())
    } else {
        Err(Error::VerifiedOther)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &str = r#"<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r"/>"#;
    const ASSERTION: &str = r#"<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a"/>"#;

    fn parse(text: &str) -> roxmltree::Document<'_> {
        guard::parse(text).unwrap()
    }

    #[test]
    fn verified_bytes_of_another_element_than_the_signed_one_are_refused() {
        let assertion = parse(ASSERTION);
        assert!(check_is_target(assertion.root_element(), "_a").is_ok());
        assert!(matches!(check_is_target(assertion.root_element(), "_r"), Err(Error::VerifiedOther)));
        assert!(matches!(check_is_target(assertion.root_element(), ""), Err(Error::VerifiedOther)));
    }

    #[test]
    fn verified_elements_of_another_kind_are_refused() {
        let (response, assertion) = (parse(RESPONSE), parse(ASSERTION));
        let (response, assertion) = (response.root_element(), assertion.root_element());
        assert!(check_is_kind(response, assertion).is_ok());
        for (response, assertion) in [(assertion, assertion), (response, response), (assertion, response)] {
            assert!(matches!(check_is_kind(response, assertion), Err(Error::VerifiedOther)));
        }
    }
}
