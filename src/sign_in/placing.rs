//! What the rules make of a person, away from the threads that answer requests when that must be computed.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::Instrument as _;

use crate::mapping::{Rules, place};
use crate::model::{Identity, InstanceName, Placed, Placement, Trace, spans};

use super::{Cause, SignIn, SignInError};

/// The rules in force.
pub struct RulesInForce {
    rules: RwLock<Arc<Rules>>,
    /// One for each core: more at a time would only make all of them late.
    cores: Arc<Semaphore>,
}

impl RulesInForce {
    /// Puts `rules` in force, until others are.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { rules: RwLock::new(Arc::new(rules)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// Those of this moment.
    #[must_use]
    pub fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rules that only compare are done before a thread could begin with them.
    async fn place(&self, identity: &Identity, instance: &InstanceName) -> Result<Placed, Cause> {
        let rules = self.now();
        if !rules.has_expressions() {
            return Ok(place(identity, instance, &rules));
        }
        let (identity, instance) = (identity.clone(), instance.clone());
        self.compute(move |rules| place(&identity, &instance, rules)).await
    }

    /// Does what takes its time with the rules on another thread, and on no more of those than there are cores.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rules) -> T + Send + 'static,
    ) -> Result<T, Cause> {
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Cause::Stopped)?;
        let rules = self.now();
        let work = move || {
            let _held = core;
            work(&rules)
        };
        spawn_blocking(work).await.map_err(|_| Cause::Stopped)
    }
}

impl SignIn {
    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.parts.rules.now()
    }

    /// Puts other rules in force: every decision from here on is theirs, whole.
    pub fn replace_rules(&self, rules: Rules) {
        *self.parts.rules.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// The person's place in `instance`.
    pub(super) async fn place(
        &self,
        identity: &Identity,
        instance: &InstanceName,
    ) -> Result<(Placement, Trace), SignInError> {
        let span = spans::place(instance);
        let placed = self.parts.rules.place(identity, instance).instrument(span.clone()).await?;
        self.parts.observer.placed(&identity.idp, &placed);
        let Placed { outcome, trace } = placed;
        spans::ended(&span, outcome.as_ref().err().map(|denial| denial.code.id));
        match outcome {
            Ok(placement) => Ok((placement, trace)),
            Err(denial) => Err(SignInError::from(Cause::Denied(denial)).with_trace(trace)),
        }
    }

    /// The person's place in `instance`; where nobody has said which one, in the first that has one for them.
    pub(super) async fn place_anywhere(
        &self,
        identity: &Identity,
        instance: Option<&InstanceName>,
    ) -> Result<(Placement, Trace), SignInError> {
        if let Some(instance) = instance {
            return self.place(identity, instance).await;
        }
        let mut refusal = None;
        for instance in self.parts.instances.iter().filter(|known| known.idps.contains(&identity.idp)) {
            match self.place(identity, &instance.name).await {
                Err(error) => refusal.get_or_insert(error),
                placed => return placed,
            };
        }
        Err(refusal.unwrap_or_else(|| Cause::UnknownIdp.into()))
    }
}
