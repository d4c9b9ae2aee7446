//! One AWS call: it waits its turn, and is made again only where that can help.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Busy, Call, CallBudget, CallError, Cause};

/// Pauses before a call that met a fault of AWS or of the network is made again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Why there is no answer.
#[derive(Debug)]
pub enum Stopped {
    /// The call's turn is further away than its caller may wait.
    Busy(Busy),
    /// The last attempt's error.
    Failed(CallError),
}

/// How long a piece of work may still wait for turns. A deadline: shared by all calls of one sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Patience(Instant);

impl Patience {
    /// Starts now.
    #[must_use]
    pub fn lasting(length: Duration) -> Self {
        Self(Instant::now() + length)
    }

    /// What is left of it.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Makes one call, paced by `budget`.
///
/// # Errors
/// [`Stopped`]: the budget is used up, or the call failed for good.
pub async fn paced<T, F: Future<Output = Result<T, CallError>>>(
    budget: &dyn CallBudget,
    call: &Call,
    patience: Patience,
    attempt: impl Fn() -> F,
) -> Result<T, Stopped> {
    budget.admit(call, patience.left()).await.map_err(Stopped::Busy)?;
    admitted(budget, call, patience, attempt).await
}

/// Makes one call whose first turn was taken before.
///
/// # Errors
/// [`Stopped`]: the budget is used up, or the call failed for good.
pub async fn admitted<T, F: Future<Output = Result<T, CallError>>>(
    budget: &dyn CallBudget,
    call: &Call,
    patience: Patience,
    attempt: impl Fn() -> F,
) -> Result<T, Stopped> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.cause {
            Cause::Throttled => budget.throttled(call),
            Cause::Unavailable => match pauses.next() {
                Some(pause) if pause <= patience.left() => sleep(pause).await,
                _ => return Err(Stopped::Failed(error)),
            },
            _ => return Err(Stopped::Failed(error)),
        }
        budget.admit(call, patience.left()).await.map_err(Stopped::Busy)?;
    }
}
