//! The spans of traces: what there is, what they are called, and what they may carry. A span has names of the
//! configuration, codes and support ids; never a value of a person.
//!
//! They have a target of their own, so that no log line shows them and nothing else gets into a trace.

use tracing::Span;
use tracing::field::Empty;

use super::{Call, IdpName, InstanceName};

/// The target of every span here.
pub const TARGET: &str = "spans";

/// A request of a browser. `method` and `route` are not what the browser sent, but which of ours that is.
#[must_use]
pub fn request(method: &'static str, route: &str) -> Span {
    tracing::info_span!(target: TARGET, "request", otel.name = %format_args!("{method} {route}"), otel.kind = "server",
        http.request.method = method, http.route = route, http.response.status_code = Empty, support_id = Empty,
        error.type = Empty, otel.status_code = Empty)
}

/// A request for an identity provider is made.
#[must_use]
pub fn authn_request(idp: &IdpName) -> Span {
    tracing::info_span!(target: TARGET, "authn_request", idp = idp.as_str(), error.type = Empty, otel.status_code = Empty)
}

/// An identity provider's answer is checked.
#[must_use]
pub fn verify(idp: &IdpName) -> Span {
    tracing::info_span!(target: TARGET, "acs.verify", idp = idp.as_str(), error.type = Empty, otel.status_code = Empty)
}

/// The rules decide. `instance` is a name of the configuration.
#[must_use]
pub fn place(instance: &InstanceName) -> Span {
    tracing::info_span!(target: TARGET, "mapping.place", instance = instance.as_str(), error.type = Empty, otel.status_code = Empty)
}

/// A user's token is got.
#[must_use]
pub fn token(instance: &InstanceName) -> Span {
    tracing::info_span!(target: TARGET, "federation.token", instance = instance.as_str(), error.type = Empty, otel.status_code = Empty)
}

/// One attempt of an AWS call, without the wait for its turn.
#[must_use]
pub fn aws_call(call: &Call) -> Span {
    let (service, operation) = (call.service(), call.operation);
    tracing::info_span!(target: TARGET, "aws", otel.name = %format_args!("{service}.{operation}"), otel.kind = "client",
        rpc.service = service, rpc.method = operation, cloud.region = %call.region, error.type = Empty, otel.status_code = Empty)
}

/// One round trip to the store that replicas share, such as `session.load`.
#[must_use]
pub fn store(operation: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "store", otel.name = %format_args!("store.{operation}"), otel.kind = "client", error.type = Empty, otel.status_code = Empty)
}

/// Says with which code something ended, when it did not end well.
pub fn ended(span: &Span, refused: Option<&'static str>) {
    if let Some(code) = refused {
        span.record("error.type", code);
        span.record("otel.status_code", "ERROR");
    }
}
