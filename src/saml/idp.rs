//! One configured identity provider: its settings, and the metadata that is in force.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::engine::SigningKeys;
use super::error::{Error, MetadataError};
use super::idp_metadata::{Endpoint, IdpMetadata, is_safe, parse};
use super::metadata::{pinned_keys, trusted_text};
use super::settings::{IdpSettings, MetadataSource, ResponseBinding};

/// Most artifacts of one identity provider that are resolved at a time: each may hold an envelope.
const MOST_RESOLUTIONS: usize = 128;

/// An identity provider.
pub(super) struct Idp {
    pub(super) settings: IdpSettings,
    /// Keys that must have signed its metadata, when some are pinned.
    pub(super) pinned: Option<SigningKeys>,
    /// Places for artifacts that it is asked about at this moment.
    pub(super) resolutions: Semaphore,
    metadata: Mutex<Option<Arc<IdpMetadata>>>,
    /// The last reading failed.
    is_stale: AtomicBool,
    /// When that was last read from its URL, or found to be the newest.
    read_at: Mutex<Option<OffsetDateTime>>,
}

impl Idp {
    /// Reads metadata that the configuration holds; a URL is read later.
    pub(super) fn new(settings: IdpSettings, now: OffsetDateTime) -> Result<Self, Error> {
        let unusable = |reason| unusable(&settings, reason);
        let pinned = settings.trust.certificates.as_deref().map(pinned_keys).transpose().map_err(unusable)?;
        let metadata = match &settings.metadata {
            MetadataSource::Xml(xml) => {
                let read =
                    || IdpMetadata::read(&parse(&trusted_text(xml, pinned.as_ref())?)?, &settings, now);
                Some(Arc::new(read().map_err(unusable)?))
            }
            MetadataSource::Url(url) if is_safe(url) => None,
            MetadataSource::Url(_) => return Err(unusable(MetadataError::Address)),
        };
        let resolutions = Semaphore::new(MOST_RESOLUTIONS);
        Ok(Self {
            settings,
            pinned,
            resolutions,
            metadata: Mutex::new(metadata),
            is_stale: AtomicBool::new(false),
            read_at: Mutex::default(),
        })
    }

    /// The metadata in force.
    pub(super) fn metadata(&self, now: OffsetDateTime) -> Result<Arc<IdpMetadata>, Error> {
        let name = || self.settings.name.clone();
        let metadata = self.last_good().ok_or_else(|| Error::MetadataNotLoaded(name()))?;
        if metadata.valid_until.is_some_and(|until| until <= now) {
            return Err(Error::MetadataExpired(name()));
        }
        Ok(metadata)
    }

    /// Where our request goes.
    pub(super) fn endpoint(&self, metadata: &IdpMetadata) -> Result<Endpoint, Error> {
        let wants_artifacts = self.settings.response_binding == ResponseBinding::Artifact;
        if wants_artifacts && metadata.artifact_endpoints.is_empty() {
            return Err(Error::NoArtifactService(self.settings.name.clone()));
        }
        let endpoint = metadata.endpoint(self.settings.request_binding).cloned();
        endpoint.ok_or_else(|| Error::NoEndpoint(self.settings.name.clone()))
    }

    /// The last good copy, valid or over.
    pub(super) fn last_good(&self) -> Option<Arc<IdpMetadata>> {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the last copy could not be replaced when that was tried.
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// When the copy in force was last read from its URL, or found to be the newest; `None`: never, or it is a file's.
    pub(super) fn read_at(&self) -> Option<OffsetDateTime> {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The copy in force is the newest at this moment.
    pub(super) fn is_newest(&self, now: OffsetDateTime) {
        self.is_stale.store(false, Ordering::Relaxed);
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Puts a newer copy into force, or keeps the last good one.
    pub(super) fn take(&self, read: Result<IdpMetadata, MetadataError>) -> Result<(), Error> {
        let mut metadata = self.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        let is_another =
            |new: &IdpMetadata| metadata.as_ref().is_some_and(|old| old.entity_id != new.entity_id);
        let read =
            read.and_then(|new| if is_another(&new) { Err(MetadataError::EntityChanged) } else { Ok(new) });
        self.is_stale.store(read.is_err(), Ordering::Relaxed);
        *metadata = Some(Arc::new(read.map_err(|reason| unusable(&self.settings, reason))?));
        Ok(())
    }
}

fn unusable(settings: &IdpSettings, reason: MetadataError) -> Error {
    Error::Metadata { idp: settings.name.clone(), reason }
}
