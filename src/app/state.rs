//! Where the rooms keep what they share: in this process, or in Redis for all replicas.

use std::sync::Arc;

use async_trait::async_trait;

use super::App;
use crate::budget::ProcessBudget;
use crate::config;
use crate::model::{
    CallBudget, Clock, NamedSessions, Pace, Pending, PendingConfirmation, PendingLogout, PendingSignIn,
    PendingTest, Random, Rates, ReplayGuard, SharedNotes, SharedRecords, StateObserver, StateProbe,
    StateUnavailable,
};
use crate::saml;
use crate::store::redis::{
    Error as RedisError, Redis, RedisNamedSessions, RedisPending, RedisReplay, RedisSessions, SharedBudget,
};
use crate::store::{MemoryNamedSessions, MemoryPending, MemoryReplay, MemorySessions, Sessions};

/// Why the gateway can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Our key or an identity provider's metadata.
    #[error(transparent)]
    Saml(#[from] saml::Error),
    /// The settings of Redis.
    #[error(transparent)]
    State(#[from] RedisError),
}

impl App {
    /// Looks whether shared state can be used as it is, and waits a while for it.
    ///
    /// # Errors
    /// When it can't.
    pub async fn start(&self) -> Result<(), RedisError> {
        match &self.redis {
            Some(redis) => redis.start().await,
            None => Ok(()),
        }
    }

    /// Tells whether shared state is there.
    #[must_use]
    pub fn state(&self) -> Arc<dyn StateProbe> {
        match &self.redis {
            Some(redis) => Arc::new(redis.clone()),
            None => Arc::new(InMemory),
        }
    }
}

/// Every store.
pub(super) struct Stores {
    pub(super) sessions: Sessions,
    pub(super) replay: Arc<dyn ReplayGuard>,
    pub(super) pending: Arc<dyn Pending<PendingSignIn>>,
    pub(super) pending_tests: Arc<dyn Pending<PendingTest>>,
    pub(super) confirmations: Arc<dyn Pending<PendingConfirmation>>,
    pub(super) pending_logouts: Arc<dyn Pending<PendingLogout>>,
    pub(super) named_sessions: Arc<dyn NamedSessions>,
    /// What several replicas use together.
    shared: Option<Redis>,
}

impl Stores {
    /// In this process: for the only replica, and for commands.
    pub(super) fn in_memory(clock: &Arc<dyn Clock>) -> Self {
        Self {
            sessions: Sessions::Memory(MemorySessions::new(clock.clone())),
            replay: Arc::new(MemoryReplay::new(clock.clone())),
            pending: Arc::new(MemoryPending::new(clock.clone())),
            pending_tests: Arc::new(MemoryPending::new(clock.clone())),
            confirmations: Arc::new(MemoryPending::new(clock.clone())),
            pending_logouts: Arc::new(MemoryPending::new(clock.clone())),
            named_sessions: Arc::new(MemoryNamedSessions::new(clock.clone())),
            shared: None,
        }
    }

    /// In Redis.
    pub(super) fn in_redis(redis: &Redis) -> Self {
        Self {
            sessions: Sessions::Redis(RedisSessions::new(redis.clone())),
            replay: Arc::new(RedisReplay::new(redis.clone())),
            pending: Arc::new(RedisPending::new(redis.clone(), "sign-in")),
            pending_tests: Arc::new(RedisPending::new(redis.clone(), "test")),
            confirmations: Arc::new(RedisPending::new(redis.clone(), "confirmation")),
            pending_logouts: Arc::new(RedisPending::new(redis.clone(), "logout")),
            named_sessions: Arc::new(RedisNamedSessions::new(redis.clone())),
            shared: Some(redis.clone()),
        }
    }

    /// The budget of calls: of all replicas together, or this one's part of it.
    pub(super) fn budget(&self, rates: Rates, replicas: u32) -> Arc<dyn CallBudget> {
        match &self.shared {
            Some(redis) => Arc::new(SharedBudget::new(redis.clone(), rates)),
            None => Arc::new(ProcessBudget::new(rates.divided_by(replicas))),
        }
    }

    /// What paces calls.
    pub(super) fn pace(&self, budget: Arc<dyn CallBudget>, random: Arc<dyn Random>) -> Pace {
        let pace = Pace::new(budget, random);
        if self.shared.is_some() { pace.with_common_tickets() } else { pace }
    }

    /// What replicas note together.
    pub(super) fn notes(&self) -> Option<Arc<dyn SharedNotes>> {
        self.shared.clone().map(|redis| Arc::new(redis) as Arc<dyn SharedNotes>)
    }

    /// What replicas know together of users.
    pub(super) fn records(&self) -> Option<Arc<dyn SharedRecords>> {
        self.shared.clone().map(|redis| Arc::new(redis) as Arc<dyn SharedRecords>)
    }
}

/// The connection that the configuration asks for; not connected yet.
///
/// # Errors
/// When its settings can't be used.
pub(super) fn redis(
    state: &config::State,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    observer: Arc<dyn StateObserver>,
) -> Result<Option<Redis>, RedisError> {
    let new = |settings| Redis::new(settings, clock.clone(), random.clone(), observer);
    state.redis.as_ref().map(new).transpose()
}

/// This process's memory is always there.
pub(super) struct InMemory;

#[async_trait]
impl StateProbe for InMemory {
    async fn probe(&self) -> Result<(), StateUnavailable> {
        Ok(())
    }
}
