//! One AWS call: it waits its turn, and is made again only where that can help.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use super::{
    Breaker, Busy, Call, CallBudget, CallError, CallObserver, Cause, NotAdmitted, Patience, Random,
    StateUnavailable, TicketKey, Unobserved, spans,
};

/// Pauses before a call that met a fault of AWS or of the network is made again, at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1600)];

/// Why there is no answer.
#[derive(Debug)]
pub enum Stopped {
    /// The call's turn is further away than its caller may wait.
    Busy(Busy),
    /// Nobody knows whose turn it is.
    Unavailable(StateUnavailable),
    /// The last attempt's error.
    Failed(CallError),
}

impl From<NotAdmitted> for Stopped {
    fn from(not_admitted: NotAdmitted) -> Self {
        match not_admitted {
            NotAdmitted::Busy(busy) => Self::Busy(busy),
            NotAdmitted::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

/// What paces every call of this process.
#[derive(Clone)]
pub struct Pace {
    budget: Arc<dyn CallBudget>,
    random: Arc<dyn Random>,
    tickets: TicketKey,
    observer: Arc<dyn CallObserver>,
}

impl Pace {
    /// `random` spreads the pauses between attempts. The names in the line are this process's own.
    #[must_use]
    pub fn new(budget: Arc<dyn CallBudget>, random: Arc<dyn Random>) -> Self {
        let tickets = TicketKey::random(&*random);
        Self { budget, random, tickets, observer: Arc::new(Unobserved) }
    }

    /// The same with names in the line that every replica gives alike.
    #[must_use]
    pub fn with_common_tickets(self) -> Self {
        Self { tickets: TicketKey::common(), ..self }
    }

    /// The same, with somebody who hears of each call.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn CallObserver>) -> Self {
        Self { observer, ..self }
    }

    /// What names the pieces of work in the line.
    #[must_use]
    pub fn tickets(&self) -> &TicketKey {
        &self.tickets
    }

    /// The budget.
    #[must_use]
    pub fn budget(&self) -> &dyn CallBudget {
        &*self.budget
    }
}

/// Makes the calls to one service for one instance: paced, and none while that service does not answer.
pub struct Caller {
    pace: Pace,
    breaker: Breaker,
}

impl Caller {
    /// Nothing is known of the service yet.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self { pace, breaker: Breaker::default() }
    }

    /// The budget.
    #[must_use]
    pub fn budget(&self) -> &dyn CallBudget {
        self.pace.budget()
    }

    /// Makes one call when its turn has come.
    ///
    /// # Errors
    /// [`Stopped`]: the budget is used up, or the call failed for good.
    pub async fn call<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: &Call,
        patience: Patience,
        attempt: impl Fn() -> F,
    ) -> Result<T, Stopped> {
        self.admit(call, patience).await?;
        self.call_admitted(call, patience, attempt).await
    }

    /// Waits for the turn of a call that [`Self::call_admitted`] makes.
    ///
    /// # Errors
    /// [`Stopped`]: the budget is used up, or the service does not answer.
    pub async fn admit(&self, call: &Call, patience: Patience) -> Result<(), Stopped> {
        self.check_answers(call)?;
        Ok(self.pace.budget.admit(call, patience).await?)
    }

    /// Makes one call whose first turn was taken before.
    ///
    /// # Errors
    /// [`Stopped`]: the budget is used up, or the call failed for good.
    pub async fn call_admitted<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: &Call,
        patience: Patience,
        attempt: impl Fn() -> F,
    ) -> Result<T, Stopped> {
        if !self.breaker.admits(Instant::now()) {
            return Err(silent(call));
        }
        let outcome = self.attempts(call, patience, attempt).await;
        match &outcome {
            Err(Stopped::Failed(error)) if error.cause == Cause::Unavailable => {
                self.breaker.failed(Instant::now());
            }
            _ => self.breaker.answered(),
        }
        outcome
    }

    async fn attempts<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        call: &Call,
        patience: Patience,
        attempt: impl Fn() -> F,
    ) -> Result<T, Stopped> {
        let mut pauses = PAUSES.into_iter();
        let mut is_clock_known = false;
        loop {
            let error = match self.attempt(call, attempt()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.cause {
                Cause::Throttled => self.pace.budget.throttled(call).await,
                Cause::ClockOff if !is_clock_known => is_clock_known = true,
                Cause::Unavailable => match pauses.next().map(|most| self.spread(most)) {
                    Some(pause) if pause <= patience.left() => sleep(pause).await,
                    _ => return Err(Stopped::Failed(error)),
                },
                _ => return Err(Stopped::Failed(error)),
            }
            self.pace.budget.admit(call, patience.again()).await?;
        }
    }

    /// One attempt, counted and in a span of its own.
    async fn attempt<T>(
        &self,
        call: &Call,
        attempt: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let (span, began) = (spans::aws_call(call), Instant::now());
        let answer = attempt.instrument(span.clone()).await;
        let result = answer.as_ref().map_or_else(|error| error.cause.word(), |_| "ok");
        spans::ended(&span, answer.is_err().then_some(result));
        self.pace.observer.called(call, result, began.elapsed());
        answer
    }

    /// Nobody waits for a turn at a service that does not answer.
    fn check_answers(&self, call: &Call) -> Result<(), Stopped> {
        if self.breaker.is_open(Instant::now()) { Err(silent(call)) } else { Ok(()) }
    }

    /// Between half of it and all of it: those who failed together don't come back together.
    fn spread(&self, most: Duration) -> Duration {
        let mut byte = [0_u8];
        self.pace.random.fill(&mut byte);
        most.mul_f64(0.5 + f64::from(byte[0]) / 510.0)
    }
}

/// The call is not made.
fn silent(call: &Call) -> Stopped {
    Stopped::Failed(CallError {
        operation: call.operation,
        cause: Cause::Unavailable,
        code: "not asked, since AWS did not answer the last calls".to_owned(),
        request_id: None,
    })
}
