//! Logs, audit lines and traces: where they go, and what never reaches them.
//!
//! Libraries that move our secrets (the AWS SDK, HTTP and TLS) may log what they carry at `debug` and
//! `trace`. They are held at `warn`, whatever level is asked for; the asked-for level is ours alone.

mod audit_lines;
mod sink;
mod stream;
mod syslog;
mod traces;

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::audit;
use crate::config::{AuditTo, Log, LogFormat};
use crate::model::{AuditLost, Clock, spans};
use audit_lines::AuditLines;
use stream::Stream;
use traces::Traces;

/// What runs beside the gateway until it stops.
#[derive(Default)]
pub struct Telemetry {
    stream: Option<Stream>,
    traces: Option<Traces>,
}

impl Telemetry {
    /// How many audit lines were lost since the start.
    #[must_use]
    pub fn audit_lost(&self) -> Arc<AuditLost> {
        self.stream.as_ref().map(Stream::lost).unwrap_or_default()
    }

    /// Opens the audit file again: it was moved away.
    pub fn reopen(&self) {
        self.stream.iter().for_each(Stream::reopen);
    }

    /// Delivers what is still to be delivered, for a few seconds at most. Blocks.
    pub fn stop(&self) {
        self.traces.iter().for_each(Traces::stop);
        self.stream.iter().for_each(Stream::stop);
    }
}

/// Starts logging to standard output, audit lines to where they go, and traces where `environment` asks for them; once per
/// process. Traces are sent by the runtime of the caller.
///
/// # Errors
/// A sentence: an audit file that can't be written, an `OTEL_` variable that can't be used, or a subscriber that was
/// started before.
pub fn start(
    log: Log,
    audit_to: &AuditTo,
    clock: Arc<dyn Clock>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Telemetry, String> {
    let others = LevelFilter::from_level(log.level).min(LevelFilter::WARN);
    let audited = match audit_to {
        AuditTo::Log => LevelFilter::from_level(log.level).max(LevelFilter::INFO),
        _ => LevelFilter::OFF,
    };
    let targets = Targets::new()
        .with_default(others)
        .with_target("connect_gateway", log.level)
        .with_target("request", LevelFilter::from_level(log.level))
        .with_target("audit", audited)
        .with_target(spans::TARGET, LevelFilter::OFF);
    let lines = match log.format {
        LogFormat::Text => fmt::layer().with_ansi(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).boxed(),
    };
    let stream = Stream::to(audit_to, Arc::clone(&clock))?;
    let audit_lines = stream.clone().map(|stream| {
        AuditLines::new(stream, clock).with_filter(Targets::new().with_target("audit", LevelFilter::INFO))
    });
    let traces = Traces::wanted(&environment)?;
    let spans = traces.as_ref().map(|traces| {
        traces.layer().with_filter(Targets::new().with_target(spans::TARGET, LevelFilter::INFO))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(targets))
        .with(audit_lines)
        .with(spans)
        .try_init()
        .map_err(|error| error.to_string())?;
    if stream.as_ref().is_some_and(Stream::begins_anew) {
        audit::chain_broken();
    }
    Ok(Telemetry { stream, traces })
}
