//! The SAML 2.0 service provider: its metadata, its requests, and the way from a response to a person.
//!
//! A response passes the guard (`guard`), two signature engines (`engine`), and the rules of SAML (`response`);
//! `verification` holds that way on one screen, `docs/saml-checks.md` lists every check.

mod assertion;
mod authentication;
mod authn_request;
mod binding;
mod call_failed;
mod compute;
mod decryption;
mod discovery;
mod engine;
mod error;
mod findings;
mod first_use;
#[cfg(fuzzing)]
pub mod fuzzing;
mod guard;
mod idp;
mod idp_metadata;
mod inspect;
mod instant;
mod logout;
mod metadata;
mod new_key;
mod own_key;
mod refused;
mod resolution;
mod response;
mod settings;
mod setup;
mod signer;
mod unsolicited;
mod verification;
mod writer;
mod xml;

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::model::{
    Clock, Departure, IdpName, PendingSignIn, Problem, Random, ReplayGuard, RequestId, RequestOptions,
    Requested,
};

pub use assertion::VerifiedAssertion;
pub use error::{Algorithm, ArtifactFault, Error, MetadataError, Rule, StatusCode};
pub use inspect::{Captured, Inspected};
pub use logout::{LogoutMessage, LogoutRequest};
pub use metadata::{AboutUs, Contact, Logo, MetadataStanding, Organization};
pub use new_key::{KeyAlgorithm, NewKey};
pub use refused::Refused;
pub use settings::{
    Binding, DecryptionKey, IdpInitiated, IdpSettings, MetadataSource, MetadataTrust, ResponseBinding,
    Settings, WantSigned,
};
pub use setup::{Demands, OwnValues, PublishedCertificate, Usage, certificate_of, end_of_certificate};

use authn_request::Request;
use binding::back_channel::BackChannel;
use binding::{Render, Sent, send};
use compute::Compute;
use decryption::{Decryption, DecryptionKeys};
use engine::{Signed, SigningKeys};
use idp::Idp;
use idp_metadata::{Endpoint, IdpMetadata};
use metadata::{OwnMetadata, Refresh, Reminders, Us, warnings};
use own_key::OwnKey;
use resolution::Delivered;
use response::Expected;
use verification::{Outcome, Verification};

/// Most kB of answers that are verified or wait for it: some 3000 of the usual size, or 90 of the largest.
const WAITING_ANSWERS: usize = 32 * 1024;
/// Most kB of requests that are signed or wait for it, of 1 kB each.
const WAITING_REQUESTS: usize = 4 * 1024;

/// A request on its way, for sign-in or logout.
#[derive(Debug, Clone)]
pub struct AuthnRequest {
    /// Its `ID`.
    pub id: RequestId,
    /// How the browser carries it.
    pub departure: Departure,
}

/// The service provider.
pub struct ServiceProvider {
    settings: Settings,
    key: Arc<OwnKey>,
    decryption: Arc<DecryptionKeys>,
    metadata: OwnMetadata,
    idps: Vec<Arc<Idp>>,
    refresh: Refresh,
    reminders: Reminders,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    replay: Arc<dyn ReplayGuard>,
    back_channel: BackChannel,
    verifying: Compute,
    /// For messages that nobody here asked for: anybody can send them.
    verifying_unasked: Compute,
    signing: Compute,
}

impl ServiceProvider {
    /// Checks keys and metadata files; metadata URLs are fetched later by [`Self::refresh_metadata`].
    ///
    /// # Errors
    /// When our key, or an identity provider's metadata, can't be used.
    pub fn new(
        settings: Settings,
        idps: Vec<IdpSettings>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        replay: Arc<dyn ReplayGuard>,
    ) -> Result<Self, Error> {
        let key = OwnKey::load(&settings)?;
        let now = clock.now();
        self_test(&settings, &key, now)?;
        let decryption = DecryptionKeys::load(&settings.decryption_keys, &*random)?;
        let idps: Vec<_> =
            idps.into_iter().map(|idp| Idp::new(idp, now).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self {
            metadata: OwnMetadata::new(
                Us {
                    settings: &settings,
                    key: &key,
                    decryption: &decryption,
                    wants_assertions_signed: wants_assertions_signed(&idps),
                },
                now,
                &*random,
            )?,
            refresh: Refresh::new(&idps, &settings.outbound, Arc::clone(&clock), Arc::clone(&random))?,
            reminders: Reminders::default(),
            back_channel: BackChannel::new(&settings.outbound)?,
            settings,
            key: Arc::new(key),
            decryption: Arc::new(decryption),
            idps,
            clock,
            random,
            replay,
            verifying: Compute::new(WAITING_ANSWERS),
            verifying_unasked: Compute::aside(WAITING_ANSWERS / 4),
            signing: Compute::new(WAITING_REQUESTS),
        })
    }

