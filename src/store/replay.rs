//! Assertions that were used.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::expiring::Expiring;
use crate::model::{Clock, ReplayGuard, ReplayKey, StateUnavailable, Use};

/// Only verified assertions get here. An entry is never dropped before its end: a full store refuses.
const MOST: usize = 1_000_000;

/// [`ReplayGuard`] in memory.
pub struct MemoryReplay {
    clock: Arc<dyn Clock>,
    most: usize,
    used: Mutex<Expiring<[u8; 32], ()>>,
}

impl MemoryReplay {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, most: MOST, used: Mutex::default() }
    }
}

#[async_trait]
impl ReplayGuard for MemoryReplay {
    async fn first_use(&self, key: ReplayKey, until: OffsetDateTime) -> Result<Use, StateUnavailable> {
        let key = digest(&key);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.sweep(self.clock.now());
        if used.contains(&key) {
            return Ok(Use::Again);
        }
        if used.len() >= self.most {
            return Err(StateUnavailable::Full("the replay store is full".to_owned()));
        }
        used.insert(key, (), until);
        Ok(Use::First { remembered_since: None })
    }
}

/// Both parts, kept apart by the length of the first.
fn digest(key: &ReplayKey) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key.issuer.len().to_be_bytes());
    hash.update(key.issuer.as_bytes());
    hash.update(key.assertion_id.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::model::SystemClock;

    const FIRST: Use = Use::First { remembered_since: None };

    fn key(issuer: &str, id: &str) -> ReplayKey {
        ReplayKey { issuer: issuer.to_owned(), assertion_id: id.to_owned() }
    }

    #[tokio::test]
    async fn an_assertion_is_used_once_per_issuer() {
        let store = MemoryReplay::new(Arc::new(SystemClock));
        let until = SystemClock.now() + Duration::minutes(5);
        assert_eq!(store.first_use(key("idp", "_1"), until).await, Ok(FIRST));
        assert_eq!(store.first_use(key("idp", "_1"), until).await, Ok(Use::Again));
        assert_eq!(store.first_use(key("idp_", "1"), until).await, Ok(FIRST));
    }

    #[tokio::test]
    async fn a_full_store_refuses_and_forgets_nothing() {
        let store = MemoryReplay { most: 1, ..MemoryReplay::new(Arc::new(SystemClock)) };
        let until = SystemClock.now() + Duration::minutes(5);
        assert_eq!(store.first_use(key("idp", "_1"), until).await, Ok(FIRST));
        assert!(store.first_use(key("idp", "_2"), until).await.is_err());
        assert_eq!(store.first_use(key("idp", "_1"), until).await, Ok(Use::Again));
    }

    #[tokio::test]
    async fn two_uses_at_the_same_time_are_one_use() {
        let store = Arc::new(MemoryReplay::new(Arc::new(SystemClock)));
        let until = SystemClock.now() + Duration::minutes(5);
        let mut uses = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let store = Arc::clone(&store);
            uses.spawn(async move { store.first_use(key("idp", "_1"), until).await });
        }
        let firsts = uses.join_all().await.into_iter().filter(|first| *first == Ok(FIRST)).count();
        assert_eq!(firsts, 1);
    }
}
