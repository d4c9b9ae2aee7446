//! The journey of one logout: asked for by a person or by the identity provider, always local first.

use std::sync::Arc;

use url::Url;

use super::{Cause, Instance, SignIn, SignInError, SignedOut};
use crate::model::{
    Departure, Identity, IdpName, InstanceName, LogoutStatus, PendingKey, PendingLogout, Reply, SessionId,
    SignedIn,
};
use crate::saml::{self, LogoutMessage, LogoutRequest};

/// An identity provider's verified wish to end sessions, and the sessions it is about.
pub struct LogoutAsked {
    request: LogoutRequest,
    /// The sessions; some may have ended meanwhile.
    pub sessions: Vec<SessionId>,
}

impl LogoutAsked {
    /// Who asks.
    #[must_use]
    pub fn idp(&self) -> &IdpName {
        &self.request.idp
    }

    /// Whether the request names single sessions by `SessionIndex`: those of the browser that carries it.
    #[must_use]
    pub fn names_sessions(&self) -> bool {
        !self.request.session_indexes.is_empty()
    }

    /// Whether a session without a name of its own is meant.
    #[must_use]
    pub fn is_about(&self, identity: &Identity) -> bool {
        self.request.is_about(identity)
    }

    /// Addresses whose origins' pages may frame our answer: the identity provider's own.
    #[must_use]
    pub fn framed_by(&self) -> Vec<Url> {
        self.request.services()
    }
}

/// What became of a logout that left for the identity provider. Ours was over before it left.
pub struct LogoutAnswered {
    /// Who was asked.
    pub idp: IdpName,
    /// What the session had entered.
    pub signed_out: SignedOut,
    /// What the identity provider says, or why it can't be believed.
    pub outcome: Result<LogoutStatus, saml::Error>,
}

impl SignIn {
    /// Notes under which name the identity provider may ask to end this session.
    ///
    /// # Errors
    /// When shared state can't keep it; the session must not begin then.
    pub async fn name_session(&self, signed_in: &SignedIn, session: SessionId) -> Result<(), SignInError> {
        let Some(subject) = self.parts.saml.subject(&signed_in.identity) else { return Ok(()) };
        let index = signed_in.identity.session_index.clone();
        Ok(self.parts.named_sessions.register(subject, index, session, signed_in.until).await?)
    }

    /// Forgets the name of a session that has ended, and the answer that AWS was still to see of it. What stays behind goes
    /// at the session's end.
    pub async fn unname_session(&self, signed_in: &SignedIn, session: &SessionId) {
        self.answers.forget(session);
        let Some(subject) = self.parts.saml.subject(&signed_in.identity) else { return };
        if let Err(error) = self.parts.named_sessions.remove(&subject, session).await {
            tracing::warn!(cause = %error, "the name of an ended session stays until its end");
        }
    }

    /// Whether a person with this session may ask the identity provider to end its session too.
    #[must_use]
    pub fn offers_single_logout(&self, signed_in: &SignedIn) -> bool {
        self.parts.saml.offers_logout(&signed_in.identity)
    }

    /// Sends a browser, whose session has ended, to the identity provider to end that session too. `None` when there
    /// is no way to. `browser_secret` is the pre-login cookie's content.
    ///
    /// # Errors
    /// When the request can't be made, or remembered.
    pub async fn leave(
        &self,
        signed_in: &SignedIn,
        browser_secret: &str,
    ) -> Result<Option<Departure>, SignInError> {
        let identity = &signed_in.identity;
        let Some(request) = self.parts.saml.logout_request(identity).await? else { return Ok(None) };
        let key = PendingKey::new(request.id.as_str(), browser_secret);
        let now = self.parts.clock.now();
        let pending = PendingLogout {
            request_id: request.id,
            idp: identity.idp.clone(),
            started_at: now,
            entered: signed_in.handed_over.iter().map(|(instance, _)| instance.clone()).collect(),
        };
        self.parts.pending_logouts.put(key, pending, now + self.parts.pending_for).await?;
        Ok(Some(request.departure))
    }

    /// Takes the identity provider's answer: the request it answers is used up, whatever follows.
    ///
    /// # Errors
    /// No such request in this browser, or no saying which it answers. What is wrong with the answer itself is in [`LogoutAnswered`].
    pub async fn logout_answered(
        &self,
        message: LogoutMessage,
        browser_secret: &str,
    ) -> Result<LogoutAnswered, SignInError> {
        let message = Arc::new(message);
        let answered = self.parts.saml.answered_request(Arc::clone(&message)).await?;
        let key = PendingKey::new(answered.as_str(), browser_secret);
        let pending = self.parts.pending_logouts.take(&key).await?.ok_or(Cause::LogoutNotPending)?;
        let outcome = self.parts.saml.verify_logout_response(message, &pending).await;
        let signed_out = self.ways_out(|name| pending.entered.contains(name));
        Ok(LogoutAnswered { idp: pending.idp, signed_out, outcome })
    }

    /// Takes an identity provider's wish to end sessions, and finds them. The caller ends them.
    ///
    /// # Errors
    /// A request that fails a check, or a store that can't tell.
    pub async fn logout_asked(&self, message: LogoutMessage) -> Result<LogoutAsked, SignInError> {
        let request = self.parts.saml.verify_logout_request(message).await?;
        let sessions = self.parts.named_sessions.find(&request.subject, &request.session_indexes).await?;
        Ok(LogoutAsked { request, sessions })
    }

    /// Our answer; `None` when the identity provider wants none.
    ///
    /// # Errors
    /// When it can't be signed.
    pub async fn logout_reply(
        &self,
        asked: LogoutAsked,
        status: LogoutStatus,
    ) -> Result<Option<Reply>, SignInError> {
        Ok(self.parts.saml.logout_response(asked.request, status).await?)
    }

    /// Where each of these instances ends its own session.
    pub(super) fn ways_out(&self, entered: impl Fn(&InstanceName) -> bool) -> SignedOut {
        let instances = self.parts.instances.iter().filter(|instance| entered(&instance.name));
        let way_out = |instance: &Instance| (instance.display_name.clone(), instance.federation.logout_url());
        SignedOut { instances: instances.map(way_out).collect() }
    }
}
