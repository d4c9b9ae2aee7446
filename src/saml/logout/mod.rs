//! Single logout. SAML core 3.7; profiles 4.4.
//!
//! `write` makes our messages, `message` verifies theirs, `rules` is the list of what they must say.

mod message;
mod rules;
mod subject;
mod write;

use std::sync::Arc;

use time::OffsetDateTime;
use url::Url;

use crate::model::{
    Identity, IdpName, LogoutStatus, PendingLogout, ReplayKey, Reply, RequestId, SubjectKey, Use,
};

use super::binding::{Sent, send};
use super::error::Error;
use super::guard::{self, Root};
use super::idp::Idp;
use super::idp_metadata::{Endpoint, IdpMetadata, LogoutEndpoint};
use super::settings::Binding;
use super::{AuthnRequest as SentRequest, ServiceProvider, depart};

use message::{Party, verified};
use rules::Expected;

pub use message::LogoutMessage;

/// An identity provider's verified wish to end sessions. Made only by [`ServiceProvider::verify_logout_request`].
#[derive(Clone)]
pub struct LogoutRequest {
    /// Who asks, in our configuration.
    pub idp: IdpName,
    /// Who asks, by entity id: only sessions that it began are meant.
    pub issuer: String,
    /// Whose sessions.
    pub subject: SubjectKey,
    /// Which of them; all when empty.
    pub session_indexes: Vec<String>,
    id: String,
    relay_state: Option<String>,
    binding: Binding,
    metadata: Arc<IdpMetadata>,
}

impl LogoutRequest {
    /// Whether a session that no name leads to is meant: it has no `NameID`, and the same identity provider began it,
    /// under one of the named indexes where both say one.
    #[must_use]
    pub fn is_about(&self, identity: &Identity) -> bool {
        let index_fits =
            |index: &String| self.session_indexes.is_empty() || self.session_indexes.contains(index);
        identity.name_id.is_none()
            && identity.idp == self.idp
            && identity.issuer == self.issuer
            && identity.session_index.as_ref().is_none_or(index_fits)
    }

    /// Addresses whose origins' pages may frame our answer: the identity provider's single logout services.
    #[must_use]
    pub fn services(&self) -> Vec<Url> {
        let services = self.metadata.logout_endpoints.iter();
        let endpoints = services.flat_map(|service| [&service.request, &service.response]);
        endpoints.map(|endpoint| endpoint.location.clone()).collect()
    }
}

impl ServiceProvider {
    /// The name under which an identity provider may ask to end the session of `identity`; `None` without `NameID`.
    #[must_use]
    pub fn subject(&self, identity: &Identity) -> Option<SubjectKey> {
        let name_id = identity.name_id.as_ref()?;
        Some(SubjectKey::new(&identity.idp, &identity.issuer, name_id, &self.settings.entity_id))
    }

    /// Whether the identity provider of `identity` can be asked to end its own session too.
    #[must_use]
    pub fn offers_logout(&self, identity: &Identity) -> bool {
        identity.name_id.is_some() && self.logout_service(identity).is_some()
    }

    /// A signed request to end the session that `identity` came from, with its `ID` as `RelayState`; CPU work off the
    /// async threads. `None` when the identity provider offers no single logout, or gave the person no `NameID`.
    ///
    /// # Errors
    /// When too many requests wait, or our key can't sign.
    pub async fn logout_request(&self, identity: &Identity) -> Result<Option<SentRequest>, Error> {
        let Some(LogoutEndpoint { request: endpoint, .. }) = self.logout_service(identity) else {
            return Ok(None);
        };
        let Some(name_id) = identity.name_id.clone() else { return Ok(None) };
        let request = write::Request {
            id: format!("_{}", self.random.token()),
            issued: self.clock.now(),
            destination: endpoint.destination.clone(),
            issuer: self.settings.entity_id.clone(),
            name_id,
            session_index: identity.session_index.clone(),
        };
        let (key, relay_state) = (Arc::clone(&self.key), request.id.clone());
        self.signing.run(0, move || depart(&request, endpoint, relay_state, &key)).await.map(Some)
    }

