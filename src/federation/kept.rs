//! Role credentials that can't be had again without the person, kept until they end.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use time::{Duration, OffsetDateTime};

use crate::model::{SessionId, Username};

/// Credentials are not used in the last part of their life: a call with them takes a moment.
const MARGIN: Duration = Duration::minutes(1);

/// The credentials of one role, by user. In memory only; the SDK's type wipes them when they are dropped.
#[derive(Default)]
pub(super) struct KeptCredentials(Mutex<HashMap<Username, Slot>>);

/// One user's place, locked while credentials are on their way: whoever looks meanwhile waits for them. Forgetting takes
/// the place away, and what comes for it later is kept for nobody.
type Slot = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// Some credentials, and whose own answers AWS has taken: nobody else is let in by them.
pub(super) struct Kept {
    pub(super) credentials: Credentials,
    pub(super) ends: OffsetDateTime,
    pub(super) sessions: HashSet<SessionId>,
}

impl Kept {
    pub(super) fn is_usable(&self, now: OffsetDateTime) -> bool {
        now < self.ends - MARGIN
    }
}

impl KeptCredentials {
    /// This user's place, for who brings credentials.
    pub(super) fn slot(&self, username: &Username) -> Slot {
        Arc::clone(self.lock().entry(username.clone()).or_default())
    }

    /// This user's credentials, unless they are about to end.
    pub(super) async fn find(&self, username: &Username, now: OffsetDateTime) -> Option<Credentials> {
        let slot = self.lock().get(username).cloned()?;
        let kept = slot.lock().await;
        kept.as_ref().filter(|kept| kept.is_usable(now)).map(|kept| kept.credentials.clone())
    }

    /// Whether there are any now.
    pub(super) fn has(&self, username: &Username, now: OffsetDateTime) -> bool {
        self.lock().get(username).is_some_and(|slot| is_usable(slot, now))
    }

    pub(super) fn forget(&self, username: &Username) {
        self.lock().remove(username);
    }

    /// Drops this user's credentials if they are still these.
    pub(super) fn forget_these(&self, username: &Username, these: &Credentials) {
        let mut slots = self.lock();
        let is_theirs = |kept: &Kept| kept.credentials.access_key_id() == these.access_key_id();
        let holds_them = |slot: &Slot| slot.try_lock().is_ok_and(|kept| kept.as_ref().is_some_and(is_theirs));
        if slots.get(username).is_some_and(holds_them) {
            slots.remove(username);
        }
    }

    /// Drops what has ended, but no place that somebody is about to fill.
    pub(super) fn forget_ended(&self, now: OffsetDateTime) {
        self.lock().retain(|_, slot| Arc::strong_count(slot) > 1 || is_usable(slot, now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Username, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_usable(slot: &Slot, now: OffsetDateTime) -> bool {
    slot.try_lock().is_ok_and(|kept| kept.as_ref().is_some_and(|kept| kept.is_usable(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_about_to_be_filled_is_not_swept_away() {
        let (kept, ada, now) =
            (KeptCredentials::default(), Username::new("ada").unwrap(), OffsetDateTime::UNIX_EPOCH);
        let slot = kept.slot(&ada);
        kept.forget_ended(now);
        assert!(Arc::ptr_eq(&slot, &kept.slot(&ada)));
        drop(slot);
        kept.forget_ended(now);
        assert!(kept.lock().is_empty());
    }
}
