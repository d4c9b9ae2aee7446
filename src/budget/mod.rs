//! The call budget of one process: every AWS call waits here for its turn.
//!
//! Amazon Connect allows two calls a second, five at once, per operation, account and Region unless AWS
//! raised it. <https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html>

mod bucket;
mod line;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::model::{Busy, Call, CallBudget, CallUse, Patience, Priority, Ticket, is_sts};
use line::Line;

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
    /// One replica's part of what AWS allows all of them together.
    #[must_use]
    pub fn divided_by(self, replicas: u32) -> Self {
        let part = |rate: Rate| Rate {
            per_second: rate.per_second / f64::from(replicas.max(1)),
            burst: (rate.burst / replicas.max(1)).max(1),
        };
        let operations = self.operations.into_iter().map(|(name, rate)| (name, part(rate))).collect();
        Self { connect: part(self.connect), sts: part(self.sts), operations }
    }

    /// The rate of an operation.
    #[must_use]
    pub fn of(&self, operation: &str) -> Rate {
        let common = if is_sts(operation) { self.sts } else { self.connect };
        self.operations.get(operation).copied().unwrap_or(common)
    }
}

/// The budget of this process.
pub struct ProcessBudget(Arc<Lines>);

struct Lines {
    rates: Rates,
    lines: Mutex<HashMap<Call, Line>>,
}

impl ProcessBudget {
    /// Full buckets.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self(Arc::new(Lines { rates, lines: Mutex::default() }))
    }

    async fn wait(&self, call: &Call, patience: Patience) -> Result<(), Busy> {
        let turn = match self.0.with(call, |line, now| join(line, now, patience)) {
            Joined::Passed => return Ok(()),
            Joined::Never(busy) => return Err(busy),
            Joined::Waits { turn, unserved } => {
                if unserved {
                    tokio::spawn(Arc::clone(&self.0).serve(call.clone()));
                }
                turn
            }
        };
        if let Ok(Ok(())) = timeout_at(patience.until(), turn).await {
            return Ok(());
        }
        let turn = self.0.with(call, |line, now| {
            line.sweep();
            line.turn_of(now, patience) - now
        });
        Err(Busy { retry_after: turn })
    }
}

/// What becomes of a call that comes to a line.
enum Joined {
    Passed,
    Never(Busy),
    Waits { turn: oneshot::Receiver<()>, unserved: bool },
}

fn join(line: &mut Line, now: Instant, patience: Patience) -> Joined {
    if line.pass(now) {
        return Joined::Passed;
    }
    let turn = line.turn_of(now, patience);
    if turn > patience.until() {
        return Joined::Never(Busy { retry_after: turn - now });
    }
    let turn = line.join(patience);
    Joined::Waits { turn, unserved: !std::mem::replace(&mut line.is_served, true) }
}

impl Lines {
    fn with<T>(&self, call: &Call, work: impl FnOnce(&mut Line, Instant) -> T) -> T {
        let now = Instant::now();
        let mut lines = self.lock();
        if let Some(line) = lines.get_mut(call) {
            return work(line, now);
        }
        let new = Line::new(self.rates.of(call.operation), now);
        work(lines.entry(call.clone()).or_insert(new), now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Call, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out turns as long as somebody waits.
    async fn serve(self: Arc<Self>, call: Call) {
        let next = || {
            self.with(&call, |line, now| {
                let next = line.serve(now);
                line.is_served = next.is_some();
                next
            })
        };
        while let Some(next) = next() {
            sleep_until(next).await;
        }
    }
}

#[async_trait]
impl CallBudget for ProcessBudget {
    async fn admit(&self, call: &Call, patience: Patience) -> Result<(), Busy> {
        self.wait(call, patience).await
    }

    fn throttled(&self, call: &Call) {
        tracing::warn!(operation = call.operation, region = %call.region, "AWS throttles this call: slowing down");
        self.0.with(call, Line::slow_down);
    }

    fn outlook(&self, ticket: Ticket, priority: Priority) -> Option<Duration> {
        let now = Instant::now();
        let mut lines = self.0.lock();
        lines.values_mut().find_map(|line| line.outlook(now, ticket, priority)).map(|turn| turn - now)
    }

    fn uses(&self) -> Vec<CallUse> {
        let now = Instant::now();
        self.0.lock().iter().map(|(call, line)| line.used(call, now)).collect()
    }
}

#[cfg(test)]
mod tests {
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
        while budget.admit(call, Patience::lasting(Duration::ZERO)).await.is_ok() {
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
        let busy =
            budget.admit(&call("DescribeUser"), Patience::lasting(Duration::from_mins(1))).await.unwrap_err();
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
                budget.admit(&call("DescribeUser"), Patience::lasting(Duration::from_mins(1))).await.unwrap();
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
        let gone = budget.admit(&call, Patience::lasting(Duration::from_mins(1)));
        assert!(tokio::time::timeout(Duration::from_millis(1), gone).await.is_err());
        assert_eq!(budget.admit(&call, Patience::lasting(Duration::from_mins(1))).await, Ok(()));
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
            tokio::spawn(async move { budget.admit(&call, Patience::lasting(Duration::from_hours(9))).await })
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
