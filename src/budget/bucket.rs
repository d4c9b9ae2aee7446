//! One operation's rate, by virtual scheduling. Pure: the moment is an argument.
//! ITU-T I.371, generic cell rate algorithm.

use std::time::Duration;

use tokio::time::Instant;

use super::Rate;

/// The rate never falls below this part of its nominal value.
const FLOOR: f64 = 0.125;
/// Every quiet stretch of this length doubles a lowered rate, up to the nominal one.
const RECOVERY: Duration = Duration::from_secs(10);
/// Keeps durations finite when a rate is configured as zero or less.
const SLOWEST: f64 = 0.0001;

/// When the next call may be made.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// The turn after the last one given out, as if calls were evenly spaced.
    next: Instant,
    slowness: Option<Slowness>,
    /// How often [`Self::slow_down`] was called.
    pub(super) throttled: u64,
}

#[derive(Debug, Clone, Copy)]
struct Slowness {
    since: Instant,
    factor: f64,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, next: now, slowness: None, throttled: 0 }
    }

    /// When a call may be made that `ahead` others go before.
    pub(super) fn turn(&self, now: Instant, ahead: usize) -> Instant {
        let ahead = self.interval(now).saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX));
        let next = self.next.max(now) + ahead;
        next.checked_sub(self.head_start()).map_or(now, |turn| turn.max(now))
    }

    /// Takes the next turn, whether it has come or not.
    pub(super) fn take(&mut self, now: Instant) {
        self.next = self.next.max(now) + self.interval(now);
    }

    /// Halves the rate, and puts the next turn off by one of the new intervals.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.throttled += 1;
        let factor = (self.factor(now) / 2.0).max(FLOOR);
        self.slowness = Some(Slowness { since: now, factor });
        self.next = self.next.max(now + self.head_start()) + self.interval(now);
    }

    /// How many turns are left that would come at once.
    pub(super) fn left(&self, now: Instant) -> u32 {
        let mut later = self.next.max(now).duration_since(now);
        let mut left = 0;
        while later <= self.head_start() && left < self.rate.burst {
            left += 1;
            later += self.interval(now);
        }
        left
    }

    /// Calls a second at present.
    pub(super) fn per_second(&self, now: Instant) -> f64 {
        self.rate.per_second * self.factor(now)
    }

    /// How far ahead of the even spacing a burst may run. Two calls of the burst are kept back: calls
    /// leave here evenly and still reach AWS unevenly, by up to a second on a busy machine.
    fn head_start(&self) -> Duration {
        self.even_interval() * self.rate.burst.saturating_sub(3)
    }

    fn even_interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.per_second.max(SLOWEST))
    }

    fn interval(&self, now: Instant) -> Duration {
        self.even_interval().div_f64(self.factor(now))
    }

    fn factor(&self, now: Instant) -> f64 {
        self.slowness.map_or(1.0, |slow| {
            let quiet = now.saturating_duration_since(slow.since).as_secs_f64() / RECOVERY.as_secs_f64();
            (slow.factor * quiet.exp2()).min(1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECT: Rate = Rate { per_second: 2.0, burst: 5 };

    /// The turns that `count` calls get that all come at `now`, in milliseconds.
    fn turns(bucket: &mut Bucket, now: Instant, count: usize) -> Vec<u128> {
        let mut clock = now;
        (0..count)
            .map(|_| {
                clock = bucket.turn(clock, 0).max(clock);
                bucket.take(clock);
                clock.duration_since(now).as_millis()
            })
            .collect()
    }

    #[test]
    fn a_burst_goes_at_once_but_for_two_calls_and_the_rest_at_the_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        assert_eq!(turns(&mut bucket, now, 7), [0, 0, 0, 500, 1000, 1500, 2000]);
    }

    #[test]
    fn whoever_has_others_before_them_is_told_when_their_turn_comes() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        let told: Vec<_> = (0..7).map(|ahead| (bucket.turn(now, ahead) - now).as_millis()).collect();
        assert_eq!(told, turns(&mut bucket, now, 7));
    }

    #[test]
    fn the_turns_that_are_left_are_those_that_come_at_once() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        for left in [3, 2, 1, 0, 0] {
            assert_eq!(bucket.left(now), left);
            turns(&mut bucket, now, 1);
        }
        assert_eq!(bucket.left(now + Duration::from_millis(1500)), 1);
        assert_eq!(bucket.left(now + Duration::from_mins(1)), 3);
        bucket.slow_down(now);
        assert!((bucket.per_second(now) - 1.0).abs() < f64::EPSILON && bucket.throttled == 1);
    }

    #[test]
    fn a_pause_refills_the_burst_and_no_more() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        turns(&mut bucket, now, 6);
        let later = now + Duration::from_mins(1);
        assert_eq!(turns(&mut bucket, later, 5), [0, 0, 0, 500, 1000]);
    }

    #[test]
    fn throttling_puts_the_next_turn_off_and_halves_the_rate_until_it_recovers() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        turns(&mut bucket, now, 3);
        bucket.slow_down(now);
        assert_eq!((bucket.turn(now, 0) - now).as_millis(), 1500, "0.5 s and one pause of 1 s");
        assert_eq!((bucket.turn(now, 1) - now).as_millis(), 2500);
        let recovered = now + Duration::from_mins(2);
        assert_eq!(turns(&mut bucket, recovered, 6), [0, 0, 0, 500, 1000, 1500]);
    }

    #[test]
    fn the_rate_never_falls_below_its_floor() {
        let now = Instant::now();
        let mut bucket = Bucket::new(CONNECT, now);
        for _ in 0..50 {
            bucket.slow_down(now);
        }
        assert_eq!(bucket.interval(now).as_millis(), 4000);
    }
}
