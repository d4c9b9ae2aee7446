//! Keeps metadata that comes from URLs up to date: each document is fetched once for all identity providers in it,
//! read before it replaces anything, and the last good copy stays when it can't be used.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use time::OffsetDateTime;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};
use url::Url;

use crate::model::{Clock, Random};
use crate::outbound::Outbound;
use crate::saml::error::{Error, MetadataError};
use crate::saml::idp::Idp;
use crate::saml::idp_metadata::{IdpMetadata, parse};
use crate::saml::settings::MetadataSource;

use super::fetch::{self, Fetched, Validators, fetch};
use super::signed::trusted_text;

/// How often a document is read again that does not say how long it may be kept.
const USUALLY: Duration = Duration::from_hours(1);
/// However little it may be kept.
const SHORTEST: Duration = Duration::from_mins(5);
/// However long it may be kept.
const LONGEST: Duration = Duration::from_hours(24);
/// First pause after a failure; it doubles six times.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// No signature that fails makes us read a document sooner than this after the last time.
const OUT_OF_TURN: Duration = Duration::from_mins(5);
/// Most messages that wait for such a reading.
const WAITING: usize = 100;

/// Every document that comes from a URL.
pub(in crate::saml) struct Refresh {
    sources: Vec<Arc<Source>>,
}

/// A document, and the identity providers that are read from it.
struct Source {
    url: Url,
    idps: Vec<Arc<Idp>>,
    tools: Tools,
    state: Mutex<State>,
    waiting: Semaphore,
}

/// What a source works with.
#[derive(Clone)]
struct Tools {
    client: Client,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

#[derive(Default)]
struct State {
    /// When the document was last asked for.
    asked: Option<OffsetDateTime>,
    /// When it is to be read again.
    due: Option<OffsetDateTime>,
    failures: u32,
    /// Of the copy that every identity provider took.
    validators: Validators,
}

impl Refresh {
    /// One source for all identity providers that name the same URL and pin the same keys.
    pub(in crate::saml) fn new(
        idps: &[Arc<Idp>],
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let tools = Tools { client: fetch::client(outbound)?, clock, random };
        let mut sources: Vec<Source> = Vec::new();
        for idp in idps {
            let MetadataSource::Url(url) = &idp.settings.metadata else { continue };
            match sources.iter_mut().find(|source| source.is_for(url, idp)) {
                Some(source) => source.idps.push(Arc::clone(idp)),
                None => sources.push(Source::new(url, idp, &tools)),
            }
        }
        Ok(Self { sources: sources.into_iter().map(Arc::new).collect() })
    }

    /// Reads every document that is due.
    pub(in crate::saml) async fn read_due(&self) {
        let sources = self.sources.iter().map(Arc::clone);
        let mut readings: JoinSet<()> =
            sources.map(|source| async move { source.read_when_due().await }).collect();
        while readings.join_next().await.is_some() {}
    }

    /// Whether there is newer metadata than what was `used` when a signature failed: the identity provider may have
    /// changed its key. The document is read out of turn for that, though not often, since anybody can send a
    /// signature that fails.
    pub(in crate::saml) async fn find_newer(&self, idp: &Arc<Idp>, used: &Arc<IdpMetadata>) -> bool {
        let serves = |source: &&Arc<Source>| source.idps.iter().any(|served| Arc::ptr_eq(served, idp));
        let Some(source) = self.sources.iter().find(serves).map(Arc::clone) else { return false };
        let (idp, used) = (Arc::clone(idp), Arc::clone(used));
        // A task of its own: who goes away must not take a reading with them that counts as the last one.
        tokio::spawn(async move { source.find_newer(&idp, &used).await }).await.unwrap_or(false)
    }
}

impl Source {
    fn new(url: &Url, idp: &Arc<Idp>, tools: &Tools) -> Self {
        Self {
            url: url.clone(),
            idps: vec![Arc::clone(idp)],
            tools: tools.clone(),
            state: Mutex::default(),
            waiting: Semaphore::new(WAITING),
        }
    }

    fn is_for(&self, url: &Url, idp: &Idp) -> bool {
        let pinned = |idp: &Idp| idp.settings.trust.certificates.clone();
        self.url == *url && self.idps.first().is_some_and(|first| pinned(first) == pinned(idp))
    }

