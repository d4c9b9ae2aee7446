//! What the system tells the gateway.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks the gateway to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// SIGTERM: of a service manager, which tells load balancers at the same time.
    Terminate,
    /// SIGINT: Ctrl-C of somebody who waits.
    Interrupt,
}

/// Signals that ask the gateway to stop.
pub struct Stops(Option<(Signal, Signal)>);

impl Stops {
    /// From now on SIGTERM and SIGINT are told here, and end nothing by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn of_process() -> io::Result<Self> {
        Ok(Self(Some((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))))
    }

    /// None, for a gateway whose process is somebody else's.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Stop {
        match &mut self.0 {
            None => pending().await,
            Some((terminate, interrupt)) => tokio::select! {
                _ = terminate.recv() => Stop::Terminate,
                _ = interrupt.recv() => Stop::Interrupt,
            },
        }
    }
}

/// SIGHUP, which from now on ends nothing by itself.
///
/// # Errors
/// The system refuses.
pub(super) fn hang_ups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}
