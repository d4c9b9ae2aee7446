//! AWS's clock against ours. What AWS says of times is said by its own, so that a token of an hour ends an hour after the
//! answer and not where a wrong clock of ours would read that.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use time::{Duration, OffsetDateTime};

use crate::model::Clock;

/// `Date` has whole seconds, and an answer is on its way for some.
const NOISE: Duration = Duration::seconds(5);

/// How many seconds AWS's clock is ahead of ours, as its last answer said.
#[derive(Debug, Default)]
pub(super) struct Skew(AtomicI64);

impl Skew {
    /// A moment that AWS told, by our clock.
    pub(super) fn by_our_clock(&self, moment: OffsetDateTime) -> OffsetDateTime {
        moment.saturating_sub(Duration::seconds(self.0.load(Ordering::SeqCst)))
    }

    fn measure(&self, theirs: OffsetDateTime, ours: OffsetDateTime) {
        let ahead = theirs - ours;
        let ahead = if ahead.abs() <= NOISE { Duration::ZERO } else { ahead };
        self.0.store(ahead.whole_seconds(), Ordering::SeqCst);
    }
}

/// Reads the `Date` of every answer.
pub(super) struct ReadDate {
    skew: Arc<Skew>,
    clock: Arc<dyn Clock>,
}

impl ReadDate {
    pub(super) fn new(skew: Arc<Skew>, clock: Arc<dyn Clock>) -> Self {
        Self { skew, clock }
    }
}

impl fmt::Debug for ReadDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDate").field("skew", &self.skew).finish_non_exhaustive()
    }
}

impl Intercept for ReadDate {
    fn name(&self) -> &'static str {
        "ReadDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        let date = date.and_then(|date| OffsetDateTime::from_unix_timestamp(date.secs()).ok());
        if let Some(theirs) = date {
            self.skew.measure(theirs, self.clock.now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_of_aws_is_told_by_our_clock_and_noise_is_none() {
        let (skew, ours, ends) =
            (Skew::default(), datetime!(2026-03-01 08:00 UTC), datetime!(2026-03-01 09:00 UTC));
        for (theirs, by_our_clock) in [
            (datetime!(2026-03-01 08:06 UTC), datetime!(2026-03-01 08:54 UTC)),
            (datetime!(2026-03-01 07:54 UTC), datetime!(2026-03-01 09:06 UTC)),
            (datetime!(2026-03-01 08:00:04 UTC), ends),
        ] {
            skew.measure(theirs, ours);
            assert_eq!(skew.by_our_clock(ends), by_our_clock, "{theirs}");
        }
    }
}
