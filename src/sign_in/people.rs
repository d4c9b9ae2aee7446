//! Who is inside which instance right now: whose tokens are worth refreshing, and as whom.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use crate::model::{ConnectUser, Identity, InstanceName, Placement, Username};

/// One person inside one instance.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) identity: Identity,
    pub(super) placement: Placement,
    pub(super) user: ConnectUser,
    pub(super) until: OffsetDateTime,
}

type Key = (InstanceName, Username);

/// Everyone who was handed over by this process and whose session has not ended.
#[derive(Default)]
pub(super) struct People(Mutex<HashMap<Key, Present>>);

impl People {
    /// Notes an arrival. `true` when the same user was here under another placement before.
    pub(super) fn arrive(&self, present: Present) -> bool {
        let key = (present.user.instance.clone(), present.user.username.clone());
        let placement = present.placement.clone();
        let before = self.lock().insert(key, present);
        before.is_some_and(|before| before.placement != placement)
    }

    /// Who is inside `instance` as `username`, unless the session has ended.
    pub(super) fn find(
        &self,
        instance: &InstanceName,
        username: &Username,
        now: OffsetDateTime,
    ) -> Option<Present> {
        let key = (instance.clone(), username.clone());
        self.lock().get(&key).filter(|present| now < present.until).cloned()
    }

    /// Notes a departure.
    pub(super) fn leave(&self, instance: &InstanceName, username: &Username) {
        self.lock().remove(&(instance.clone(), username.clone()));
    }

    /// Forgets everyone whose session has ended.
    pub(super) fn sweep(&self, now: OffsetDateTime) {
        self.lock().retain(|_, present| now < present.until);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Present>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
