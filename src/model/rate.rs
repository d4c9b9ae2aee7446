//! How often AWS lets operations be called.

use std::collections::BTreeMap;

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

fn is_sts(operation: &str) -> bool {
    operation.starts_with("AssumeRole") || operation == "GetCallerIdentity"
}
