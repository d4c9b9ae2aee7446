//! Answers kept for a while, one question in flight per key.

use std::future::{Future, ready};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::ops::compute::Op;
use time::OffsetDateTime;

use super::Error;
use crate::model::Clock;

/// A bounded cache whose readers say how old an answer may be.
#[derive(Clone)]
pub(super) struct Aged<K, V> {
    cache: Cache<K, Answer<V>>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Answer<V> {
    asked_at: OffsetDateTime,
    value: V,
}

impl<K, V> Aged<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(capacity: u64, clock: Arc<dyn Clock>) -> Self {
        Self { cache: Cache::new(capacity), clock }
    }

    /// The kept answer if it is younger than `max_age`, else a new one. The question is asked in a task
    /// of its own: a caller that goes away neither stops it nor makes the others ask again.
    pub(super) async fn read(
        &self,
        key: K,
        max_age: Duration,
        ask: impl Future<Output = Result<V, Error>> + Send + 'static,
    ) -> Result<V, Error> {
        if let Some(answer) = self.cache.get(&key).await {
            if self.is_younger(&answer, max_age) {
                return Ok(answer.value);
            }
            self.drop_old(&key, max_age).await;
        }
        let (cache, asked_at) = (self.cache.clone(), self.clock.now());
        let asked = tokio::spawn(async move {
            cache.try_get_with(key, async { ask.await.map(|value| Answer { asked_at, value }) }).await
        });
        match asked.await {
            Ok(Ok(answer)) => Ok(answer.value),
            Ok(Err(error)) => Err(Error::clone(&error)),
            Err(_) => Err(Error::Interrupted),
        }
    }

    /// Changes a kept answer, keeping its age.
    pub(super) async fn amend(&self, key: K, change: impl FnOnce(&V) -> V + Send) {
        self.cache
            .entry(key)
            .and_compute_with(|kept| {
                ready(kept.map_or(Op::Nop, |kept| {
                    let Answer { asked_at, value } = kept.into_value();
                    Op::Put(Answer { asked_at, value: change(&value) })
                }))
            })
            .await;
    }

    /// Drops the answers that `is_wanted_gone` picks.
    pub(super) async fn drop_where(&self, is_wanted_gone: impl Fn(&V) -> bool + Send) {
        let keys: Vec<K> = self
            .cache
            .iter()
            .filter(|(_, kept)| is_wanted_gone(&kept.value))
            .map(|(key, _)| (*key).clone())
            .collect();
        for key in keys {
            self.cache.invalidate(&key).await;
        }
    }

    async fn drop_old(&self, key: &K, max_age: Duration) {
        // Looks again under the key's lock: somebody may have put a new answer there.
        self.cache
            .entry_by_ref(key)
            .and_compute_with(|kept| {
                let old = kept.is_some_and(|kept| !self.is_younger(kept.value(), max_age));
                ready(if old { Op::Remove } else { Op::Nop })
            })
            .await;
    }

    fn is_younger(&self, answer: &Answer<V>, max_age: Duration) -> bool {
        self.clock.now() - answer.asked_at < max_age
    }
}
