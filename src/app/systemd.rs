//! What systemd is told, where it started the gateway: `Type=notify` or `notify-reload`. `sd_notify(3)`.

use std::io;

use sd_notify::NotifyState;
use tokio::time::interval;

/// Sign-ins are taken.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is read again; [`ready`] says that it was.
pub(super) fn reloading() {
    let Ok(now) = NotifyState::monotonic_usec_now() else { return };
    tell(&[NotifyState::Reloading, now, NotifyState::Status("reading the configuration again")]);
}

/// The gateway stops.
pub(super) fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// What goes on, in a few words.
pub(super) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Says that the runtime turns, twice as often as `WatchdogSec=` wants to hear it.
pub(super) async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero()) else { return };
    let mut ticks = interval(patience / 2);
    loop {
        ticks.tick().await;
        // A task that somebody else has to run and a thread that is free for work: what requests need, too.
        let turns = tokio::spawn(async { tokio::task::spawn_blocking(|| {}).await });
        if matches!(turns.await, Ok(Ok(()))) {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    let told: io::Result<()> = sd_notify::notify(state);
    if let Err(error) = told {
        tracing::warn!(cause = %error, "systemd could not be told");
    }
}
