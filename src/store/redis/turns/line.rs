//! One line as this replica knows it: its own people, and how Redis last said that the line stands.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::Shared;
use crate::model::{Call, CallUse, Patience, Rate, StateUnavailable};

/// What somebody who waits is told.
pub(super) enum Turn {
    /// The call may be made now.
    Came,
    /// The place is gone.
    Lost,
    /// Nobody knows.
    Unavailable(StateUnavailable),
}

/// This replica's part of a line.
pub(super) struct Line {
    pub(super) waiting: HashMap<String, Waiter>,
    /// Whether a task asks for turns.
    pub(super) is_served: bool,
    /// When it asks next, unless it is woken.
    pub(super) asks_at: Instant,
    pub(super) wake: Arc<Notify>,
    pub(super) standing: Standing,
    /// How often AWS throttled this process.
    pub(super) throttled: u64,
    entered: u64,
}

pub(super) struct Waiter {
    number: u64,
    pub(super) turn: oneshot::Sender<Turn>,
    /// Whether Redis has said that it waits.
    pub(super) has_joined: bool,
}

/// How a line stood when Redis was asked last.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) at: Instant,
    /// How far the even spacing of calls was ahead.
    pub(super) lead: Duration,
    /// The part of the rate that is in use since AWS throttled.
    pub(super) factor: f64,
    pub(super) waiting: usize,
}

impl Default for Line {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            waiting: HashMap::new(),
            is_served: false,
            asks_at: now,
            wake: Arc::default(),
            standing: Standing { at: now, lead: Duration::ZERO, factor: 1.0, waiting: 0 },
            throttled: 0,
            entered: 0,
        }
    }
}

impl Line {
    /// Those who gave up.
    pub(super) fn take_left(&mut self) -> Vec<String> {
        self.waiting.extract_if(|_, waiter| waiter.turn.is_closed()).map(|(entry, _)| entry).collect()
    }

    pub(super) fn tell(&mut self, entry: &str, turn: Turn) {
        if let Some(waiter) = self.waiting.remove(entry) {
            // Whoever gave up has had their turn all the same.
            waiter.turn.send(turn).ok();
        }
    }

    pub(super) fn used(&self, call: &Call, rate: Rate) -> CallUse {
        let Standing { at, lead, factor, waiting } = self.standing;
        CallUse {
            call: call.clone(),
            per_second: rate.per_second * factor,
            left: left(rate, factor, lead.saturating_sub(at.elapsed())),
            waiting: if self.waiting.is_empty() && !self.is_served { 0 } else { waiting },
            throttled: self.throttled,
        }
    }
}

/// How many turns would come at once.
fn left(rate: Rate, factor: f64, mut lead: Duration) -> u32 {
    let even = Duration::try_from_secs_f64(1.0 / rate.per_second).unwrap_or(Duration::MAX);
    let (head_start, interval) =
        (even.saturating_mul(rate.burst.saturating_sub(3)), even.div_f64(factor.max(0.01)));
    let mut left = 0;
    while lead <= head_start && left < rate.burst {
        left += 1;
        lead = lead.saturating_add(interval);
    }
    left
}

/// Somebody's place. Whoever drops it gives it up.
pub(super) struct Place {
    shared: Arc<Shared>,
    pub(super) call: Call,
    pub(super) entry: String,
    pub(super) turn: oneshot::Receiver<Turn>,
    number: u64,
}

impl Place {
    pub(super) fn enter(shared: &Arc<Shared>, call: &Call, patience: Patience) -> Self {
        let (turn, comes) = oneshot::channel();
        let (entry, number) = shared.with(call, |line| {
            line.entered += 1;
            let number = line.entered;
            let entry = match patience.ticket().map(|ticket| shared.named(ticket)) {
                Some(name) if line.waiting.get(&name).is_none_or(|waiter| waiter.turn.is_closed()) => name,
                // The same work waits for two calls of this kind at once: the second one can't be found by its ticket.
                Some(name) => format!("{name}-{number}"),
                None => format!("{}-{number}", shared.replica),
            };
            line.waiting.insert(entry.clone(), Waiter { number, turn, has_joined: false });
            (entry, number)
        });
        Self { shared: Arc::clone(shared), call: call.clone(), entry, turn: comes, number }
    }

    /// Redis does not know of it.
    pub(super) fn leave(&self) {
        self.shared.with(&self.call, |line| {
            if self.is_in(line) {
                line.waiting.remove(&self.entry);
            }
        });
    }

    /// Redis does.
    pub(super) fn has_joined(&self, line: &mut Line) {
        if self.is_in(line)
            && let Some(waiter) = line.waiting.get_mut(&self.entry)
        {
            waiter.has_joined = true;
        }
    }

    fn is_in(&self, line: &Line) -> bool {
        line.waiting.get(&self.entry).is_some_and(|waiter| waiter.number == self.number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.turn.close();
        if self.shared.with(&self.call, |line| self.is_in(line)) {
            self.shared.be_served(&self.call, Duration::ZERO);
        }
    }
}