    /// Our metadata document.
    #[must_use]
    pub fn metadata(&self) -> Arc<str> {
        let us = Us {
            settings: &self.settings,
            key: &self.key,
            decryption: &self.decryption,
            wants_assertions_signed: wants_assertions_signed(&self.idps),
        };
        self.metadata.text(us, self.clock.now(), &*self.random)
    }

    /// Fetches every metadata URL that is due; keeps the last good copy. Called at start and then in the background,
    /// about every minute: what is due is decided here. Then logs what ends soon, each thing once a day.
    pub async fn refresh_metadata(&self) {
        self.refresh.read_due().await;
        self.reminders.log(&self.warnings(), self.clock.now());
    }

    /// What ends soon: certificates, and metadata without a newer copy. Each with the key that it is about.
    #[must_use]
    pub fn warnings(&self) -> Vec<Problem> {
        warnings(&self.idps, &self.key, self.clock.now())
    }

    /// Until when the metadata of `idp` may be used and when the last of its signing certificates ends, as far as each is
    /// known; `None` while there is no metadata.
    #[must_use]
    pub fn metadata_ends(&self, idp: &IdpName) -> Option<(Option<OffsetDateTime>, Option<OffsetDateTime>)> {
        let metadata = self.idp(idp).ok()?.last_good()?;
        Some((metadata.valid_until, metadata.keys_end))
    }

    /// When the metadata of `idp` was last read from its URL, or found to be the newest; `None`: never, or it is a file's.
    #[must_use]
    pub fn metadata_read_at(&self, idp: &IdpName) -> Option<OffsetDateTime> {
        self.idp(idp).ok()?.read_at()
    }

    /// What is asked of `idp` for an instance with these options.
    ///
    /// # Errors
    /// When that identity provider is unknown.
    pub fn requested(&self, idp: &IdpName, instance: &RequestOptions) -> Result<Requested, Error> {
        Ok(instance.over(&self.idp(idp)?.settings.request))
    }

    /// A signed request to `idp`; CPU work off the async threads.
    ///
    /// # Errors
    /// When that identity provider is unknown or its metadata is not there yet, or too many requests wait.
    pub async fn authn_request(
        &self,
        idp: &IdpName,
        requested: &Requested,
        relay_state: &str,
    ) -> Result<AuthnRequest, Error> {
        let idp = self.idp(idp)?;
        let issued = self.clock.now();
        let endpoint = idp.endpoint(&*idp.metadata(issued)?)?;
        let request = Request {
            id: format!("_{}", self.random.token()),
            issued,
            destination: endpoint.destination.clone(),
            issuer: self.settings.entity_id.clone(),
            acs: self.settings.acs_url(),
            response_binding: idp.settings.response_binding,
            requested: requested.clone(),
        };
        let (key, relay_state) = (Arc::clone(&self.key), relay_state.to_owned());
        self.signing.run(0, move || depart(&request, endpoint, relay_state, &key)).await
    }

    /// Runs every check on the base64 `SAMLResponse` form field; CPU work off the async threads. When a signature does
    /// not verify and newer metadata is found, everything runs once more: the identity provider may have a new key.
    ///
    /// # Errors
    /// The first check that fails, and what the message said.
    pub async fn verify(
        &self,
        saml_response: String,
        pending: &PendingSignIn,
    ) -> Result<VerifiedAssertion, Refused> {
        self.run(Delivered::posted(saml_response), &pending.idp, Some(pending)).await
    }

    /// Verifies the answer of an identity provider to a pending request, or to none.
    async fn run(
        &self,
        delivered: Delivered,
        idp_name: &IdpName,
        pending: Option<&PendingSignIn>,
    ) -> Result<VerifiedAssertion, Refused> {
        let (idp, delivered) = (self.idp(idp_name)?, Arc::new(delivered));
        let metadata = idp.metadata(self.clock.now())?;
        let outcome = match self.outcome(&delivered, idp, &metadata, pending).await {
            Err(Refused { error: Error::Signature, .. }) if self.refresh.find_newer(idp, &metadata).await => {
                self.outcome(&delivered, idp, &idp.metadata(self.clock.now())?, pending).await
            }
            outcome => outcome,
        };
        let began = pending.map(|pending| pending.started_at);
        Ok(self.use_up(outcome?, &delivered, began, self.skew(idp)).await?)
    }

