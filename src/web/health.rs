//! Whether the gateway lives, has started, and should be sent people.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::WebState;
use super::pages::Rendered;
use crate::model::{Phase, StateUnavailable};
use crate::sign_in::{MetadataStanding, Standing};

/// How long the shared store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the shared store whether it answers.
pub type StoreProbe =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), StateUnavailable>> + Send>> + Send + Sync>;

/// What is watched.
#[derive(Clone)]
pub struct Health {
    /// Where the gateway is in its life.
    pub phase: watch::Receiver<Phase>,
    /// Why the certificate in its files is not in use, where it is not; `None`: there is no TLS here.
    pub certificate: Option<watch::Receiver<Option<String>>>,
    /// Asks the shared store; `None`: state is in this process.
    pub store: Option<StoreProbe>,
}

impl Health {
    /// For load balancers, at the public address: only whether they should send people here. A store that does not answer
    /// is no reason: people get a page that says so.
    pub(super) fn public(&self, well: &'static str) -> Response {
        let mut response = match *self.phase.borrow() {
            Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, Phase::Draining.word()).into_response(),
            Phase::Starting | Phase::Serving => well.into_response(),
        };
        response.extensions_mut().insert(Rendered);
        response
    }

    /// Whether the certificate in its files is in use; `None`: there is no TLS here.
    pub(super) fn certificate_is_current(&self) -> Option<bool> {
        self.certificate.as_ref().map(|problem| problem.borrow().is_none())
    }

    async fn store(&self) -> &'static str {
        let Some(probe) = &self.store else { return "memory" };
        match timeout(PATIENCE, probe()).await {
            Ok(Ok(())) => "answers",
            Ok(Err(_)) | Err(_) => "silent",
        }
    }
}

/// `GET /startupz`: whether identity provider metadata was read for the first time.
pub(super) async fn started(State(web): State<Arc<WebState>>) -> Response {
    match *web.site.health.phase.borrow() {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, Phase::Starting.word()).into_response(),
        Phase::Serving | Phase::Draining => "started".into_response(),
    }
}

/// `GET /readyz[?verbose]`, for monitoring: whether people should be sent here, and if not, why; and what is worse than it
/// should be and keeps nobody out.
pub(super) async fn ready(State(web): State<Arc<WebState>>, RawQuery(query): RawQuery) -> Response {
    let parts = Parts::of(&web).await;
    let (reasons, degraded) = (parts.reasons(), parts.degraded());
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "ready": reasons.is_empty(), "reasons": reasons, "degraded": degraded });
    if let (Some("verbose"), Some(body)) = (query.as_deref(), body.as_object_mut()) {
        body.extend(parts.each());
    }
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// What readiness is made of.
struct Parts {
    phase: Phase,
    store: &'static str,
    metadata: BTreeMap<String, MetadataStanding>,
    instances: BTreeMap<String, Standing>,
    rules_are_current: bool,
    needs_restart: bool,
    certificate_is_current: Option<bool>,
}

impl Parts {
    async fn of(web: &WebState) -> Self {
        let health = &web.site.health;
        let store = health.store().await;
        let rules = web.rules_state.read().unwrap_or_else(PoisonError::into_inner);
        Self {
            phase: *health.phase.borrow(),
            store,
            metadata: named(web.sign_in.metadata_standings()),
            instances: named(web.sign_in.standings()),
            rules_are_current: rules.problems.is_empty(),
            needs_restart: rules.needs_restart,
            certificate_is_current: health.certificate_is_current(),
        }
    }

    /// Why people should not be sent here.
    fn reasons(&self) -> Vec<&'static str> {
        let has_metadata = self.metadata.values().any(|standing| *standing != MetadataStanding::Unusable);
        let reasons = [
            (self.phase != Phase::Serving, self.phase.word()),
            (self.store == "silent", "store"),
            (!has_metadata, "metadata"),
        ];
        reasons.into_iter().filter_map(|(is_so, word)| is_so.then_some(word)).collect()
    }

    /// What somebody should look at.
    fn degraded(&self) -> Vec<String> {
        let metadata = self.metadata.iter().filter(|(_, standing)| **standing != MetadataStanding::Usable);
        let instances =
            self.instances.iter().filter(|(_, standing)| matches!(standing, Standing::Unusable(_)));
        let mut degraded: Vec<String> = metadata.map(|(name, _)| format!("idp.{name}")).collect();
        degraded.extend(instances.map(|(name, _)| format!("instance.{name}")));
        degraded.extend((!self.rules_are_current).then(|| "rules".to_owned()));
        degraded.extend((self.certificate_is_current == Some(false)).then(|| "certificate".to_owned()));
        degraded
    }

    /// Each by its word.
    fn each(&self) -> serde_json::Map<String, Value> {
        let metadata = self.metadata.iter().map(|(name, standing)| (name, standing.word()));
        let instances = self.instances.iter().map(|(name, standing)| (name, standing.word()));
        let age = |is_current, old| if is_current { "in_force" } else { old };
        let mut parts = serde_json::Map::new();
        parts.insert("phase".to_owned(), self.phase.word().into());
        parts.insert("store".to_owned(), self.store.into());
        parts.insert("metadata".to_owned(), json!(metadata.collect::<BTreeMap<_, _>>()));
        parts.insert("instances".to_owned(), json!(instances.collect::<BTreeMap<_, _>>()));
        parts.insert("rules".to_owned(), age(self.rules_are_current, "older_than_file").into());
        parts.insert("needs_restart".to_owned(), self.needs_restart.into());
        if let Some(is_current) = self.certificate_is_current {
            parts.insert("certificate".to_owned(), age(is_current, "older_than_files").into());
        }
        parts
    }
}

fn named<N: ToString, T>(all: Vec<(N, T)>) -> BTreeMap<String, T> {
    all.into_iter().map(|(name, standing)| (name.to_string(), standing)).collect()
}
