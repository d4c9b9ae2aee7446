//! Calls that are not made, because the last ones got no answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many pieces of work in a row got no answer, each after its own attempts.
const FAILURES: u32 = 5;
/// For so long nobody asks.
const OPEN_FOR: Duration = Duration::from_secs(5);
/// A call that was let through as a trial and never reported back is forgotten after this.
const TRIAL_TAKES: Duration = Duration::from_mins(1);

/// Stands before one service of one instance. Open: calls fail at once instead of after their timeouts. After a
/// while one call is let through, and its answer decides.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
struct State {
    failures: u32,
    /// Nobody asks before this.
    closed_until: Option<Instant>,
}

impl Breaker {
    /// Whether the call may be made now.
    #[must_use]
    pub fn admits(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.closed_until {
            Some(until) if now < until => false,
            Some(_) => {
                // This one is the trial; the others wait for what comes of it.
                state.closed_until = Some(now + TRIAL_TAKES);
                true
            }
            None => true,
        }
    }

    /// Whether calls fail at once now.
    #[must_use]
    pub fn is_open(&self, now: Instant) -> bool {
        self.state().closed_until.is_some_and(|until| now < until)
    }

    /// There was an answer, whatever it says.
    pub fn answered(&self) {
        *self.state() = State::default();
    }

    /// There was none.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.closed_until = Some(now + OPEN_FOR);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_in_a_row_nobody_asks_until_a_trial_is_answered() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            assert!(breaker.admits(now));
            breaker.failed(now);
        }
        assert!(!breaker.admits(now + OPEN_FOR / 2));
        let later = now + OPEN_FOR;
        assert!(breaker.admits(later), "one trial");
        assert!(!breaker.admits(later), "and one only");
        breaker.failed(later);
        assert!(!breaker.admits(later + OPEN_FOR / 2));
        assert!(breaker.admits(later + OPEN_FOR));
        breaker.answered();
        assert!(breaker.admits(later + OPEN_FOR) && breaker.admits(later + OPEN_FOR));
    }

    #[test]
    fn an_answer_between_failures_starts_the_count_anew() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..20 {
            for _ in 1..FAILURES {
                breaker.failed(now);
            }
            breaker.answered();
        }
        assert!(breaker.admits(now));
    }

    #[test]
    fn a_trial_that_never_comes_back_is_followed_by_another() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        (0..FAILURES).for_each(|_| breaker.failed(now));
        assert!(breaker.admits(now + OPEN_FOR));
        assert!(breaker.admits(now + OPEN_FOR + TRIAL_TAKES));
    }
}
