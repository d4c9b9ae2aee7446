//! Logouts under way.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::expiring::Expiring;
use crate::model::{Clock, PendingKey, PendingLogout, PendingLogouts, StateUnavailable};

/// Each ended a session; beyond this the oldest gives way.
const MOST: usize = 100_000;

/// [`PendingLogouts`] in memory.
pub struct MemoryPendingLogouts {
    clock: Arc<dyn Clock>,
    entries: Mutex<Expiring<[u8; 32], PendingLogout>>,
}

impl MemoryPendingLogouts {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Mutex::default() }
    }
}

#[async_trait]
impl PendingLogouts for MemoryPendingLogouts {
    async fn put(
        &self,
        key: PendingKey,
        pending: PendingLogout,
        expires_at: OffsetDateTime,
    ) -> Result<(), StateUnavailable> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.sweep(self.clock.now());
        while entries.len() >= MOST {
            entries.drop_oldest();
        }
        entries.insert(*key.as_bytes(), pending, expires_at);
        Ok(())
    }

    async fn take(&self, key: &PendingKey) -> Result<Option<PendingLogout>, StateUnavailable> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.sweep(self.clock.now());
        Ok(entries.remove(key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::model::{IdpName, RequestId, SystemClock};

    #[tokio::test]
    async fn a_pending_logout_is_taken_once_and_only_in_time() {
        let store = MemoryPendingLogouts::new(Arc::new(SystemClock));
        let pending = PendingLogout {
            request_id: RequestId::new("_1"),
            idp: IdpName::new("acme"),
            started_at: SystemClock.now(),
            entered: [].into(),
        };
        let [soon, late] = ["1", "2"].map(|state| PendingKey::new(state, "browser"));
        let now = SystemClock.now();
        store.put(soon.clone(), pending.clone(), now + Duration::minutes(1)).await.unwrap();
        store.put(late.clone(), pending.clone(), now - Duration::seconds(1)).await.unwrap();
        assert_eq!(store.take(&late).await, Ok(None));
        assert_eq!(store.take(&soon).await, Ok(Some(pending)));
        assert_eq!(store.take(&soon).await, Ok(None));
    }
}
