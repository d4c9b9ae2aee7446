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

    /// The kept answer if it is younger than `max_age` and fits, else a new one. The question is asked in
    /// a task of its own: a caller that goes away neither stops it nor makes the others ask again.
    pub(super) async fn read<F: Future<Output = Result<V, Error>> + Send + 'static>(
        &self,
        key: K,
        max_age: Duration,
        fits: impl Fn(&V) -> bool + Send + Sync,
        ask: impl Fn() -> F + Send,
    ) -> Result<V, Error> {
        let serves = |kept: &Answer<V>| self.is_younger(kept, max_age) && fits(&kept.value);
        loop {
            if let Some(answer) = self.cache.get(&key).await {
                if serves(&answer) {
                    return Ok(answer.value);
                }
                self.drop_unless(&key, serves).await;
            }
            let (cache, key, asked_at, work) = (self.cache.clone(), key.clone(), self.clock.now(), ask());
            let asked = tokio::spawn(async move {
                let work = async { work.await.map(|value| Answer { asked_at, value }) };
                cache.try_get_with(key, work).await
            });
            match asked.await {
                Ok(Ok(answer)) if fits(&answer.value) => return Ok(answer.value),
                // Somebody else's question was under way, and it was another one.
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Error::clone(&error)),
                Err(_) => return Err(Error::Interrupted),
            }
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

    /// Drops the answers that `is_gone` picks.
    pub(super) async fn drop_where(&self, is_gone: impl Fn(&V) -> bool + Send) {
        let keys: Vec<K> = self
            .cache
            .iter()
            .filter(|(_, kept)| is_gone(&kept.value))
            .map(|(key, _)| (*key).clone())
            .collect();
        for key in keys {
            self.cache.invalidate(&key).await;
        }
    }

    async fn drop_unless(&self, key: &K, serves: impl Fn(&Answer<V>) -> bool + Send) {
        // Looks again under the key's lock: somebody may have put a new answer there.
        self.cache
            .entry_by_ref(key)
            .and_compute_with(|kept| {
                let drop_it = kept.is_some_and(|kept| !serves(kept.value()));
                ready(if drop_it { Op::Remove } else { Op::Nop })
            })
            .await;
    }

    fn is_younger(&self, answer: &Answer<V>, max_age: Duration) -> bool {
        self.clock.now() - answer.asked_at < max_age
    }
}
