//! Who is inside which instance right now: whose tokens are worth refreshing, and as whom.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use super::{Instance, SignIn, SignInError};
use crate::model::{Blamed as _, ConnectUser, Identity, InstanceName, Placement, Priority, Username, code};

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

impl SignIn {
    /// Replaces tokens that are about to end, for people who are inside and whom today's rules still
    /// place as they did. Everyone else's token is left to end, or dropped.
    pub async fn refresh_tokens(&self) {
        let now = self.parts.clock.now();
        self.people.sweep(now);
        self.drop_tokens(self.waiting.sweep(now)).await;
        for instance in &self.parts.instances {
            for username in instance.federation.refresh_due() {
                let Some(present) = self.people.find(&instance.name, &username, now) else { continue };
                if let Err(error) = self.refresh(instance, &present).await {
                    tracing::warn!(instance = %instance.name, cause = %error, "a token was not refreshed");
                }
            }
        }
    }

    async fn refresh(&self, instance: &Instance, present: &Present) -> Result<(), SignInError> {
        let placed = self.place(&present.identity, &instance.name).await;
        let same = placed.map(|(placement, _)| placement == present.placement);
        if !matches!(same, Ok(true)) {
            self.drop_token(instance, &present.user.username).await;
            return same.map(|_| ());
        }
        let user = match instance.connect.ensure_for(&present.placement, Priority::Refresh).await {
            Err(error) if *error.code() == code::CONNECT_PARKED => {
                self.drop_token(instance, &present.user.username).await;
                return Err(error.into());
            }
            ensured => ensured?,
        };
        Ok(instance.federation.refresh(&user, present.until).await?)
    }
}
