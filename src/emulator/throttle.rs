//! Token buckets, one for each account, Region and operation.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::options::Rate;

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    buckets: HashMap<(String, String, String), Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: OffsetDateTime,
}

impl Throttle {
    /// Takes a token; false when there is none.
    pub(super) fn admits(
        &mut self,
        account: &str,
        region: &str,
        operation: &str,
        rate: Rate,
        now: OffsetDateTime,
    ) -> bool {
        let key = (account.to_owned(), region.to_owned(), operation.to_owned());
        let bucket = self.buckets.entry(key).or_insert(Bucket { tokens: f64::from(rate.burst), filled: now });
        let earned = (now - bucket.filled).as_seconds_f64().max(0.0) * rate.per_second;
        bucket.tokens = (bucket.tokens + earned).min(f64::from(rate.burst));
        bucket.filled = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }

    /// Fills every bucket.
    pub(super) fn refill(&mut self) {
        self.buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_of_five_passes_and_then_two_a_second() {
        let rate = Rate { per_second: 2.0, burst: 5 };
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut throttle = Throttle::default();
        let mut admitted = |now| throttle.admits("1", "eu-west-2", "CreateUser", rate, now);
        assert_eq!((0..8).filter(|_| admitted(start)).count(), 5);
        assert_eq!((0..8).filter(|_| admitted(start + Duration::from_secs(1))).count(), 2);
    }

    #[test]
    fn operations_have_buckets_of_their_own() {
        let rate = Rate { per_second: 2.0, burst: 1 };
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut throttle = Throttle::default();
        assert!(throttle.admits("1", "eu-west-2", "CreateUser", rate, now));
        assert!(!throttle.admits("1", "eu-west-2", "CreateUser", rate, now));
        assert!(throttle.admits("1", "eu-west-2", "DeleteUser", rate, now));
        assert!(throttle.admits("1", "eu-west-1", "CreateUser", rate, now));
    }
}
