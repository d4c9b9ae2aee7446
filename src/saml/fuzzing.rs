//! A door for `fuzz/`: the private readers of this room, by the bytes that they meet. Compiled for the fuzzer only.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::model::{Identity, IdpName, PendingSignIn};

use super::assertion::read_identity;
use super::binding::artifact::Artifact;
use super::binding::redirect::{Carried, Received};
use super::error::Error;
use super::guard::{self, Guarded, Root};
use super::idp::Idp;
use super::metadata::warnings;
use super::resolution::Resolution;
use super::response::{check_assertion, check_response};
use super::verification::Verification;
use super::{IdpSettings, ServiceProvider, instant};

/// Every kind of document that the guard is asked for.
const ROOTS: [Root; 5] =
    [Root::Response, Root::LogoutRequest, Root::LogoutResponse, Root::ArtifactResponse, Root::Assertion];

/// Whether the guard lets a document pass as a response.
#[must_use]
pub fn passes_guard(bytes: &[u8]) -> bool {
    guard::inspect(bytes, Root::Response).is_ok()
}

/// Whether the guard lets a document pass as one of the kinds.
#[must_use]
pub fn passes_as_any(bytes: &[u8]) -> bool {
    ROOTS.into_iter().any(|root| guard::inspect(bytes, root).is_ok())
}

/// The decoded form field.
#[must_use]
pub fn decode(field: &str) -> Option<Vec<u8>> {
    guard::decode(field).ok()
}

/// Reads an `xs:dateTime`.
#[must_use]
pub fn read_instant(text: &str) -> Option<OffsetDateTime> {
    instant::parse(text)
}

/// What is understood of a query of the Redirect binding.
#[derive(Debug)]
pub struct Query {
    /// The inflated message.
    pub xml: Vec<u8>,
    /// Whether it is a request.
    pub is_request: bool,
    /// `RelayState`, decoded.
    pub relay_state: Option<String>,
    /// Whether its signature verifies with the identity provider's keys.
    pub is_signed: bool,
}

/// What an envelope held.
#[derive(Debug)]
pub struct Resolved {
    /// The form field for its answer.
    pub saml_response: String,
    /// Whether a signature around that answer verifies.
    pub is_vouched_for: bool,
}

/// Whether a text is an artifact of `entity_id`.
#[must_use]
pub fn reads_artifact(text: &str, entity_id: &str) -> bool {
    Artifact::read(text, entity_id).is_ok()
}

impl ServiceProvider {
    /// What [`Self::verify`] finds on this thread, before the replay store is asked.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_here(&self, saml_response: &str, pending: &PendingSignIn) -> Result<Identity, Error> {
        let outcome = self.verification_here(pending)?.run_or_explain(saml_response);
        outcome.map(|outcome| outcome.identity).map_err(|refused| refused.error)
    }

    /// Reads metadata as a file or an answer of a metadata URL is read, and looks for what ends soon.
    #[must_use]
    pub fn reads_metadata(&self, settings: IdpSettings) -> bool {
        let now = self.clock.now();
        let read = Idp::new(settings, now);
        read.is_ok_and(|idp| warnings(&[Arc::new(idp)], &self.key, now).len() < 4)
    }

    /// Shows a document to the guard, and a response that passes to all that otherwise reads verified bytes only.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn read_unverified(&self, bytes: &[u8], pending: &PendingSignIn) -> Result<Identity, Error> {
        let guarded = guard::inspect(bytes, Root::Response)?;
        guard::inspect_verified(guarded.root())?;
        read(&guarded, &self.verification_here(pending)?)
    }

    fn verification_here(&self, pending: &PendingSignIn) -> Result<Verification, Error> {
        let idp = self.idp(&pending.idp)?;
        Ok(self.verification(idp, &idp.metadata(self.clock.now())?, Some(pending), false))
    }

    /// Reads what came back for an artifact, as if the artifact had been resolved for a pending request.
    ///
    /// # Errors
    /// The first check that fails, before those of the answer inside.
    pub fn open_envelope(&self, bytes: &[u8], pending: &PendingSignIn) -> Result<Resolved, Error> {
        let Verification { idp, expected, .. } = self.verification_here(pending)?;
        let delivered = Resolution { idp, expected }.open(bytes)?;
        let saml_response = delivered.saml_response.expose().to_owned();
        Ok(Resolved { saml_response, is_vouched_for: delivered.is_vouched_for })
    }

    /// Reads a query of the Redirect binding, and tries its signature.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn read_redirect(&self, query: &str, idp: &IdpName) -> Result<Query, Error> {
        let received = Received::read(query)?;
        let metadata = self.idp(idp)?.metadata(self.clock.now())?;
        Ok(Query {
            is_signed: received.check_query_signature(&metadata.keys).is_ok(),
            is_request: received.carried == Carried::Request,
            relay_state: received.relay_state,
            xml: received.xml,
        })
    }
}

/// Every reader of verified bytes has its turn, whatever the others say.
fn read(guarded: &Guarded<'_>, verification: &Verification) -> Result<Identity, Error> {
    let Verification { idp_name, decryption, expected, .. } = verification;
    let response = check_response(guarded.root(), guarded.signatures().cover_root, expected);
    let assertion = guarded.assertion().ok_or(Error::NoAssertion)?;
    let end = check_assertion(assertion, expected);
    let identity = read_identity(assertion, idp_name, expected, decryption)?;
    response.and(end).map(|_| identity)
}