    async fn outcome(
        &self,
        delivered: &Arc<Delivered>,
        idp: &Idp,
        metadata: &Arc<IdpMetadata>,
        pending: Option<&PendingSignIn>,
    ) -> Result<Outcome, Refused> {
        let verification = self.verification(idp, metadata, pending, delivered.is_vouched_for);
        let (delivered, size) = (Arc::clone(delivered), delivered.saml_response.expose().len());
        let compute = if pending.is_some() { &self.verifying } else { &self.verifying_unasked };
        let explained = move || Ok(verification.run_or_explain(delivered.saml_response.expose()));
        compute.run(size, explained).await?
    }

    /// What is asked of an answer to a pending request, or to none.
    fn verification(
        &self,
        idp: &Idp,
        metadata: &Arc<IdpMetadata>,
        pending: Option<&PendingSignIn>,
        is_vouched_for: bool,
    ) -> Verification {
        let unasked = self.expected(idp, metadata);
        let expected = match pending {
            Some(pending) => Expected {
                request_id: Some(pending.request_id.as_str().to_owned()),
                started_at: pending.started_at,
                requested: pending.requested.clone(),
                ..unasked
            },
            None => unasked,
        };
        let (idp_name, decryption) = (idp.settings.name.clone(), self.decryption(idp));
        Verification { idp: Arc::clone(metadata), idp_name, decryption, is_vouched_for, expected }
    }

    /// What opens what `idp` encrypts.
    fn decryption(&self, idp: &Idp) -> Decryption {
        Decryption::new(Arc::clone(&self.decryption), idp.settings.allow_cbc)
    }

    /// Tolerated difference to the clock of `idp`.
    fn skew(&self, idp: &Idp) -> Duration {
        idp.settings.clock_skew.unwrap_or(self.settings.clock_skew)
    }

    /// What every answer of `idp` must say at this moment that nobody asked for.
    fn expected(&self, idp: &Idp, metadata: &IdpMetadata) -> Expected {
        let now = self.clock.now();
        Expected {
            acs: self.settings.acs_url(),
            audience: self.settings.entity_id.clone(),
            issuer: metadata.entity_id.clone(),
            request_id: None,
            started_at: now - unsolicited::OLDEST,
            requested: Requested::default(),
            now,
            skew: self.skew(idp),
            want_signed: idp.settings.want_signed,
            max_lifetime: self.settings.max_assertion_lifetime,
        }
    }

    fn idp(&self, name: &IdpName) -> Result<&Arc<Idp>, Error> {
        let idp = self.idps.iter().find(|idp| idp.settings.name == *name);
        idp.ok_or_else(|| Error::UnknownIdp(name.clone()))
    }
}

/// One document speaks to all: who must sign only the response is not asked for more when all others are like it.
fn wants_assertions_signed(idps: &[Arc<Idp>]) -> bool {
    !idps.iter().all(|idp| idp.settings.want_signed == WantSigned::Response)
}

/// Signs `request` and puts it on its way.
fn depart(
    request: &impl Render,
    endpoint: Endpoint,
    relay_state: String,
    key: &OwnKey,
) -> Result<AuthnRequest, Error> {
    let departure = match send(&endpoint, "SAMLRequest", request, &relay_state, key)? {
        Sent::Redirect(address) => Departure::Redirect(address),
        Sent::Post(saml_request) => Departure::Post { action: endpoint.location, saml_request, relay_state },
    };
    Ok(AuthnRequest { id: RequestId::new(request.id()), departure })
}

/// Both engines verify a request that we sign here: they work, they are initialised before there are threads, and
/// our own signature is one that others accept.
fn self_test(settings: &Settings, key: &OwnKey, now: OffsetDateTime) -> Result<(), Error> {
    let request = Request {
        id: "_self-test".to_owned(),
        issued: now,
        destination: "https://localhost/".to_owned(),
        issuer: settings.entity_id.clone(),
        acs: settings.acs_url(),
        response_binding: ResponseBinding::Post,
        requested: Requested::default(),
    };
    let broken = || Error::Machinery("the signature engines do not verify our own signature".to_owned());
    let keys = SigningKeys::load(&[key.certificate().to_vec()]).ok_or_else(broken)?;
    let text = request.signed(key)?;
    let signed = Signed { text: &text, count: 1, target: &request.id, prefixes: &[] };
    keys.verify(&signed).map(|_| ()).map_err(|_| broken())
}