    async fn read_when_due(&self) {
        let mut state = self.state.lock().await;
        if state.due.is_none_or(|due| due <= self.tools.clock.now()) {
            self.read(&mut state).await;
        }
    }

    async fn find_newer(&self, idp: &Idp, used: &Arc<IdpMetadata>) -> bool {
        let Ok(_place) = self.waiting.try_acquire() else { return false };
        let is_newer = || idp.last_good().is_some_and(|metadata| !Arc::ptr_eq(&metadata, used));
        let mut state = self.state.lock().await;
        let now = self.tools.clock.now();
        if !is_newer() && state.asked.is_none_or(|asked| asked + OUT_OF_TURN <= now) {
            self.read(&mut state).await;
        }
        is_newer()
    }

    /// Fetches and reads the document, and decides when that is done again.
    async fn read(&self, state: &mut State) {
        state.asked = Some(self.tools.clock.now());
        let taken = match fetch(&self.tools.client, &self.url, &state.validators).await {
            Ok(Fetched::Unchanged) => {
                self.idps.iter().for_each(|idp| idp.is_newest(self.tools.clock.now()));
                true
            }
            Ok(Fetched::Document(xml, validators)) => {
                let taken = self.take(xml).await;
                state.validators = if taken { validators } else { Validators::default() };
                taken
            }
            Err(reason) => self.take_each(self.idps.iter().map(|_| Err(reason.clone()))),
        };
        let now = self.tools.clock.now();
        state.failures = if taken { 0 } else { state.failures.saturating_add(1) };
        let pause = if taken { self.period(now) } else { FIRST_PAUSE * 2_u32.pow(state.failures.min(6) - 1) };
        state.due = Some(now + self.jittered(pause));
    }

    /// Gives every identity provider its part of the document; whether all could take it.
    async fn take(&self, xml: String) -> bool {
        let (idps, now) = (self.idps.clone(), self.tools.clock.now());
        let reading = spawn_blocking(move || read_all(&xml, &idps, now));
        match reading.await.unwrap_or(Err(MetadataError::Stopped)) {
            Ok(each) => self.take_each(each.into_iter()),
            Err(reason) => self.take_each(self.idps.iter().map(|_| Err(reason.clone()))),
        }
    }

    fn take_each(&self, each: impl Iterator<Item = Result<IdpMetadata, MetadataError>>) -> bool {
        let mut all = true;
        for (idp, read) in self.idps.iter().zip(each) {
            match idp.take(read) {
                Ok(()) => idp.is_newest(self.tools.clock.now()),
                Err(error) => {
                    let kept = idp.last_good().is_some();
                    tracing::warn!(idp.name = %idp.settings.name, %error, kept, "metadata not refreshed");
                    all = false;
                }
            }
        }
        all
    }

    /// As long as the copies may be kept, within limits, and half of the time until they end.
    fn period(&self, now: OffsetDateTime) -> Duration {
        let wanted = |metadata: Arc<IdpMetadata>| {
            let left = metadata.valid_until.map(|until| Duration::try_from((until - now) / 2));
            let left = left.map_or(Duration::MAX, Result::unwrap_or_default);
            metadata.cache_for.unwrap_or(USUALLY).min(left)
        };
        let shortest = self.idps.iter().filter_map(|idp| idp.last_good()).map(wanted).min();
        shortest.unwrap_or(USUALLY).clamp(SHORTEST, LONGEST)
    }

    /// A tenth more or less, so that many gateways don't ask at once.
    fn jittered(&self, pause: Duration) -> Duration {
        let mut byte = [0_u8; 1];
        self.tools.random.fill(&mut byte);
        pause * 9 / 10 + pause / 5 * u32::from(byte[0]) / 255
    }
}

/// What the document says about each identity provider.
fn read_all(
    xml: &str,
    idps: &[Arc<Idp>],
    now: OffsetDateTime,
) -> Result<Vec<Result<IdpMetadata, MetadataError>>, MetadataError> {
    let pinned = idps.first().and_then(|idp| idp.pinned.as_ref());
    let text = trusted_text(xml, pinned)?;
    let document = parse(&text)?;
    Ok(idps.iter().map(|idp| IdpMetadata::read(&document, &idp.settings, now)).collect())
}
