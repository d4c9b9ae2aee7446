//! What monitoring asks, on a listener of its own: no person and no proxy reaches these addresses.

use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::WebState;
use super::health::{ready, started};
use crate::metrics::{self, IdpStanding, Standing};
use crate::sign_in::{IdpView, InstanceUse, Usage};

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
    match web.site.metrics.render(&state, &standing(&web).await) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// How things stand, from those who know.
async fn standing(web: &WebState) -> Standing {
    let view = web.sign_in.console_view();
    let idp = |idp: &IdpView| IdpStanding {
        idp: idp.idp.name.clone(),
        has_metadata: idp.has_metadata,
        read_at: idp.read_at,
        valid_until: idp.metadata_until,
        keys_end: idp.keys_end,
    };
    let tokens = |instance: &InstanceUse| (instance.name.clone(), instance.tokens);
    let standings = web.sign_in.standings().into_iter();
    Standing {
        sessions: web.open_sessions.count().await.ok(),
        tokens: view.in_use.iter().map(tokens).collect(),
        usable: standings.map(|(name, standing)| (name, standing.word() != "unusable")).collect(),
        idps: view.idps.iter().map(idp).collect(),
        certificates: certificates(web),
    }
}

/// When each certificate of ours ends.
fn certificates(web: &WebState) -> Vec<(&'static str, time::OffsetDateTime)> {
    let Ok(setup) = web.sign_in.setup(None) else { return Vec::new() };
    let end = |certificate: &crate::sign_in::PublishedCertificate| {
        let usage = match certificate.usage {
            Usage::Signing => "signing",
            Usage::Encryption => "encryption",
        };
        Some((usage, certificate.end?))
    };
    setup.own.certificates.iter().filter_map(end).collect()
}
