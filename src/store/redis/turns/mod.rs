//! The call budget of all replicas together: one line for each operation of an account and a Region.
//!
//! Redis keeps the pace and the order; each replica asks for its own people, all of a line at once. People whose
//! replica is gone keep their places for two minutes, and whoever comes back for the same work at another replica goes
//! on in the old place.

mod line;
mod scripts;
mod serving;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout_at;

use super::Redis;
use crate::model::{
    Busy, Call, CallBudget, CallUse, NotAdmitted, Patience, Priority, Rates, StateUnavailable, Ticket,
};
use line::{Line, Place, Turn};
use scripts::Joined;

/// Where people wait who sign in, whether or not this replica has made such a call.
const SIGN_IN: [&str; 12] = [
    "AssociateUserProficiencies",
    "CreateUser",
    "DescribeUser",
    "GetFederationToken",
    "ListUserProficiencies",
    "SearchUsers",
    "TagResource",
    "UpdateUserConfig",
    "UpdateUserHierarchy",
    "UpdateUserIdentityInfo",
    "UpdateUserRoutingProfile",
    "UpdateUserSecurityProfiles",
];

/// The budget that replicas share.
pub struct SharedBudget(Arc<Shared>);

struct Shared {
    redis: Redis,
    rates: Rates,
    /// This replica's name in the lines.
    replica: String,
    lines: Mutex<HashMap<Call, Line>>,
    /// Counts the questions for turns.
    asked: AtomicU64,
}

impl SharedBudget {
    /// `rates` are what AWS allows all replicas together.
    #[must_use]
    pub fn new(redis: Redis, rates: Rates) -> Self {
        let replica = hex::encode(redis.nonce());
        Self(Arc::new(Shared { redis, rates, replica, lines: Mutex::default(), asked: AtomicU64::new(0) }))
    }
}

#[async_trait]
impl CallBudget for SharedBudget {
    async fn admit(&self, call: &Call, patience: Patience) -> Result<(), NotAdmitted> {
        self.0.wait(call, patience).await
    }

    async fn throttled(&self, call: &Call) {
        tracing::warn!(operation = call.operation, region = %call.region, "AWS throttles this call: slowing down");
        self.0.with(call, |line| line.throttled += 1);
        match self.0.slow_down(call).await {
            Ok(standing) => self.0.with(call, |line| line.standing = standing),
            Err(error) => tracing::warn!(cause = %error, "the other replicas do not slow down"),
        }
    }

    async fn outlook(&self, ticket: Ticket, priority: Priority) -> Option<Duration> {
        for (account, region) in self.0.regions() {
            let mut operations = self.0.operations(&account, &region);
            operations.extend(SIGN_IN);
            let asked =
                self.0.look_for((&account, &region), &operations, &self.0.named(ticket), priority).await;
            match asked {
                Ok(Some(turn)) => return Some(turn),
                Ok(None) => {}
                Err(error) => tracing::warn!(cause = %error, "nobody can tell when a turn comes"),
            }
        }
        None
    }

    fn uses(&self) -> Vec<CallUse> {
        let rate = |call: &Call| self.0.rates.of(call.operation);
        self.0.lock().iter().map(|(call, line)| line.used(call, rate(call))).collect()
    }
}

impl Shared {
    async fn wait(self: &Arc<Self>, call: &Call, patience: Patience) -> Result<(), NotAdmitted> {
        let mut takes_over = true;
        loop {
            let mut place = Place::enter(self, call, patience);
            match self.joined(&mut place, patience, takes_over).await? {
                Joined::Passed => return Ok(()),
                Joined::Never(turn) => return Err(Busy { retry_after: turn }.into()),
                Joined::Waits(_) => {}
            }
            match timeout_at(patience.until(), &mut place.turn).await {
                Ok(Ok(Turn::Came)) => return Ok(()),
                Ok(Ok(Turn::Unavailable(why))) => return Err(why.into()),
                // Redis lost its data, or another replica has taken the work over.
                Ok(Ok(Turn::Lost) | Err(_)) => takes_over = false,
                Err(_) => return self.give_up(place, patience).await,
            }
        }
    }

    async fn joined(
        self: &Arc<Self>,
        place: &mut Place,
        patience: Patience,
        takes_over: bool,
    ) -> Result<Joined, StateUnavailable> {
        let (joined, standing) = self.join(place, patience, Some(patience.left()), takes_over).await?;
        match joined {
            Joined::Waits(turn) => self.await_turn(place, turn),
            Joined::Passed | Joined::Never(_) => place.leave(),
        }
        self.with(&place.call, |line| line.standing = standing);
        Ok(joined)
    }

    /// Says when the turn would have come, unless it comes right now.
    async fn give_up(&self, mut place: Place, patience: Patience) -> Result<(), NotAdmitted> {
        if matches!(place.turn.try_recv(), Ok(Turn::Came)) {
            return Ok(());
        }
        let (joined, _) = self.join(&place, patience, None, false).await?;
        place.leave();
        match joined {
            Joined::Passed => Ok(()),
            Joined::Never(turn) | Joined::Waits(turn) => Err(Busy { retry_after: turn }.into()),
        }
    }

    /// Under which name the work waits: the same at every replica, and it tells nobody else whose work it is.
    fn named(&self, ticket: Ticket) -> String {
        let digest = self.redis.digest_of_guessable("ticket", &[&ticket.0.to_be_bytes()]);
        hex::encode(&digest[..16])
    }

    fn regions(&self) -> BTreeSet<(String, String)> {
        self.lock().keys().map(|call| (call.account.clone(), call.region.clone())).collect()
    }

    fn operations(&self, account: &str, region: &str) -> BTreeSet<&'static str> {
        let lines = self.lock();
        let own = lines.keys().filter(|call| call.account == account && call.region == region);
        own.map(|call| call.operation).collect()
    }

    fn with<T>(&self, call: &Call, work: impl FnOnce(&mut Line) -> T) -> T {
        let mut lines = self.lock();
        if let Some(line) = lines.get_mut(call) {
            return work(line);
        }
        work(lines.entry(call.clone()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Call, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
