//! The way of one response from form field to identity, on a thread that may compute.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::model::{Identity, IdpName, ReplayKey, Unreadable};

use super::assertion::read_identity;
use super::decryption::{Decryption, Trust};
use super::engine::SigningKeys;
use super::error::Error;
use super::findings;
use super::guard::{self, Guarded, Root};
use super::idp_metadata::IdpMetadata;
use super::refused::Refused;
use super::response::{Expected, check_assertion, check_response, check_status, instant_of, note_clock};
use super::settings::WantSigned;
use super::xml::{Node, SAML, SAMLP, child, is};

/// One response to verify.
pub(super) struct Verification {
    /// The identity provider that was asked: the only keys that count are its own.
    pub(super) idp: Arc<IdpMetadata>,
    /// Its name in our configuration.
    pub(super) idp_name: IdpName,
    /// What opens an encrypted part of it.
    pub(super) decryption: Decryption,
    /// Whether the whole response stood inside verified bytes: then it needs no signature of its own.
    pub(super) is_vouched_for: bool,
    /// What an acceptable answer must say.
    pub(super) expected: Expected,
}

/// What came out; still to be shown to the replay store.
pub(super) struct Outcome {
    pub(super) identity: Identity,
    pub(super) replay_key: ReplayKey,
    pub(super) replay_until: OffsetDateTime,
    /// `IssueInstant` of the assertion.
    pub(super) issued: OffsetDateTime,
    /// Whether others who know the identity provider's keys, and nothing of ours, could verify it as well.
    pub(super) readable: Result<(), Unreadable>,
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

    /// Guard, then signatures, then the rules of SAML on nothing but the verified bytes. An encrypted assertion is a
    /// document of its own, which goes the same way.
    pub(super) fn run(&self, saml_response: &str) -> Result<Outcome, Error> {
        let (bytes, guarded);
        {
            let _span = tracing::trace_span!("guard").entered();
            bytes = guard::decode(saml_response)?;
            guarded = guard::inspect(&bytes, Root::Response)?;
        }
        check_has_assertion(&guarded)?;
        if guarded.is_encrypted() {
            let outcome = self.run_encrypted(&guarded)?;
            return Ok(Outcome { readable: Err(Unreadable::Encrypted), ..outcome });
        }
        let is_signed = guarded.signatures().count > 0;
        let outcome = self.run_plain(&guarded)?;
        Ok(Outcome { readable: is_signed.then_some(()).ok_or(Unreadable::Unsigned), ..outcome })
    }

    fn run_plain(&self, guarded: &Guarded<'_>) -> Result<Outcome, Error> {
        let signatures = guarded.signatures();
        if self.is_vouched_for && signatures.count == 0 {
            check_is_signed_as_wanted(true, false, self.expected.want_signed)?;
            return self.conclude_both(guarded.root(), guarded.assertion().ok_or(Error::NoAssertion)?, true);
        }
        check_is_signed(signatures.count)?;
        check_is_signed_as_wanted(
            signatures.cover_root,
            signatures.sign_assertion,
            self.expected.want_signed,
        )?;
        on_verified(guarded, &self.idp.keys, |root| {
            let _span = tracing::trace_span!("rules").entered();
            let (response, assertion) = if signatures.cover_root {
                (root, child(root, SAML, "Assertion").ok_or(Error::VerifiedOther)?)
            } else {
                (guarded.root(), root)
            };
            self.conclude_both(response, assertion, signatures.cover_root)
        })
    }

    /// Inside a signed response the signature comes first, and only what it covers is decrypted. Around an unsigned
    /// one it is the assertion that is signed, once it is decrypted. Core 6.2; profiles 4.1.3.5.
    fn run_encrypted(&self, guarded: &Guarded<'_>) -> Result<Outcome, Error> {
        self.decryption.check_has_key()?;
        if guarded.signatures().count > 0 {
            return on_verified(guarded, &self.idp.keys, |root| self.decrypt(root, Trust::Verified));
        }
        let trust = if self.is_vouched_for { Trust::Verified } else { Trust::Unverified };
        self.decrypt(guarded.root(), trust)
    }

