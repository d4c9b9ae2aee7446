//! One configured identity provider: its settings, and the metadata that is in force.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::error::{Error, MetadataError};
use super::idp_metadata::{Endpoint, IdpMetadata, is_safe};
use super::settings::{IdpSettings, MetadataSource};

/// How often a metadata URL is read again, give or take a tenth.
const REFRESH: Duration = Duration::from_hours(1);
/// First pause after a failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// An identity provider.
pub(super) struct Idp {
    pub(super) settings: IdpSettings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    metadata: Option<Arc<IdpMetadata>>,
    due: Option<OffsetDateTime>,
    failures: u32,
}

impl Idp {
    /// Reads metadata that the configuration holds; a URL is read later.
    pub(super) fn new(settings: IdpSettings, now: OffsetDateTime) -> Result<Self, Error> {
        let idp = Self { settings, state: Mutex::default() };
        match &idp.settings.metadata {
            MetadataSource::Xml(xml) => {
                let metadata = idp.read(xml, now)?;
                idp.state().metadata = Some(Arc::new(metadata));
            }
            MetadataSource::Url(url) if is_safe(url) => {}
            MetadataSource::Url(_) => return Err(idp.unusable(MetadataError::Address)),
        }
        Ok(idp)
    }

    /// The metadata in force.
    pub(super) fn metadata(&self, now: OffsetDateTime) -> Result<Arc<IdpMetadata>, Error> {
        let name = || self.settings.name.clone();
        let metadata = self.state().metadata.clone().ok_or_else(|| Error::MetadataNotLoaded(name()))?;
        if metadata.valid_until.is_some_and(|until| until <= now) {
            return Err(Error::MetadataExpired(name()));
        }
        Ok(metadata)
    }

    /// Where our request goes.
    pub(super) fn endpoint(&self, metadata: &IdpMetadata) -> Result<Endpoint, Error> {
        let endpoint = metadata.endpoint(self.settings.request_binding).cloned();
        endpoint.ok_or_else(|| Error::NoEndpoint(self.settings.name.clone()))
    }

    /// The metadata URL, when it is time to read it.
    pub(super) fn due(&self, now: OffsetDateTime) -> Option<&Url> {
        let MetadataSource::Url(url) = &self.settings.metadata else { return None };
        self.state().due.is_none_or(|due| due <= now).then_some(url)
    }

    /// Takes a fetched document in, or keeps the last good one. `jitter` spreads replicas over a fifth of the hour.
    pub(super) fn refreshed(&self, fetched: Result<String, MetadataError>, now: OffsetDateTime, jitter: u8) {
        let read = fetched.map_err(|reason| self.unusable(reason)).and_then(|xml| self.read(&xml, now));
        let mut state = self.state();
        let same_entity = |new: IdpMetadata| match &state.metadata {
            Some(old) if old.entity_id != new.entity_id => Err(self.unusable(MetadataError::EntityChanged)),
            _ => Ok(new),
        };
        let pause = match read.and_then(same_entity) {
            Ok(metadata) => {
                state.metadata = Some(Arc::new(metadata));
                state.failures = 0;
                REFRESH * 9 / 10 + REFRESH / 5 * u32::from(jitter) / 255
            }
            Err(error) => {
                tracing::warn!(idp.name = %self.settings.name, %error, kept = state.metadata.is_some(), "metadata not refreshed");
                state.failures = state.failures.saturating_add(1);
                FIRST_PAUSE * 2_u32.pow(state.failures.min(6) - 1)
            }
        };
        state.due = Some(now + pause);
    }

    fn read(&self, xml: &str, now: OffsetDateTime) -> Result<IdpMetadata, Error> {
        let entity_id = self.settings.entity_id.as_deref();
        IdpMetadata::read(xml, entity_id, now).map_err(|reason| self.unusable(reason))
    }

    fn unusable(&self, reason: MetadataError) -> Error {
        Error::Metadata { idp: self.settings.name.clone(), reason }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
