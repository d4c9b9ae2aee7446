//! `[shutdown]`: how the gateway stops.

use std::time::Duration;

use super::section::Section;

/// What `[shutdown]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long connections are still taken after SIGTERM: load balancers need some seconds to see that they should send
    /// nobody any more.
    pub pre_stop: Duration,
    /// How long what is under way may take after that.
    pub drain: Duration,
}

pub(super) fn read(section: &mut Section<'_>) -> Shutdown {
    Shutdown {
        pre_stop: section.seconds("pre_stop_seconds", 5, 0..=300),
        drain: section.seconds("drain_seconds", 25, 1..=600),
    }
}
