//! Tokens kept for a while, one request in flight per user.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Error;
use super::shared::{Shared, Wanted};
use super::skew::Skew;
use super::slot::{Kept, Last, Outcome, Refused, Slot};
use crate::model::{Clock, FederationToken, UserId, Username};

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
    /// A refusal is answered again without asking.
    pub(super) refusal: Duration,
}

/// The tokens of one instance and role, in memory only.
#[derive(Clone)]
pub(super) struct Tokens {
    slots: Cache<Username, Arc<Slot>>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    skew: Arc<Skew>,
    shared: Option<Shared>,
}

impl Tokens {
    pub(super) fn new(lifetimes: Lifetimes, clock: Arc<dyn Clock>, skew: Arc<Skew>) -> Self {
        let slots = Cache::builder().max_capacity(CAPACITY).time_to_idle(IDLE).build();
        Self { slots, lifetimes, clock, skew, shared: None }
    }

    /// The same tokens as other replicas.
    pub(super) fn sharing(self, shared: Shared) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// The kept token or refusal of this user, else what `ask` brings.
    pub(super) async fn token<F: Future<Output = Result<FederationToken, Error>> + Send>(
        &self,
        username: &Username,
        id: &UserId,
        until: Instant,
        ask: impl FnOnce() -> F + Send,
    ) -> Outcome {
        let slot = self.slots.get_with_by_ref(username, async { Arc::default() }).await;
        // What is shared is asked for each time: it may have been purged elsewhere.
        let own = |now| slot.served(now).filter(|token| token.user_id == *id && self.shared.is_none());
        let kept = || {
            let now = self.clock.now();
            own(now).map(Ok).or_else(|| slot.refusal(id, now).map(Err))
        };
        if let Some(kept) = kept() {
            return kept;
        }
        self.fly(&slot, id, kept, || self.asked((username, id), Wanted::Any, until, ask)).await
    }

    /// What is shared, or what `ask` brings.
    async fn asked<F: Future<Output = Result<FederationToken, Error>> + Send>(
        &self,
        user: (&Username, &UserId),
        wanted: Wanted,
        until: Instant,
        ask: impl FnOnce() -> F + Send,
    ) -> Result<Option<Kept>, Error> {
        let now = self.clock.now();
        let ask = || async move {
            let token = Arc::new(ask().await?);
            let serve_until = self.serve_until(&token, now);
            Ok(Kept { token, serve_until })
        };
        let Some(shared) = &self.shared else { return ask().await.map(Some) };
        shared.token(user, wanted, until, ask).await
    }

    /// Why this user was refused a moment ago.
    pub(super) async fn refusal(&self, username: &Username, id: &UserId) -> Option<Error> {
        self.slots.get(username).await?.refusal(id, self.clock.now())
    }

    /// Answers with `error` for a moment, if it is final.
    pub(super) async fn refuse(&self, username: &Username, id: &UserId, error: &Error) {
        let slot = self.slots.get_with_by_ref(username, async { Arc::default() }).await;
        self.keep_refusal(&slot, id, error);
    }

    /// Asks again although AWS has just said no: the question comes with other credentials.
    pub(super) async fn forget_refusal(&self, username: &Username) {
        if let Some(slot) = self.slots.get(username).await {
            *slot.refused() = None;
        }
    }

    fn keep_refusal(&self, slot: &Slot, id: &UserId, error: &Error) {
        if error.is_final() {
            let until = self.clock.now() + self.lifetimes.refusal;
            *slot.refused() = Some(Refused { user: id.clone(), error: error.clone(), until });
        }
    }

    /// Replaces the kept token, if there is one, by what `ask` brings.
    pub(super) async fn replace<F: Future<Output = Result<FederationToken, Error>> + Send>(
        &self,
        username: &Username,
        id: &UserId,
        until: Instant,
        ask: impl FnOnce() -> F + Send,
    ) -> Result<(), Error> {
        let Some(slot) = self.slots.get(username).await.filter(|slot| slot.kept().is_some()) else {
            return Ok(());
        };
        let wanted = Wanted::Newer(self.lifetimes.refresh_ahead);
        match self.fly(&slot, id, || None, || self.asked((username, id), wanted, until, ask)).await {
            // Purged elsewhere.
            Err(Error::SessionOver) if self.shared.is_some() => {
                self.slots.invalidate(username).await;
                Ok(())
            }
            flown => flown.map(drop),
        }
    }

    pub(super) async fn purge(&self, username: &Username) {
        self.slots.invalidate(username).await;
        if let Some(shared) = &self.shared {
            shared.purge(username).await;
        }
    }

    /// Whether a token of this user is kept, here or at another replica.
    pub(super) async fn has(&self, username: &Username) -> bool {
        match &self.shared {
            Some(shared) => shared.has(username).await,
            None => {
                self.slots.get(username).await.is_some_and(|slot| slot.served(self.clock.now()).is_some())
            }
        }
    }

    /// How many tokens are still served.
    pub(super) fn count(&self) -> usize {
        let now = self.clock.now();
        self.slots.iter().filter(|(_, slot)| slot.served(now).is_some()).count()
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

    /// One request at a time: whoever waited for another's request for the same user takes its outcome, good
    /// or bad.
    async fn fly<F: Future<Output = Result<Option<Kept>, Error>>>(
        &self,
        slot: &Slot,
        id: &UserId,
        kept: impl Fn() -> Option<Outcome>,
        ask: impl FnOnce() -> F,
    ) -> Outcome {
        let seen = slot.last().count;
        let _flight = slot.flight.lock().await;
        let Last { count, outcome } = slot.last().clone();
        if let Some((_, outcome)) = outcome.filter(|(asked, _)| count != seen && asked == id) {
            return outcome;
        }
        if let Some(kept) = kept() {
            return kept;
        }
        let outcome = match ask().await.and_then(|kept| kept.ok_or(Error::SessionOver)) {
            Ok(kept) => {
                let token = Arc::clone(&kept.token);
                *slot.kept() = Some(kept);
                *slot.refused() = None;
                Ok(token)
            }
            Err(error) => {
                self.keep_refusal(slot, id, &error);
                Err(error)
            }
        };
        *slot.last() = Last { count: count + 1, outcome: Some((id.clone(), outcome.clone())) };
        outcome
    }

    fn serve_until(&self, token: &FederationToken, asked_at: OffsetDateTime) -> OffsetDateTime {
        let ends = self.skew.by_our_clock(token.access_token_expiration);
        (ends - self.lifetimes.margin).min(asked_at + self.lifetimes.max_age)
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
