//! One task for each line asks for the turns of all who wait in it here.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::line::{Line, Place, Turn};
use super::scripts::Served;
use crate::model::{Call, StateUnavailable};

/// How long a turn may be away before it is asked for seldom.
const NEAR: Duration = Duration::from_secs(2);
/// So often while a turn is near: somebody before it may give up.
const OFTEN: Duration = Duration::from_millis(250);
/// So often else: the others see that this replica is there.
const SELDOM: Duration = Duration::from_secs(1);
/// So often while the turn is another replica's.
const AT_ONCE: Duration = Duration::from_millis(20);

/// What a line is asked with.
struct Round {
    joined: HashSet<String>,
    left: Vec<String>,
}

impl Shared {
    /// The place is taken; its turn is so far away.
    pub(super) fn await_turn(self: &Arc<Self>, place: &Place, turn: Duration) {
        self.with(&place.call, |line| place.has_joined(line));
        self.be_served(&place.call, turn);
    }

    /// Sees to it that the line is asked about in time for a turn that is so far away.
    pub(super) fn be_served(self: &Arc<Self>, call: &Call, turn: Duration) {
        let is_unserved = self.with(call, |line| {
            if line.is_served && Instant::now() + turn < line.asks_at {
                line.wake.notify_one();
            }
            !std::mem::replace(&mut line.is_served, true)
        });
        if is_unserved && let Ok(runtime) = Handle::try_current() {
            runtime.spawn(Arc::clone(self).serve(call.clone()));
        }
    }

    /// Gives out turns as long as somebody waits.
    async fn serve(self: Arc<Self>, call: Call) {
        while let Some(round) = self.with(&call, Round::begin) {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let served = self.turns(&call, number, round.joined.len(), round.left).await;
            let (pause, wake) = self.with(&call, |line| {
                let pause = match served {
                    Ok(served) => settle(line, &round.joined, served),
                    Err(why) => fail(line, &why),
                };
                line.asks_at = Instant::now() + pause;
                (line.asks_at, Arc::clone(&line.wake))
            });
            timeout_at(pause, wake.notified()).await.ok();
        }
    }
}

impl Round {
    /// None when nobody waits.
    fn begin(line: &mut Line) -> Option<Self> {
        let left = line.take_left();
        line.is_served = !line.waiting.is_empty() || !left.is_empty();
        let joined = line.waiting.iter().filter(|(_, waiter)| waiter.has_joined);
        let joined = joined.map(|(entry, _)| entry.clone()).collect();
        line.is_served.then_some(Self { joined, left })
    }
}

/// Tells everyone what became of them. How long to wait before the next question.
fn settle(line: &mut Line, joined: &HashSet<String>, served: Served) -> Duration {
    line.standing = served.standing;
    for entry in &served.turns {
        line.tell(entry, Turn::Came);
    }
    if let Some(mine) = served.mine {
        let mine: HashSet<&String> = mine.iter().chain(&served.turns).collect();
        for entry in joined.iter().filter(|entry| !mine.contains(entry)) {
            line.tell(entry, Turn::Lost);
        }
    }
    match served.next {
        None => OFTEN,
        Some(Duration::ZERO) => AT_ONCE,
        Some(turn) if turn <= NEAR => turn.min(OFTEN),
        Some(_) => SELDOM,
    }
}

/// Tells everyone that nobody knows.
fn fail(line: &mut Line, why: &StateUnavailable) -> Duration {
    let waiting = line.waiting.extract_if(|_, waiter| waiter.has_joined);
    for (_, waiter) in waiting {
        waiter.turn.send(Turn::Unavailable(why.clone())).ok();
    }
    OFTEN
}
