//! Tokens kept for a while, one request in flight per user.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::future::Cache;
use time::OffsetDateTime;

use super::Error;
use crate::model::{Clock, FederationToken, UserId, Username};

type Outcome = Result<Arc<FederationToken>, Error>;

/// Users whose tokens are kept; the least used go first.
const CAPACITY: u64 = 100_000;
/// No token lives longer than this: a Connect session ends after twelve hours.
const IDLE: Duration = Duration::from_hours(12);

/// How long tokens are served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) margin: Duration,
    pub(super) max_age: Duration,
    pub(super) refresh_ahead: Duration,
}

/// The tokens of one instance and role, in memory only.
#[derive(Clone)]
pub(super) struct Tokens {
    slots: Cache<Username, Arc<Slot>>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
}

/// One user's place. Purging takes the place away: a request that is under way still answers those who
/// wait for it, and what it brings is not kept for anybody else.
#[derive(Default)]
struct Slot {
    kept: Mutex<Option<Kept>>,
    last: Mutex<(u64, Option<Outcome>)>,
    flight: tokio::sync::Mutex<()>,
}

struct Kept {
    token: Arc<FederationToken>,
    serve_until: OffsetDateTime,
}

impl Tokens {
    pub(super) fn new(lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let slots = Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build();
        Self { slots, lifetimes, clock }
    }

    /// The kept token of this user, else the one that `ask` brings.
    pub(super) async fn token<F: Future<Output = Result<FederationToken, Error>>>(
        &self,
        username: &Username,
        id: &UserId,
        ask: impl FnOnce() -> F,
    ) -> Outcome {
        let slot = self.slots.get_with_by_ref(username, async { Arc::default() }).await;
        let kept = || slot.served(self.clock.now()).filter(|token| token.user_id == *id);
        if let Some(token) = kept() {
            return Ok(token);
        }
        self.fly(&slot, kept, ask).await
    }

    /// Replaces the kept token, if there is one, by what `ask` brings.
    pub(super) async fn replace<F: Future<Output = Result<FederationToken, Error>>>(
        &self,
        username: &Username,
        ask: impl FnOnce() -> F,
    ) -> Result<(), Error> {
        match self.slots.get(username).await {
            Some(slot) if slot.kept().is_some() => self.fly(&slot, || None, ask).await.map(drop),
            _ => Ok(()),
        }
    }

    pub(super) async fn purge(&self, username: &Username) {
        self.slots.invalidate(username).await;
    }

    /// Users whose token is still served but not for long. Tokens that are over are dropped.
    pub(super) fn due(&self) -> Vec<Username> {
        let now = self.clock.now();
        let due = self.slots.iter().filter(|(_, slot)| {
            let serve_until = slot.served(now).and(slot.kept().as_ref().map(|kept| kept.serve_until));
            serve_until.is_some_and(|end| end - self.lifetimes.refresh_ahead <= now)
        });
        due.map(|(username, _)| (*username).clone()).collect()
    }

    /// One request at a time: whoever waited for another's request takes its outcome, good or bad.
    async fn fly<F: Future<Output = Result<FederationToken, Error>>>(
        &self,
        slot: &Slot,
        kept: impl Fn() -> Option<Arc<FederationToken>>,
        ask: impl FnOnce() -> F,
    ) -> Outcome {
        let seen = slot.last().0;
        let _flight = slot.flight.lock().await;
        let (count, last) = slot.last().clone();
        if let Some(outcome) = last.filter(|_| count != seen) {
            return outcome;
        }
        if let Some(token) = kept() {
            return Ok(token);
        }
        let asked_at = self.clock.now();
        let outcome = ask().await.map(Arc::new);
        if let Ok(token) = &outcome {
            let serve_until = self.serve_until(token, asked_at);
            *slot.kept() = Some(Kept { token: Arc::clone(token), serve_until });
        }
        *slot.last() = (count + 1, Some(outcome.clone()));
        outcome
    }

    fn serve_until(&self, token: &FederationToken, asked_at: OffsetDateTime) -> OffsetDateTime {
        (token.access_token_expiration - self.lifetimes.margin).min(asked_at + self.lifetimes.max_age)
    }
}

impl Slot {
    /// The kept token, dropped once it is no longer to be served.
    fn served(&self, now: OffsetDateTime) -> Option<Arc<FederationToken>> {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|kept| kept.serve_until <= now) {
            *kept = None;
            self.last().1 = None;
        }
        kept.as_ref().map(|kept| Arc::clone(&kept.token))
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, (u64, Option<Outcome>)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
