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
        shared.token(user, wanted, (now, until), ask).await
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
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use time::macros::datetime;
    use tokio::sync::Notify;
    use url::Url;

    use super::*;
    use crate::model::Secret;

    const START: OffsetDateTime = datetime!(2026-03-01 08:00 UTC);

    #[derive(Default)]
    struct Minutes(AtomicI64);

    impl Clock for Minutes {
        fn now(&self) -> OffsetDateTime {
            START + time::Duration::minutes(self.0.load(Ordering::SeqCst))
        }
    }

    /// Tokens that live an hour, from a source that counts.
    struct House {
        clock: Arc<Minutes>,
        tokens: Tokens,
        asked: AtomicUsize,
    }

    impl House {
        fn new(max_age: Duration) -> Arc<Self> {
            let lifetimes = Lifetimes {
                margin: Duration::from_mins(5),
                max_age,
                refresh_ahead: Duration::from_mins(10),
                refusal: Duration::from_secs(10),
            };
            let clock = Arc::new(Minutes::default());
            let skew = Arc::default();
            let tokens = Tokens::new(lifetimes, Arc::clone(&clock) as Arc<dyn Clock>, skew);
            Arc::new(Self { clock, tokens, asked: AtomicUsize::new(0) })
        }

        fn fresh(&self) -> Result<FederationToken, Error> {
            self.fresh_for("1")
        }

        #[expect(clippy::unnecessary_wraps, reason = "what a source answers")]
        fn fresh_for(&self, id: &str) -> Result<FederationToken, Error> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            Ok(FederationToken {
                access_token: Secret::new(format!("token {number}")),
                access_token_expiration: self.clock.now() + time::Duration::HOUR,
                refresh_token: Secret::new("refresh"),
                refresh_token_expiration: self.clock.now() + 12 * time::Duration::HOUR,
                sign_in_url: Url::parse("https://acme.my.connect.aws/auth/sign-in").unwrap(),
                user_id: UserId::new(id),
            })
        }

        async fn token_at(&self, minute: i64) -> String {
            self.clock.0.store(minute, Ordering::SeqCst);
            let token =
                self.tokens.token(&ada(), &UserId::new("1"), soon(), async || self.fresh()).await.unwrap();
            token.access_token.expose().to_owned()
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    fn ada() -> Username {
        Username::new("ada").unwrap()
    }

    #[tokio::test]
    async fn a_token_is_served_until_its_margin_begins() {
        let house = House::new(Duration::from_hours(12));
        assert_eq!(house.token_at(0).await, "token 1");
        assert_eq!(house.token_at(54).await, "token 1");
        assert_eq!(house.token_at(55).await, "token 2");
    }

    #[tokio::test]
    async fn a_token_is_never_served_longer_than_the_configured_maximum() {
        let house = House::new(Duration::from_mins(20));
        assert_eq!(house.token_at(0).await, "token 1");
        assert_eq!(house.token_at(19).await, "token 1");
        assert_eq!(house.token_at(20).await, "token 2");
    }

    #[tokio::test]
    async fn a_token_of_a_user_that_was_created_anew_is_not_served() {
        let house = House::new(Duration::from_hours(12));
        house.token_at(0).await;
        let asked_anew = house.tokens.token(&ada(), &UserId::new("2"), async || house.fresh()).await.unwrap();
        assert_eq!(asked_anew.access_token.expose(), "token 2");
    }

    #[tokio::test]
    async fn a_token_is_due_ahead_of_its_end_and_forgotten_after_it() {
        let house = House::new(Duration::from_hours(12));
        house.token_at(0).await;
        for (minute, due) in [(44, false), (45, true), (54, true), (55, false)] {
            house.clock.0.store(minute, Ordering::SeqCst);
            assert_eq!(house.tokens.due() == [ada()], due, "minute {minute}");
            assert_eq!(house.tokens.count(), usize::from(minute < 55), "minute {minute}");
        }
        house.tokens.replace(&ada(), &UserId::new("1"), soon(), async || house.fresh()).await.unwrap();
        assert_eq!(house.asked.load(Ordering::SeqCst), 1, "nothing is left to refresh");
    }

    #[tokio::test]
    async fn a_refresh_replaces_the_token_and_a_failed_one_keeps_it() {
        let house = House::new(Duration::from_hours(12));
        house.token_at(0).await;
        let failed =
            house.tokens.replace(&ada(), &UserId::new("1"), soon(), async || Err(Error::OtherUser)).await;
        assert_eq!(failed, Err(Error::OtherUser));
        assert_eq!(house.token_at(50).await, "token 1");
        house.tokens.replace(&ada(), &UserId::new("1"), soon(), async || house.fresh()).await.unwrap();
        assert_eq!(house.token_at(90).await, "token 2");
    }

    #[tokio::test]
    async fn what_was_purged_is_not_served_even_if_its_request_was_under_way() {
        let house = House::new(Duration::from_hours(12));
        let (asking, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let under_way = {
            let (house, asking, go_on) = (Arc::clone(&house), Arc::clone(&asking), Arc::clone(&go_on));
            tokio::spawn(async move {
                let slow = async || {
                    asking.notify_one();
                    go_on.notified().await;
                    house.fresh()
                };
                house.tokens.token(&ada(), &UserId::new("1"), soon(), slow).await.map(drop)
            })
        };
        asking.notified().await;
        house.tokens.purge(&ada()).await;
        go_on.notify_one();
        assert_eq!(under_way.await.unwrap(), Ok(()));
        assert_eq!(house.token_at(0).await, "token 2");
        house.tokens.purge(&ada()).await;
        assert_eq!(house.token_at(0).await, "token 3");
    }

    #[tokio::test]
    async fn whoever_waits_takes_no_outcome_of_a_user_that_was_created_anew() {
        for good in [true, false] {
            let house = House::new(Duration::from_hours(12));
            let go_on = Arc::new(Notify::new());
            let (old, anew) = (UserId::new("1"), UserId::new("2"));
            let slow = async || {
                go_on.notified().await;
                if good { house.fresh() } else { Err(Error::OtherUser) }
            };
            let name = ada();
            let first = house.tokens.token(&name, &old, soon(), slow);
            let waiting = house.tokens.token(&name, &anew, soon(), async || house.fresh_for("2"));
            let release = async {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                go_on.notify_one();
            };
            let (first, waited, ()) = tokio::join!(first, waiting, release);
            assert_eq!(first.map(drop).is_ok(), good);
            assert_eq!(waited.unwrap().user_id, anew);
        }
    }

    #[tokio::test]
    async fn those_who_wait_for_one_request_share_its_outcome_good_or_bad() {
        for good in [true, false] {
            let house = House::new(Duration::from_hours(12));
            let go_on = Arc::new(tokio::sync::Semaphore::new(0));
            let mut callers = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let (house, go_on) = (Arc::clone(&house), Arc::clone(&go_on));
                callers.spawn(async move {
                    let slow = async || {
                        drop(go_on.acquire().await);
                        let token = house.fresh();
                        if good { token } else { Err(Error::OtherUser) }
                    };
                    house.tokens.token(&ada(), &UserId::new("1"), soon(), slow).await.is_ok()
                });
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            go_on.add_permits(1);
            assert_eq!(callers.join_all().await, vec![good; 20]);
            assert_eq!(house.asked.load(Ordering::SeqCst), 1);
        }
    }
}
