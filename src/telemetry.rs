//! Logs: where they go, and what never reaches them.
//!
//! Libraries that move our secrets (the AWS SDK, HTTP and TLS) may log what they carry at `debug` and
//! `trace`. They are held at `warn`, whatever level is asked for; the asked-for level is ours alone.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Log, LogFormat};

/// Starts logging to standard output, once per process.
///
/// # Errors
/// When a subscriber was started before.
pub fn start(log: Log) -> Result<(), TryInitError> {
    let others = LevelFilter::from_level(log.level).min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(others)
        .with_target("connect_gateway", log.level)
        .with_target("audit", LevelFilter::from_level(log.level).max(LevelFilter::INFO));
    let lines = match log.format {
        LogFormat::Text => fmt::layer().with_ansi(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(targets)).try_init()
}
