//! Audit lines as JSON, with the names that they have in the log.

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::stream::{Line, Of, Stream};
use crate::model::Clock;

/// Sends each event to the stream.
pub(super) struct AuditLines {
    stream: Stream,
    clock: Arc<dyn Clock>,
}

impl AuditLines {
    pub(super) fn new(stream: Stream, clock: Arc<dyn Clock>) -> Self {
        Self { stream, clock }
    }
}

impl<S: Subscriber> Layer<S> for AuditLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut fields) = fields;
        let of =
            if fields.get("anonymous") == Some(&Value::Bool(true)) { Of::Anonymous } else { Of::Decision };
        let now = self.clock.now().format(&Rfc3339).unwrap_or_default();
        let level = *event.metadata().level();
        fields.insert("timestamp".to_owned(), now.clone().into());
        fields.insert("level".to_owned(), level.as_str().into());
        fields.insert("target".to_owned(), event.metadata().target().into());
        self.stream.send(Line { of, timestamp: now, level, fields });
    }
}

/// Values by name.
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}
