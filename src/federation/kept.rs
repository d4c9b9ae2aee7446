//! Role credentials that can't be had again without the person, kept until they end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use time::{Duration, OffsetDateTime};

use crate::model::Username;

/// Credentials are not used in the last part of their life: a call with them takes a moment.
const MARGIN: Duration = Duration::minutes(1);

/// The credentials of one role, by user. In memory only; the SDK's type wipes them when they are dropped.
#[derive(Default)]
pub(super) struct KeptCredentials(Mutex<HashMap<Username, Kept>>);

struct Kept {
    credentials: Credentials,
    ends: OffsetDateTime,
}

impl KeptCredentials {
    pub(super) fn keep(&self, username: &Username, credentials: Credentials, ends: OffsetDateTime) {
        self.lock().insert(username.clone(), Kept { credentials, ends });
    }

    /// This user's, unless they are about to end.
    pub(super) fn find(&self, username: &Username, now: OffsetDateTime) -> Option<Credentials> {
        let kept = self.lock();
        kept.get(username).filter(|kept| now < kept.ends - MARGIN).map(|kept| kept.credentials.clone())
    }

    pub(super) fn forget(&self, username: &Username) {
        self.lock().remove(username);
    }

    pub(super) fn forget_ended(&self, now: OffsetDateTime) {
        self.lock().retain(|_, kept| now < kept.ends - MARGIN);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Username, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
