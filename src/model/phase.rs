//! Where the gateway is in its life.

/// Where the gateway is in its life. It only goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Identity provider metadata is read for the first time.
    Starting,
    /// Sign-ins are taken.
    Serving,
    /// It was told to stop: load balancers send nobody here any more, and what is under way comes to its end.
    Draining,
}

impl Phase {
    /// For monitoring.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}
