//! Answers on their way through the checks, counted and in a span.

use std::future::Future;

use tracing::Instrument as _;

use super::{Brought, Cause, SignIn, SignInError};
use crate::model::{Blamed, IdpName, PendingSignIn, spans};
use crate::saml::VerifiedAssertion;

impl SignIn {
    /// What an answer to this request says, once every check has passed. Only then does it count as one of its identity
    /// provider's: anybody can begin a sign-in and send something that the identity provider never said.
    pub(super) async fn verified(
        &self,
        brought: Brought,
        pending: &PendingSignIn,
    ) -> Result<VerifiedAssertion, SignInError> {
        let verified = async {
            match brought {
                Brought::Response(saml_response) => self.parts.saml.verify(saml_response, pending).await,
                Brought::Artifact(artifact) => self.parts.saml.verify_artifact(&artifact, pending).await,
            }
        };
        let verified = self.observed(&pending.idp, verified).await?;
        self.parts.answer_limit.count(&pending.idp).map_err(Cause::TooManyAnswers)?;
        Ok(verified)
    }

    /// The same outcome, told to whoever counts, and in a span of its own.
    pub(super) async fn observed<E: Blamed>(
        &self,
        idp: &IdpName,
        verified: impl Future<Output = Result<VerifiedAssertion, E>>,
    ) -> Result<VerifiedAssertion, E> {
        let span = spans::verify(idp);
        let verified = verified.instrument(span.clone()).await;
        let outcome = verified.as_ref().map(VerifiedAssertion::clock_offset).map_err(Blamed::code);
        spans::ended(&span, outcome.err().map(|code| code.id));
        self.parts.observer.answered(idp, outcome);
        verified
    }
}
