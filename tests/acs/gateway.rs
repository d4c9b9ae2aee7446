//! The service provider under test, with a clock and a replay store of the tests' own.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connect_gateway::model::{
    Blamed as _, Clock, Identity, IdpName, InstanceName, PendingSignIn, Purpose, ReplayGuard, ReplayKey,
    RequestId, Requested, Secret, StateUnavailable, SystemRandom, Target, Use,
};
use connect_gateway::outbound::Outbound;
use connect_gateway::saml::{AboutUs, Error, IdpSettings, MetadataSource, ServiceProvider, Settings};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::idp::{ENTITY_ID, GATEWAY, IDP, REQUEST_ID, SP_ENTITY_ID, encode, metadata};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 09:30 UTC);

pub(crate) struct TestClock(pub Mutex<OffsetDateTime>);

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// Remembers what was used, or forgets it at once, or fails like a store that is down.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) seen: Mutex<HashMap<ReplayKey, OffsetDateTime>>,
    pub(crate) down: bool,
    pub(crate) forgetful: bool,
    pub(crate) since: Option<OffsetDateTime>,
}

#[async_trait]
impl ReplayGuard for Used {
    async fn first_use(&self, key: ReplayKey, until: OffsetDateTime) -> Result<Use, StateUnavailable> {
        if self.down {
            return Err(StateUnavailable::NoAnswer("down".to_owned()));
        }
        let first = self.forgetful || self.seen.lock().unwrap().insert(key, until).is_none();
        Ok(if first { Use::First { remembered_since: self.since } } else { Use::Again })
    }
}

/// A gateway that knows one identity provider, called `company`.
pub(crate) struct Gateway {
    pub(crate) saml: ServiceProvider,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) used: Arc<Used>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        entity_id: SP_ENTITY_ID.to_owned(),
        public_url: "https://gateway.test".parse().unwrap(),
        display_name: "Contact <centre>".to_owned(),
        signing_key: Secret::new(GATEWAY.key_pem()),
        signing_certificate: GATEWAY.certificate_pem(),
        decryption_keys: Vec::new(),
        clock_skew: Duration::from_mins(1),
        max_assertion_lifetime: Duration::from_hours(1),
        about: AboutUs::default(),
        discovery_service: None,
        outbound: Outbound::default(),
    }
}

pub(crate) fn company(metadata: String) -> IdpSettings {
    IdpSettings::new(IdpName::new("company"), MetadataSource::Xml(metadata))
}

impl Gateway {
    pub(crate) fn new() -> Self {
        Self::trusting(metadata(&[&IDP]))
    }

    pub(crate) fn trusting(metadata: String) -> Self {
        Self::build(settings(), company(metadata), Used::default()).unwrap()
    }

    pub(crate) fn build(settings: Settings, idp: IdpSettings, used: Used) -> Result<Self, Error> {
        Self::build_with(settings, vec![idp], used)
    }

    pub(crate) fn build_with(settings: Settings, idps: Vec<IdpSettings>, used: Used) -> Result<Self, Error> {
        let clock = Arc::new(TestClock(Mutex::new(NOW)));
        let used = Arc::new(used);
        let saml = ServiceProvider::new(settings, idps, clock.clone(), Arc::new(SystemRandom), used.clone())?;
        Ok(Self { saml, clock, used })
    }

    /// Verifies a document as the answer to the pending request.
    pub(crate) async fn verify(&self, xml: impl AsRef<[u8]>) -> Result<Identity, Error> {
        self.verify_field(encode(xml), &pending()).await
    }

    pub(crate) async fn verify_field(
        &self,
        field: String,
        pending: &PendingSignIn,
    ) -> Result<Identity, Error> {
        let verified = self.saml.verify(field, pending).await.map_err(|refused| refused.error)?;
        Ok(verified.into_identity())
    }
}

pub(crate) fn pending() -> PendingSignIn {
    PendingSignIn {
        request_id: RequestId::new(REQUEST_ID),
        idp: IdpName::new("company"),
        purpose: Purpose::SignIn(Target::Instance(InstanceName::new("prod"), None)),
        requested: Requested::default(),
        started_at: datetime!(2026-03-01 09:29:30 UTC),
        handed_over: BTreeSet::new(),
        session: None,
    }
}

/// What a gateway says of `xml` that never saw an assertion before.
pub(crate) async fn verdict(xml: impl AsRef<[u8]>) -> Result<Identity, Error> {
    FORGETFUL.verify(xml).await
}

static FORGETFUL: LazyLock<Gateway> = LazyLock::new(|| {
    let used = Used { forgetful: true, ..Used::default() };
    Gateway::build(settings(), company(metadata(&[&IDP])), used).unwrap()
});

/// The gateway takes `xml` as Alice's.
#[track_caller]
pub(crate) fn assert_alice(outcome: Result<Identity, Error>) {
    let identity = outcome.unwrap();
    assert_eq!(identity.issuer, ENTITY_ID);
    assert_eq!(identity.name_id.unwrap().value, "alice-7");
    assert_eq!(identity.attributes["groups"], ["agents", "supervisors"]);
}

/// The gateway refuses for this reason, with a code that a page can be made of, and no 5xx blame.
macro_rules! assert_refused {
    ($outcome:expr, $pattern:pat) => {{
        let outcome = $outcome;
        assert!(matches!(outcome, Err($pattern)), "{:?}", outcome.map(|_| "accepted"));
    }};
}
pub(crate) use assert_refused;

/// The stable code of a refusal.
#[track_caller]
pub(crate) fn code(outcome: Result<Identity, Error>) -> &'static str {
    outcome.map(|_| "accepted").unwrap_err().code().id
}