    /// Runs every check on an identity provider's `LogoutRequest`; CPU work off the async threads.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn verify_logout_request(&self, message: LogoutMessage) -> Result<LogoutRequest, Error> {
        let now = self.clock.now();
        let parties: Vec<Party> = self.idps.iter().filter_map(|idp| self.party(idp, now).ok()).collect();
        let ours = self.settings.entity_id.clone();
        let size = message.size();
        let (request, until) = self
            .verifying_unasked
            .run(size, move || {
                let (party, xml) = verified(&message, Root::LogoutRequest, &parties)?;
                read_request(&message, party, &xml, &ours)
            })
            .await?;
        self.check_first_logout(&request, until).await?;
        Ok(request)
    }

    /// Our signed answer to `request`; CPU work off the async threads. `None` when the identity provider's metadata
    /// names no address for it.
    ///
    /// # Errors
    /// When too many requests wait, or our key can't sign.
    pub async fn logout_response(
        &self,
        request: LogoutRequest,
        status: LogoutStatus,
    ) -> Result<Option<Reply>, Error> {
        let Some(endpoint) = response_endpoint(&request) else { return Ok(None) };
        let response = write::Response {
            id: format!("_{}", self.random.token()),
            issued: self.clock.now(),
            destination: endpoint.destination.clone(),
            issuer: self.settings.entity_id.clone(),
            in_response_to: request.id,
            status,
        };
        let key = Arc::clone(&self.key);
        let relay_state = request.relay_state.unwrap_or_default();
        let sent = self.signing.run(0, move || {
            Ok(match send(&endpoint, "SAMLResponse", &response, &relay_state, &key)? {
                Sent::Redirect(address) => Reply::Redirect(address),
                Sent::Post(saml_response) => {
                    Reply::Post { action: endpoint.location, saml_response, relay_state }
                }
            })
        });
        sent.await.map(Some)
    }

    /// Which request of ours a `LogoutResponse` says it answers: its `RelayState`, or `InResponseTo` where an identity
    /// provider does not give that back. Nothing of it is verified; CPU work off the async threads.
    ///
    /// # Errors
    /// When there is no `RelayState` and the message can't be read.
    pub async fn answered_request(&self, message: Arc<LogoutMessage>) -> Result<RequestId, Error> {
        if let Some(relay_state) = message.relay_state() {
            return Ok(RequestId::new(relay_state));
        }
        let size = message.size();
        self.verifying.run(size, move || message.in_response_to().map(RequestId::new)).await
    }

    /// Runs every check on the identity provider's `LogoutResponse` to our request; CPU work off the async threads.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn verify_logout_response(
        &self,
        message: Arc<LogoutMessage>,
        pending: &PendingLogout,
    ) -> Result<LogoutStatus, Error> {
        let now = self.clock.now();
        let parties = [self.party(self.idp(&pending.idp)?, now)?];
        let pending = pending.clone();
        let size = message.size();
        let verdict = self.verifying.run(size, move || {
            let (party, xml) = verified(&message, Root::LogoutResponse, &parties)?;
            let document = guard::parse(&xml)?;
            rules::check_logout_response(
                document.root_element(),
                &party.metadata.entity_id,
                &pending,
                &party.expected,
            )
        });
        verdict.await
    }

    /// A logout request is used once; when the store can't tell, not at all. Core 3.7.3; bindings 3.4.5.
    async fn check_first_logout(&self, request: &LogoutRequest, until: OffsetDateTime) -> Result<(), Error> {
        let key = ReplayKey { issuer: request.issuer.clone(), assertion_id: request.id.clone() };
        match self.replay.first_use(key, until).await? {
            Use::First { .. } => Ok(()),
            Use::Again => Err(Error::LogoutReplay),
        }
    }

    /// An identity provider whose metadata is in force.
    fn party(&self, idp: &Idp, now: OffsetDateTime) -> Result<Party, Error> {
        let (name, metadata) = (idp.settings.name.clone(), idp.metadata(now)?);
        let expected = Expected { destination: self.settings.logout_url(), now, skew: self.skew(idp) };
        Ok(Party { name, metadata, decryption: self.decryption(idp), expected })
    }

    /// Where logout requests about `identity` go: Redirect before POST. Nowhere when the settings say so, when the
    /// metadata is not in force, or when it is another entity's by now.
    fn logout_service(&self, identity: &Identity) -> Option<LogoutEndpoint> {
        let idp = self.idp(&identity.idp).ok().filter(|idp| idp.settings.single_logout)?;
        let metadata = idp.metadata(self.clock.now()).ok()?;
        let find = |wanted: Binding| {
            metadata.logout_endpoints.iter().find(|service| service.request.binding == wanted)
        };
        let service = find(Binding::Redirect).or_else(|| find(Binding::Post)).cloned();
        service.filter(|_| metadata.entity_id == identity.issuer)
    }
}

fn read_request(
    message: &LogoutMessage,
    party: &Party,
    xml: &str,
    ours: &str,
) -> Result<(LogoutRequest, OffsetDateTime), Error> {
    let document = guard::parse(xml)?;
    let root = document.root_element();
    let entity_id = &party.metadata.entity_id;
    let until = rules::check_logout_request(root, entity_id, &party.expected)?;
    let name_id = subject::read_subject(root, &party.decryption)?;
    let request = LogoutRequest {
        idp: party.name.clone(),
        issuer: entity_id.clone(),
        subject: SubjectKey::new(&party.name, entity_id, &name_id, ours),
        session_indexes: subject::read_session_indexes(root),
        id: root.attribute("ID").unwrap_or_default().to_owned(),
        relay_state: message.relay_state().map(str::to_owned),
        binding: message.binding(),
        metadata: Arc::clone(&party.metadata),
    };
    Ok((request, until))
}

/// The service for the binding that the request came by, or the first; of each, `ResponseLocation`. Metadata 2.2.2.
fn response_endpoint(request: &LogoutRequest) -> Option<Endpoint> {
    let services = &request.metadata.logout_endpoints;
    let same = services.iter().find(|service| service.response.binding == request.binding);
    same.or_else(|| services.first()).map(|service| service.response.clone())
}
