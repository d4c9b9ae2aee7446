//! How long tokens are served, and who asks for them.

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
    let asked_anew =
        house.tokens.token(&ada(), &UserId::new("2"), soon(), async || house.fresh()).await.unwrap();
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
