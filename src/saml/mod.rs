//! The SAML 2.0 service provider: its metadata, its requests, and the way from a response to a person.
//!
//! A response passes the guard (`guard`), two signature engines (`engine`), and the rules of SAML (`response`);
//! `verification` holds that way on one screen, `docs/saml-checks.md` lists every check.

mod assertion;
mod authn_request;
mod binding;
mod compute;
mod engine;
mod error;
mod fetch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod guard;
mod idp;
mod idp_metadata;
mod instant;
mod own_key;
mod response;
mod settings;
mod signer;
mod sp_metadata;
mod verification;
mod writer;
mod xml;

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::model::{Clock, Departure, IdpName, PendingSignIn, Random, ReplayGuard, RequestId};

pub use assertion::VerifiedAssertion;
pub use error::{Algorithm, Error, MetadataError, Rule, StatusCode};
pub use settings::{Binding, IdpSettings, MetadataSource, Settings};

use authn_request::Request;
use compute::Compute;
use engine::{Signed, SigningKeys};
use idp::Idp;
use idp_metadata::Endpoint;
use own_key::OwnKey;
use response::Expected;
use verification::{Outcome, Verification};

/// Most kB of answers that are verified or wait for it: some 3000 of the usual size, or 90 of the largest.
const WAITING_ANSWERS: usize = 32 * 1024;
/// Most kB of requests that are signed or wait for it, of 1 kB each.
const WAITING_REQUESTS: usize = 4 * 1024;

/// A request on its way.
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
    metadata: String,
    idps: Vec<Idp>,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    replay: Arc<dyn ReplayGuard>,
    verifying: Compute,
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
        let idps = idps.into_iter().map(|idp| Idp::new(idp, now)).collect::<Result<_, _>>()?;
        Ok(Self {
            metadata: sp_metadata::render(&settings, &key),
            settings,
            key: Arc::new(key),
            idps,
            client: fetch::client()?,
            clock,
            random,
            replay,
            verifying: Compute::new(WAITING_ANSWERS),
            signing: Compute::new(WAITING_REQUESTS),
        })
    }

    /// Our metadata document.
    #[must_use]
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// Fetches every metadata URL that is due; keeps the last good copy. Called at start and then in the background,
    /// about every minute: what is due is decided here.
    pub async fn refresh_metadata(&self) {
        let mut fetches = JoinSet::new();
        for (place, idp) in self.idps.iter().enumerate() {
            if let Some(url) = idp.due(self.clock.now()).cloned() {
                let client = self.client.clone();
                fetches.spawn(async move { (place, fetch::fetch(&client, &url).await) });
            }
        }
        while let Some(fetched) = fetches.join_next().await {
            if let Ok((place, fetched)) = fetched {
                let mut jitter = [0_u8; 1];
                self.random.fill(&mut jitter);
                self.idps[place].refreshed(fetched, self.clock.now(), jitter[0]);
            }
        }
    }

    /// A signed request to `idp`; CPU work off the async threads.
    ///
    /// # Errors
    /// When that identity provider is unknown or its metadata is not there yet, or too many requests wait.
    pub async fn authn_request(
        &self,
        idp: &IdpName,
        force_authn: bool,
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
            force_authn,
        };
        let (key, relay_state) = (Arc::clone(&self.key), relay_state.to_owned());
        self.signing.run(0, move || depart(request, endpoint, relay_state, &key)).await
    }

    /// Runs every check on the base64 `SAMLResponse` form field; CPU work off the async threads.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn verify(
        &self,
        saml_response: String,
        pending: &PendingSignIn,
    ) -> Result<VerifiedAssertion, Error> {
        let verification = self.verification(pending)?;
        let outcome =
            self.verifying.run(saml_response.len(), move || verification.run(&saml_response)).await?;
        self.check_first_use(outcome).await
    }

    fn verification(&self, pending: &PendingSignIn) -> Result<Verification, Error> {
        let now = self.clock.now();
        let idp = self.idp(&pending.idp)?.metadata(now)?;
        let expected = Expected {
            acs: self.settings.acs_url(),
            audience: self.settings.entity_id.clone(),
            issuer: idp.entity_id.clone(),
            request_id: pending.request_id.as_str().to_owned(),
            started_at: pending.started_at,
            force_authn: pending.force_authn,
            now,
            skew: self.settings.clock_skew,
            max_lifetime: self.settings.max_assertion_lifetime,
        };
        Ok(Verification { idp, idp_name: pending.idp.clone(), expected })
    }

    /// An assertion is used once; when the store can't tell, not at all. SAML profiles 4.1.4.5.
    async fn check_first_use(&self, outcome: Outcome) -> Result<VerifiedAssertion, Error> {
        if self.replay.first_use(outcome.replay_key, outcome.replay_until).await? {
            Ok(VerifiedAssertion::new(outcome.identity))
        } else {
            Err(Error::Replay)
        }
    }

    fn idp(&self, name: &IdpName) -> Result<&Idp, Error> {
        let idp = self.idps.iter().find(|idp| idp.settings.name == *name);
        idp.ok_or_else(|| Error::UnknownIdp(name.clone()))
    }
}

/// Signs `request` and puts it on its way.
fn depart(
    request: Request,
    endpoint: Endpoint,
    relay_state: String,
    key: &OwnKey,
) -> Result<AuthnRequest, Error> {
    let Endpoint { binding, location, .. } = endpoint;
    let departure = match binding {
        Binding::Redirect => Departure::Redirect(request.redirect(&location, &relay_state, key)?),
        Binding::Post => Departure::Post { saml_request: request.post(key)?, action: location, relay_state },
    };
    Ok(AuthnRequest { id: RequestId::new(request.id), departure })
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
        force_authn: false,
    };
    let broken = || Error::Machinery("the signature engines do not verify our own signature".to_owned());
    let keys = SigningKeys::load(&[key.certificate().to_vec()]).ok_or_else(broken)?;
    let text = request.signed(key)?;
    let signed = Signed { text: &text, count: 1, target: &request.id, prefixes: &[] };
    keys.verify(&signed).map(|_| ()).map_err(|_| broken())
}
