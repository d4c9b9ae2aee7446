//! Calls to AWS: how they end, and who waits for theirs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::{Call, CallBudget, CallObserver};

/// In seconds; an attempt is given up after ten.
const SECONDS: [f64; 8] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    operation: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// What is counted of calls. Clones count together.
#[derive(Debug, Clone)]
pub struct CallNumbers {
    requests: Family<Ended, Counter>,
    durations: Family<Operation, Histogram>,
    throttled: Family<Operation, Counter>,
    waiting: Family<Operation, Gauge>,
    left: Family<Operation, Gauge>,
}

impl Default for CallNumbers {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            throttled: Family::default(),
            waiting: Family::default(),
            left: Family::default(),
        }
    }
}

impl CallObserver for CallNumbers {
    fn called(&self, call: &Call, result: &'static str, took: Duration) {
        let operation = call.operation;
        self.requests.get_or_create(&Ended { operation, result }).inc();
        self.durations.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
        if result == "throttled" {
            self.throttled.get_or_create(&Operation { operation }).inc();
        }
    }
}

impl CallNumbers {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connect_requests", "Calls to AWS, by how they ended", self.requests.clone());
        registry.register(
            "connect_request_duration_seconds",
            "How long AWS took, without the wait for the call's turn",
            self.durations.clone(),
        );
        registry.register("connect_throttled", "Calls that AWS throttled", self.throttled.clone());
        registry.register(
            "connect_waiting",
            "Calls in the line for their turn, most of them for a person",
            self.waiting.clone(),
        );
        registry.register(
            "connect_calls_left",
            "Calls that could be made at once, where there is least left",
            self.left.clone(),
        );
    }

    /// Sets what the budget says at this moment: the accounts and Regions together.
    pub(super) fn look_at(&self, budget: &Arc<dyn CallBudget>) {
        let mut operations: BTreeMap<&'static str, (usize, u32)> = BTreeMap::new();
        for used in budget.uses() {
            let (waiting, left) = operations.entry(used.call.operation).or_insert((0, u32::MAX));
            *waiting += used.waiting;
            *left = (*left).min(used.left);
        }
        for (operation, (waiting, left)) in operations {
            let operation = Operation { operation };
            self.waiting.get_or_create(&operation).set(i64::try_from(waiting).unwrap_or(i64::MAX));
            self.left.get_or_create(&operation).set(left.into());
        }
    }
}
