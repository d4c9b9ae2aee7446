//! The store that replicas share.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::{RoundTrip, StateObserver};

/// In seconds.
const SECONDS: [f64; 8] = [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// What is counted of it. Clones count together.
#[derive(Debug, Clone)]
pub struct StoreNumbers {
    up: Gauge,
    durations: Family<Operation, Histogram>,
}

impl Default for StoreNumbers {
    fn default() -> Self {
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let numbers = Self { up: Gauge::default(), durations };
        // State in memory is always there.
        numbers.up.set(1);
        numbers
    }
}

impl StoreNumbers {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("store_up", "1: the last operation of the store was answered", self.up.clone());
        registry.register(
            "store_operation_duration_seconds",
            "How long operations of a shared store took",
            self.durations.clone(),
        );
    }
}

impl StateObserver for StoreNumbers {
    /// A store that is full answers.
    fn round_trip(&self, operation: &'static str, took: Duration, outcome: RoundTrip) {
        self.durations.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
        self.up.set((outcome != RoundTrip::Failed).into());
    }
}
