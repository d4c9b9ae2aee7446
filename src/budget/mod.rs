//! The call budget of one process. (Signatures fixed; bodies being built.)

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{Busy, Call, CallBudget};

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

/// The budget of this process.
pub struct ProcessBudget {}

impl ProcessBudget {
    /// Full buckets.
    #[must_use]
    pub fn new(_rates: Rates) -> Self {
        Self {}
    }
}

#[async_trait]
impl CallBudget for ProcessBudget {
    async fn admit(&self, _call: &Call, _patience: Duration) -> Result<(), Busy> {
        Ok(())
    }

    fn throttled(&self, _call: &Call) {}
}
