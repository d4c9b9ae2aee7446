//! What is done again and again.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::admin::Console;
use crate::sign_in::SignIn;
use crate::telemetry::Telemetry;

/// How often identity provider metadata is looked at; the service provider knows what is due.
const METADATA_TICK: Duration = Duration::from_secs(20);
/// How often the console forgets what is too old.
const CONSOLE_TICK: Duration = Duration::from_mins(1);
/// How often answers that AWS would not take any more are wiped.
const ANSWER_TICK: Duration = Duration::from_secs(10);
/// How often tokens are looked at; each instance's federation knows what is due.
const TOKEN_TICK: Duration = Duration::from_secs(10);

pub(super) async fn refresh_metadata(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(METADATA_TICK);
    loop {
        ticks.tick().await;
        sign_in.refresh_metadata().await;
    }
}

pub(super) async fn forget_old(console: Arc<Console>) {
    let mut ticks = ticks(CONSOLE_TICK);
    loop {
        ticks.tick().await;
        console.forget_old();
    }
}

/// Apart from what calls AWS: that may take long.
pub(super) async fn forget_old_answers(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(ANSWER_TICK);
    loop {
        ticks.tick().await;
        sign_in.forget_old_answers();
    }
}

pub(super) async fn refresh_tokens(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(TOKEN_TICK);
    loop {
        ticks.tick().await;
        sign_in.refresh_tokens().await;
    }
}

/// SIGHUP: the audit file was moved away.
pub(super) async fn reopen_at_hang_up(telemetry: Arc<Telemetry>) {
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
    while hang_up.recv().await.is_some() {
        telemetry.reopen();
    }
}

pub(super) fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
