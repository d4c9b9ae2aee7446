//! Answers kept for a while, one piece of work in flight per key.

use std::future::{Future, ready};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::ops::compute::Op;
use time::OffsetDateTime;

use super::Error;
use crate::model::{Clock, errand};

/// A bounded cache whose readers say how old an answer may be. Different questions can have the same key:
/// they are asked one after the other, and an answer serves its own question only.
#[derive(Clone)]
pub(super) struct Aged<K, Q, V> {
    cache: Cache<K, Answer<Q, V>>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Answer<Q, V> {
    question: Q,
    answered_at: OffsetDateTime,
    value: V,
}

impl<K, Q, V> Aged<K, Q, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    Q: Eq + Copy + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(capacity: u64, clock: Arc<dyn Clock>) -> Self {
        Self { cache: Cache::new(capacity), clock }
    }

    /// The kept answer to `question` if it is younger than `max_age`, else a new one. The question is asked
    /// as an [`errand`]: a caller that goes away neither stops it nor makes the others ask again.
    pub(super) async fn read<F: Future<Output = Result<V, Error>> + Send + 'static>(
        &self,
        key: K,
        question: Q,
        max_age: Duration,
        ask: impl Fn() -> F + Send,
    ) -> Result<V, Error> {
        Ok(self.read_dated(key, question, max_age, ask).await?.0)
    }

    /// The same, and when it was answered.
    pub(super) async fn read_dated<F: Future<Output = Result<V, Error>> + Send + 'static>(
        &self,
        key: K,
        question: Q,
        max_age: Duration,
        ask: impl Fn() -> F + Send,
    ) -> Result<(V, OffsetDateTime), Error> {
        let serves = |kept: &Answer<Q, V>| kept.question == question && self.is_younger(kept, max_age);
        loop {
            if let Some(answer) = self.cache.get(&key).await {
                if serves(&answer) {
                    return Ok((answer.value, answer.answered_at));
                }
                self.drop_unless(&key, serves).await;
            }
            let (cache, key, clock, work) = (self.cache.clone(), key.clone(), Arc::clone(&self.clock), ask());
            let asked = errand(|begun| async move {
                let answer = async {
                    begun.mark();
                    let value = work.await.map_err(|error| (question, error))?;
                    // From the end on: an answer that took long to get would be too old before it is there.
                    Ok(Answer { question, answered_at: clock.now(), value })
                };
                cache.try_get_with::<_, (Q, Error)>(key, answer).await
            });
            match asked.await {
                Ok(Ok(answer)) if answer.question == question => {
                    return Ok((answer.value, answer.answered_at));
                }
                Ok(Err(failed)) if failed.0 == question => return Err(failed.1.clone()),
                // Somebody else's question was under way, and it was another one.
                Ok(_) => {}
                Err(_) => return Err(Error::Interrupted),
            }
        }
    }

    /// What is kept and younger than `max_age`, with the moment of each answer.
    pub(super) fn kept(&self, max_age: Duration) -> impl Iterator<Item = (Arc<K>, OffsetDateTime)> {
        let young = self.cache.iter().filter(move |(_, kept)| self.is_younger(kept, max_age));
        young.map(|(key, kept)| (key, kept.answered_at))
    }

    /// Keeps an answer that was not asked for, from now on.
    pub(super) async fn put(&self, key: K, question: Q, value: V) {
        let answered_at = self.clock.now();
        self.cache.insert(key, Answer { question, answered_at, value }).await;
    }

    /// The kept answer to `question` if it is younger than `max_age`. Nobody is asked.
    pub(super) async fn peek(&self, key: &K, question: Q, max_age: Duration) -> Option<V> {
        let kept = self.cache.get(key).await?;
        (kept.question == question && self.is_younger(&kept, max_age)).then_some(kept.value)
    }

    /// Drops the answers that are `age` old or older, of those that `is_meant` picks.
    pub(super) async fn drop_older(&self, age: Duration, is_meant: impl Fn(&K, &V) -> bool + Send) {
        let is_old = |kept: &Answer<Q, V>| !self.is_younger(kept, age);
        let old = self.cache.iter().filter(|(key, kept)| is_meant(key, &kept.value) && is_old(kept));
        let keys: Vec<K> = old.map(|(key, _)| (*key).clone()).collect();
        for key in keys {
            self.cache.invalidate(&key).await;
        }
    }

    /// Changes a kept answer, keeping its age.
    pub(super) async fn amend(&self, key: K, change: impl FnOnce(&V) -> V + Send) {
        self.cache
            .entry(key)
            .and_compute_with(|kept| {
                ready(kept.map_or(Op::Nop, |kept| {
                    let answer = kept.into_value();
                    Op::Put(Answer { value: change(&answer.value), ..answer })
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

    async fn drop_unless(&self, key: &K, serves: impl Fn(&Answer<Q, V>) -> bool + Send) {
        // Looks again under the key's lock: somebody may have put a new answer there.
        self.cache
            .entry_by_ref(key)
            .and_compute_with(|kept| {
                let drop_it = kept.is_some_and(|kept| !serves(kept.value()));
                ready(if drop_it { Op::Remove } else { Op::Nop })
            })
            .await;
    }

    fn is_younger(&self, answer: &Answer<Q, V>, max_age: Duration) -> bool {
        self.clock.now() - answer.answered_at < max_age
    }
}
