//! The call budget of one process: every AWS call waits here for its turn.
//!
//! Amazon Connect allows two calls a second, five at once, per operation, account and Region unless AWS
//! raised it. <https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html>

mod bucket;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};

use crate::model::{Busy, Call, CallBudget, CallUse};
use bucket::{Bucket, Turn};

/// Calls a second and burst for one operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls a second.
    pub per_second: f64,
    /// Calls that may be made at once after a pause.
    pub burst: u32,
}

/// Rates by operation name.
#[derive(Debug, Clone)]
pub struct Rates {
    /// Every Connect operation that is not named.
    pub connect: Rate,
    /// Every STS operation that is not named.
    pub sts: Rate,
    /// Operations with a rate of their own.
    pub operations: BTreeMap<String, Rate>,
}

impl Rates {
    fn of(&self, operation: &str) -> Rate {
        let common = if is_sts(operation) { self.sts } else { self.connect };
        self.operations.get(operation).copied().unwrap_or(common)
    }
}

/// The budget of this process.
pub struct ProcessBudget {
    rates: Rates,
    buckets: Mutex<HashMap<Call, Bucket>>,
}

impl ProcessBudget {
    /// Full buckets.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::default() }
    }

    fn with_bucket<T>(&self, call: &Call, work: impl FnOnce(&mut Bucket, Instant) -> T) -> T {
        let now = Instant::now();
        let mut buckets = self.buckets();
        if let Some(bucket) = buckets.get_mut(call) {
            return work(bucket, now);
        }
        let full = Bucket::new(self.rates.of(call.operation), now);
        work(buckets.entry(call.clone()).or_insert(full), now)
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<Call, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due(&self, call: &Call, turn: Turn) -> (Instant, Instant) {
        self.with_bucket(call, |bucket, now| (bucket.due(turn), now))
    }
}

/// A call that waits for its turn, until it is dropped: its caller may go away at any moment.
struct Waiting<'a> {
    budget: &'a ProcessBudget,
    call: &'a Call,
}

impl<'a> Waiting<'a> {
    fn new(budget: &'a ProcessBudget, call: &'a Call) -> Self {
        budget.with_bucket(call, |bucket, _| bucket.waiting += 1);
        Self { budget, call }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.budget.with_bucket(self.call, |bucket, _| bucket.waiting -= 1);
    }
}

#[async_trait]
impl CallBudget for ProcessBudget {
    async fn admit(&self, call: &Call, patience: Duration) -> Result<(), Busy> {
        let turn = self
            .with_bucket(call, |bucket, now| bucket.take(now, patience))
            .map_err(|retry_after| Busy { retry_after })?;
        let patience_ends = Instant::now() + patience;
        let _waiting = Waiting::new(self, call);
        // Throttling may put the turn off while we sleep.
        loop {
            let (due, now) = self.due(call, turn);
            if due <= now {
                return Ok(());
            }
            if due > patience_ends {
                return Err(Busy { retry_after: due.duration_since(now) });
            }
            sleep_until(due).await;
        }
    }

    fn throttled(&self, call: &Call) {
        tracing::warn!(operation = call.operation, region = %call.region, "AWS throttles this call: slowing down");
        self.with_bucket(call, Bucket::slow_down);
    }

    fn uses(&self) -> Vec<CallUse> {
        let now = Instant::now();
        let used = |(call, bucket): (&Call, &Bucket)| CallUse {
            call: call.clone(),
            per_second: bucket.per_second(now),
            left: bucket.left(now),
            waiting: bucket.waiting,
            throttled: bucket.throttled,
        };
        self.buckets().iter().map(used).collect()
    }
}

