//! One AWS call: it waits its turn, and is made again only where that can help.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Busy, Call, CallBudget};

/// Pauses before a call that met a fault of AWS or of the network is made again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// What a failed call means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Too many calls: wait for a turn again.
    Throttled,
    /// No answer, or a fault of AWS's own: worth a few more attempts.
    Transient,
    /// An answer: asking again changes nothing. A full quota belongs here.
    Final,
}

impl Fault {
    /// Reads an error code and an HTTP status of AWS. `LimitExceededException` has the status of
    /// throttling (429) and is a full quota.
    #[must_use]
    pub fn of(code: Option<&str>, status: Option<u16>) -> Self {
        match (code.unwrap_or_default(), status) {
            ("LimitExceededException", _) => Self::Final,
            ("ThrottlingException" | "Throttling" | "RequestLimitExceeded", _) | (_, Some(429)) => {
                Self::Throttled
            }
            ("InternalServiceException" | "InternalFailure" | "ServiceUnavailable", _) | (_, Some(500..)) => {
                Self::Transient
            }
            _ => Self::Final,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The call's turn is further away than its caller may wait.
    Busy(Busy),
    /// The last attempt's error.
    Failed(E),
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
pub async fn paced<T, E, F: Future<Output = Result<T, E>>>(
    budget: &dyn CallBudget,
    call: &Call,
    patience: Patience,
    fault: impl Fn(&E) -> Fault,
    attempt: impl Fn() -> F,
) -> Result<T, Stopped<E>> {
    let mut pauses = PAUSES.into_iter();
    loop {
        budget.admit(call, patience.left()).await.map_err(Stopped::Busy)?;
        let error = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match fault(&error) {
            Fault::Throttled => budget.throttled(call),
            Fault::Transient => match pauses.next() {
                Some(pause) if pause <= patience.left() => sleep(pause).await,
                _ => return Err(Stopped::Failed(error)),
            },
            Fault::Final => return Err(Stopped::Failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn a_full_quota_is_not_taken_for_throttling() {
        assert_eq!(Fault::of(Some("LimitExceededException"), Some(429)), Fault::Final);
        assert_eq!(Fault::of(Some("ThrottlingException"), Some(429)), Fault::Throttled);
        assert_eq!(Fault::of(Some("Throttling"), Some(400)), Fault::Throttled);
        assert_eq!(Fault::of(None, Some(503)), Fault::Transient);
        assert_eq!(Fault::of(Some("InvalidRequestException"), Some(400)), Fault::Final);
    }
}
