//! Sign-ins under way, and answers that wait for a person's word.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::expiring::Expiring;
use crate::model::{Clock, Pending, PendingKey, StateUnavailable};

/// Anyone may start a sign-in, so their number is bounded: beyond this the oldest gives way.
const MOST: usize = 100_000;

/// [`Pending`] in memory.
pub struct MemoryPending<T> {
    clock: Arc<dyn Clock>,
    most: usize,
    entries: Mutex<Expiring<[u8; 32], T>>,
}

impl<T> MemoryPending<T> {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, most: MOST, entries: Mutex::default() }
    }
}

#[async_trait]
impl<T: Send> Pending<T> for MemoryPending<T> {
    async fn put(
        &self,
        key: PendingKey,
        pending: T,
        expires_at: OffsetDateTime,
    ) -> Result<(), StateUnavailable> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.sweep(self.clock.now());
        while entries.len() >= self.most {
            entries.drop_oldest();
        }
        entries.insert(*key.as_bytes(), pending, expires_at);
        Ok(())
    }

    async fn take(&self, key: &PendingKey) -> Result<Option<T>, StateUnavailable> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.sweep(self.clock.now());
        Ok(entries.remove(key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::model::{
        IdpName, InstanceName, PendingSignIn, Purpose, RequestId, Requested, SystemClock, Target,
    };

    fn pending() -> PendingSignIn {
        PendingSignIn {
            request_id: RequestId::new("_1"),
            idp: IdpName::new("acme"),
            purpose: Purpose::SignIn(Target::Instance(InstanceName::new("prod"), None)),
            requested: Requested::default(),
            started_at: SystemClock.now(),
            handed_over: [].into(),
            session: None,
        }
    }

    fn key(n: u32) -> PendingKey {
        PendingKey::new(&n.to_string(), "browser")
    }

    #[tokio::test]
    async fn a_pending_sign_in_is_taken_once() {
        let store = MemoryPending::new(Arc::new(SystemClock));
        let pending = pending();
        store.put(key(1), pending.clone(), SystemClock.now() + Duration::minutes(15)).await.unwrap();
        assert_eq!(store.take(&key(1)).await, Ok(Some(pending)));
        assert_eq!(store.take(&key(1)).await, Ok(None));
    }

    #[tokio::test]
    async fn a_pending_sign_in_that_has_expired_is_not_there() {
        let store = MemoryPending::new(Arc::new(SystemClock));
        store.put(key(1), pending(), SystemClock.now() - Duration::seconds(1)).await.unwrap();
        assert_eq!(store.take(&key(1)).await, Ok(None));
    }

    #[tokio::test]
    async fn a_flood_of_starts_displaces_the_oldest_and_grows_no_further() {
        let store = MemoryPending { most: 3, ..MemoryPending::new(Arc::new(SystemClock)) };
        let end = SystemClock.now() + Duration::minutes(15);
        for n in 0..10 {
            store.put(key(n), pending(), end + Duration::seconds(n.into())).await.unwrap();
        }
        assert_eq!(store.entries.lock().unwrap().len(), 3);
        assert_eq!(store.take(&key(6)).await, Ok(None));
        assert!(store.take(&key(9)).await.unwrap().is_some());
    }
}