fn is_sts(operation: &str) -> bool {
    operation.starts_with("AssumeRole") || operation == "GetCallerIdentity"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// So slow that no test machine is slow enough to earn a turn.
    const HOURLY: f64 = 1.0 / 3600.0;

    fn budget(connect: f64) -> Arc<ProcessBudget> {
        Arc::new(ProcessBudget::new(Rates {
            connect: Rate { per_second: connect, burst: 5 },
            sts: Rate { per_second: HOURLY, burst: 52 },
            operations: BTreeMap::from([("ListUsers".to_owned(), Rate { per_second: HOURLY, burst: 2 })]),
        }))
    }

    fn call(operation: &'static str) -> Call {
        Call { account: "123456789012".into(), region: "eu-west-2".into(), operation }
    }

    async fn admitted_at_once(budget: &ProcessBudget, call: &Call) -> usize {
        let mut count = 0;
        while budget.admit(call, Duration::ZERO).await.is_ok() {
            count += 1;
        }
        count
    }

    #[tokio::test]
    async fn each_operation_has_its_own_rate() {
        let budget = budget(HOURLY);
        assert_eq!(admitted_at_once(&budget, &call("DescribeUser")).await, 3);
        assert_eq!(admitted_at_once(&budget, &call("ListUsers")).await, 1);
        assert_eq!(admitted_at_once(&budget, &call("AssumeRole")).await, 50);
    }

    #[tokio::test]
    async fn accounts_and_regions_do_not_share_a_bucket() {
        let budget = budget(HOURLY);
        admitted_at_once(&budget, &call("DescribeUser")).await;
        let region = Call { region: "us-east-1".into(), ..call("DescribeUser") };
        let account = Call { account: "210987654321".into(), ..call("DescribeUser") };
        assert_eq!(admitted_at_once(&budget, &region).await, 3);
        assert_eq!(admitted_at_once(&budget, &account).await, 3);
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_told_how_long() {
        let budget = budget(HOURLY);
        admitted_at_once(&budget, &call("DescribeUser")).await;
        let busy = budget.admit(&call("DescribeUser"), Duration::from_mins(1)).await.unwrap_err();
        assert!((3590..=3600).contains(&busy.retry_after.as_secs()), "{busy}");
    }

    #[tokio::test]
    async fn callers_are_served_in_the_order_they_came() {
        let budget = budget(100.0);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..12 {
            let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
            tasks.spawn(async move {
                budget.admit(&call("DescribeUser"), Duration::from_mins(1)).await.unwrap();
                order.lock().unwrap().push(number);
            });
            tokio::task::yield_now().await;
        }
        tasks.join_all().await;
        assert_eq!(*order.lock().unwrap(), (0..12).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_blocks_nobody() {
        let budget = budget(10.0);
        let call = call("DescribeUser");
        admitted_at_once(&budget, &call).await;
        let gone = budget.admit(&call, Duration::from_mins(1));
        assert!(tokio::time::timeout(Duration::from_millis(1), gone).await.is_err());
        assert_eq!(budget.admit(&call, Duration::from_mins(1)).await, Ok(()));
    }

    #[tokio::test]
    async fn what_is_used_and_who_waits_can_be_seen() {
        let budget = budget(HOURLY);
        assert_eq!(budget.uses(), []);
        let call = call("DescribeUser");
        admitted_at_once(&budget, &call).await;
        budget.throttled(&call);
        let waiting = {
            let (budget, call) = (Arc::clone(&budget), call.clone());
            tokio::spawn(async move { budget.admit(&call, Duration::from_hours(9)).await })
        };
        tokio::task::yield_now().await;
        let [used] = &budget.uses()[..] else { panic!("one operation was used") };
        assert_eq!((&used.call, used.left, used.waiting, used.throttled), (&call, 0, 1, 1));
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(budget.uses()[0].waiting, 0, "a caller that went away waits no more");
    }

    #[tokio::test]
    async fn a_throttled_operation_is_not_called_again_at_once() {
        let budget = budget(HOURLY);
        budget.throttled(&call("DescribeUser"));
        assert_eq!(admitted_at_once(&budget, &call("DescribeUser")).await, 0);
        assert_eq!(admitted_at_once(&budget, &call("CreateUser")).await, 3);
    }
}
