//! Traces, sent by OTLP over HTTP where the standard variables ask for that.
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>
//!
//! What a span may carry is in [`crate::model::spans`]. A trace begins here: no header of a request is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter as Otlp;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

const NAME: &str = "connect-gateway";
/// How long the last spans may take when the gateway stops.
const LAST: Duration = Duration::from_secs(3);

/// Traces that are being sent.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// `None` unless an endpoint is set.
    pub(super) fn wanted(environment: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let is = |name: &str, word: &str| set(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
        let endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        if is("OTEL_SDK_DISABLED", "true")
            || is("OTEL_TRACES_EXPORTER", "none")
            || !endpoints.iter().any(|name| set(name).is_some())
        {
            return Ok(None);
        }
        check("OTEL_TRACES_EXPORTER", "otlp", &set)?;
        check("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", &set)?;
        check("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", &set)?;
        let exporter = Otlp::builder().with_http().build();
        let exporter = exporter.map_err(|error| format!("traces: {error}; look at the OTEL_ variables"))?;
        let exporter = OnRuntime {
            exporter: Arc::new(exporter),
            runtime: Handle::current(),
            is_failing: Arc::default(),
        };
        let is_named = set("OTEL_SERVICE_NAME").is_some()
            || set("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|list| list.contains("service.name="));
        let provider = SdkTracerProvider::builder().with_resource(resource(is_named));
        Ok(Some(Self(provider.with_batch_exporter(exporter).build())))
    }

    /// Makes spans of ours spans of a trace.
    pub(super) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
    }

    /// Sends what is left. Blocks, for a few seconds at most.
    pub(super) fn stop(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(cause = %error, "the last traces were not delivered");
        }
    }
}

/// One value is all that there is of this variable.
fn check(name: &str, only: &str, set: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
    match set(name) {
        Some(value) if value != only => {
            Err(format!("{name}: \"{value}\" is not known here: write {only}, or nothing"))
        }
        _ => Ok(()),
    }
}

fn resource(is_named: bool) -> Resource {
    let resource = Resource::builder();
    let resource = if is_named { resource } else { resource.with_service_name(NAME) };
    resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build()
}

/// Exports on the runtime of the gateway: the thread that collects spans has none.
#[derive(Debug)]
struct OnRuntime {
    exporter: Arc<Otlp>,
    runtime: Handle,
    is_failing: Arc<AtomicBool>,
}

impl SpanExporter for OnRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = Arc::clone(&self.exporter);
        let sent = self.runtime.spawn(async move { exporter.export(batch).await }).await;
        let sent = sent.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string())));
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        if let (Err(error), false) = (&sent, was_failing) {
            tracing::warn!(cause = %error, "traces are not delivered");
        }
        sent
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}
