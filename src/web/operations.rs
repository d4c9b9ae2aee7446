//! What monitoring asks, on a listener of its own: no person and no proxy reaches these addresses.

use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::WebState;
use super::health::{ready, started};
use crate::metrics;

/// `GET /metrics`, `/livez`, `/startupz` and `/readyz[?verbose]`; nothing else.
pub fn operations(state: WebState) -> Router {
    Router::new()
        .route("/metrics", get(numbers))
        .route("/livez", get(|| async { "alive" }))
        .route("/startupz", get(started))
        .route("/readyz", get(ready))
        .with_state(Arc::new(state))
}

async fn numbers(State(web): State<Arc<WebState>>) -> Response {
    let state = web.rules_state.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(is_current) = web.site.health.certificate_is_current() {
        web.site.metrics.certificate(is_current);
    }
    match web.site.metrics.render(&state) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
