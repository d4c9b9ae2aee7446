//! Those who wait for one operation's turns.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Rate;
use super::bucket::Bucket;
use crate::model::{Call, CallUse, Patience, Priority, Ticket};

/// One operation's turns, and who waits for them. The moment is an argument.
pub(super) struct Line {
    bucket: Bucket,
    waiting: [VecDeque<Waiter>; Priority::ALL.len()],
    /// Whether a task gives out the turns.
    pub(super) is_served: bool,
}

struct Waiter {
    ticket: Option<Ticket>,
    turn: oneshot::Sender<()>,
}

impl Waiter {
    /// Whoever gave up lets the others move up.
    fn is_there(&self) -> bool {
        !self.turn.is_closed()
    }
}

impl Line {
    /// Nobody waits, and the bucket is full.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { bucket: Bucket::new(rate, now), waiting: Default::default(), is_served: false }
    }

    /// Takes a turn at once, where nobody waits and it has come.
    pub(super) fn pass(&mut self, now: Instant) -> bool {
        let passes = self.waiting.iter().all(VecDeque::is_empty) && self.bucket.turn(now, 0) <= now;
        if passes {
            self.bucket.take(now);
        }
        passes
    }

    /// When the turn of somebody comes who joins now.
    pub(super) fn turn_of(&self, now: Instant, patience: Patience) -> Instant {
        self.turn_behind(now, patience.priority() as usize + usize::from(!patience.is_again()))
    }

    /// When the turn of somebody comes who joins behind so many of the priorities.
    fn turn_behind(&self, now: Instant, priorities: usize) -> Instant {
        self.bucket.turn(now, self.waiting[..priorities].iter().map(count).sum())
    }

    /// Joins the line; the receiver hears when the turn comes.
    pub(super) fn join(&mut self, patience: Patience) -> oneshot::Receiver<()> {
        let (turn, comes) = oneshot::channel();
        let waiter = Waiter { ticket: patience.ticket(), turn };
        let equals = &mut self.waiting[patience.priority() as usize];
        if patience.is_again() {
            equals.push_front(waiter);
        } else {
            equals.push_back(waiter);
        }
        comes
    }

    /// Gives out the turns that have come. When the next one comes; `None` when nobody waits.
    pub(super) fn serve(&mut self, now: Instant) -> Option<Instant> {
        loop {
            let equals = self.waiting.iter_mut().find(|equals| !equals.is_empty())?;
            if equals.front().is_some_and(Waiter::is_there) {
                let turn = self.bucket.turn(now, 0);
                if turn > now {
                    return Some(turn);
                }
            }
            let waiter = equals.pop_front();
            if waiter.is_some_and(|waiter| waiter.turn.send(()).is_ok()) {
                self.bucket.take(now);
            }
        }
    }

    /// When the turn comes that waits under `ticket`. It waits with this priority from now on, if it had a lower one.
    pub(super) fn outlook(&mut self, now: Instant, ticket: Ticket, wanted: Priority) -> Option<Instant> {
        let is_it = |waiter: &Waiter| waiter.ticket == Some(ticket) && waiter.is_there();
        for priority in Priority::ALL {
            let place = priority as usize;
            let Some(at) = self.waiting[place].iter().position(is_it) else { continue };
            if priority > wanted {
                let turn = self.turn_behind(now, wanted as usize + 1);
                let waiter = self.waiting[place].remove(at)?;
                self.waiting[wanted as usize].push_back(waiter);
                return Some(turn);
            }
            let urgent: usize = self.waiting[..place].iter().map(count).sum();
            let equals = self.waiting[place].iter().take(at).filter(|waiter| waiter.is_there()).count();
            return Some(self.bucket.turn(now, urgent + equals));
        }
        None
    }

    /// How the operation stands.
    pub(super) fn used(&self, call: &Call, now: Instant) -> CallUse {
        CallUse {
            call: call.clone(),
            per_second: self.bucket.per_second(now),
            left: self.bucket.left(now),
            waiting: self.waiting.iter().map(count).sum(),
            throttled: self.bucket.throttled,
        }
    }

    /// AWS throttled a call.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.bucket.slow_down(now);
    }

    /// Forgets those who gave up.
    pub(super) fn sweep(&mut self) {
        self.waiting.iter_mut().for_each(|equals| equals.retain(Waiter::is_there));
    }
}

fn count(waiting: &VecDeque<Waiter>) -> usize {
    waiting.iter().filter(|waiter| waiter.is_there()).count()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// One turn a second, and none at once.
    const SLOW: Rate = Rate { per_second: 1.0, burst: 1 };

    fn line(now: Instant) -> Line {
        let mut line = Line::new(SLOW, now);
        assert!(line.pass(now) && !line.pass(now));
        line
    }

    fn patience() -> Patience {
        Patience::lasting(Duration::from_mins(1))
    }

    fn has_come(turn: &mut oneshot::Receiver<()>) -> bool {
        turn.try_recv().is_ok()
    }

    #[test]
    fn a_person_goes_before_a_refresh_and_that_before_upkeep() {
        let now = Instant::now();
        let mut line = line(now);
        let [mut upkeep, mut refresh, mut person] = [Priority::Upkeep, Priority::Refresh, Priority::Person]
            .map(|p| line.join(patience().as_urgent_as(p)));
        for (second, [p, r, u]) in
            [(1, [true, false, false]), (2, [false, true, false]), (3, [false, false, true])]
        {
            line.serve(now + Duration::from_secs(second));
            assert_eq!([has_come(&mut person), has_come(&mut refresh), has_come(&mut upkeep)], [p, r, u]);
        }
        assert_eq!(line.serve(now + Duration::from_secs(9)), None, "nobody waits");
    }

    #[test]
    fn whoever_has_to_ask_again_goes_first_and_whoever_gives_up_holds_nobody_up() {
        let now = Instant::now();
        let mut line = line(now);
        let gone = line.join(patience());
        let mut waits = line.join(patience());
        let mut again = line.join(patience().again());
        drop(gone);
        assert_eq!(line.turn_of(now, patience()), now + Duration::from_secs(3));
        line.serve(now + Duration::from_secs(1));
        assert!(has_come(&mut again) && !has_come(&mut waits));
        line.serve(now + Duration::from_secs(2));
        assert!(has_come(&mut waits));
    }

    #[test]
    fn a_ticket_tells_the_turn_and_a_person_hurries_what_nobody_waited_for() {
        let now = Instant::now();
        let mut line = line(now);
        let second = Duration::from_secs(1);
        let _keep = [1, 2].map(|number| line.join(patience().under(Ticket(number))));
        let mut background = line.join(patience().as_urgent_as(Priority::Upkeep).under(Ticket(3)));
        let _late = line.join(patience().as_urgent_as(Priority::Refresh).under(Ticket(4)));
        assert_eq!(line.outlook(now, Ticket(2), Priority::Person), Some(now + second * 2));
        assert_eq!(line.outlook(now, Ticket(3), Priority::Upkeep), Some(now + second * 4));
        assert_eq!(line.outlook(now, Ticket(3), Priority::Person), Some(now + second * 3));
        assert_eq!(line.outlook(now, Ticket(9), Priority::Person), None);
        for turn in 1..=3 {
            line.serve(now + second * turn);
        }
        assert!(has_come(&mut background));
    }
}