    /// The rules of the response come first: they cost less than a private-key operation.
    fn decrypt(&self, response: Node<'_, '_>, trust: Trust) -> Result<Outcome, Error> {
        check_response(response, trust == Trust::Verified, &self.expected)?;
        let encrypted = child(response, SAML, "EncryptedAssertion").ok_or(Error::VerifiedOther)?;
        let plain_text = self.decryption.open(encrypted, trust)?;
        let guarded = plain_text.inspect(Root::Assertion)?;
        let signatures = guarded.signatures().count;
        check_is_covered(signatures, trust)?;
        check_is_signed_as_wanted(trust == Trust::Verified, signatures > 0, self.expected.want_signed)?;
        let conclude = |assertion: Node<'_, '_>| {
            check_is_kind(response, assertion)?;
            note_clock(assertion, &self.idp_name, &self.expected);
            self.conclude(assertion)
        };
        if signatures == 0 {
            conclude(guarded.root())
        } else {
            on_verified(&guarded, &self.idp.keys, conclude)
        }
    }

    /// The rules of a response and of the plain assertion in it.
    fn conclude_both(
        &self,
        response: Node<'_, '_>,
        assertion: Node<'_, '_>,
        is_response_signed: bool,
    ) -> Result<Outcome, Error> {
        check_is_kind(response, assertion)?;
        note_clock(assertion, &self.idp_name, &self.expected);
        check_response(response, is_response_signed, &self.expected)?;
        self.conclude(assertion)
    }

    /// The rules of the assertion, and what it says.
    fn conclude(&self, assertion: Node<'_, '_>) -> Result<Outcome, Error> {
        let end = check_assertion(assertion, &self.expected)?;
        Ok(Outcome {
            identity: read_identity(assertion, &self.idp_name, &self.expected, &self.decryption)?,
            replay_key: ReplayKey {
                issuer: self.expected.issuer.clone(),
                assertion_id: assertion.attribute("ID").unwrap_or_default().to_owned(),
            },
            replay_until: end + self.expected.skew,
            issued: instant_of(assertion, "IssueInstant")?.ok_or(Error::IssueInstant)?,
            readable: Err(Unreadable::Unsigned),
        })
    }
}

/// Verifies every signature of the document, and reads the verified bytes, which are its outermost signed element.
///
/// # Errors
/// When the engines refuse or differ, when the bytes are not what the guard saw, and those of `read`.
pub(super) fn on_verified<T>(
    guarded: &Guarded<'_>,
    keys: &SigningKeys,
    read: impl FnOnce(Node<'_, '_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let signatures = guarded.signatures();
    let verified = keys.verify(&guarded.signed(&signatures))?;
    let document = guard::parse(verified.as_str())?;
    let root = document.root_element();
    check_is_target(root, signatures.target)?;
    guard::inspect_verified(root)?;
    read(root)
}

/// Without an assertion there is nothing to verify: the identity provider refused, or said nothing.
fn check_has_assertion(guarded: &Guarded<'_>) -> Result<(), Error> {
    if guarded.assertion().is_some() || guarded.is_encrypted() {
        return Ok(());
    }
    check_status(guarded.root())?;
    Err(Error::NoAssertion)
}

/// A decrypted assertion is signed itself, or stands inside a verified response. Anybody can encrypt. Profiles 4.1.3.5.
fn check_is_covered(signatures: usize, trust: Trust) -> Result<(), Error> {
    if signatures == 0 && trust == Trust::Unverified { Err(Error::Unsigned) } else { Ok(()) }
}

/// The response, its assertion, or both are signed. Profiles 4.1.3.5.
fn check_is_signed(signatures: usize) -> Result<(), Error> {
    if signatures == 0 { Err(Error::Unsigned) } else { Ok(()) }
}

/// What our configuration wants signed is signed. Profiles 4.1.3.5.
fn check_is_signed_as_wanted(response: bool, assertion: bool, want: WantSigned) -> Result<(), Error> {
    let enough = match want {
        WantSigned::Either => response || assertion,
        WantSigned::Response => response,
        WantSigned::Assertion => assertion,
        WantSigned::Both => response && assertion,
    };
    if enough { Ok(()) } else { Err(Error::NotSignedAsWanted) }
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
