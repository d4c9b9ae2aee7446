//! HTTP and pages: routes, cookies, headers, and a page for every error.
//!
//! A route returns a page, a redirect or a [`refusal::Refusal`]; [`boundary`] makes a page, a status and
//! one audit line of every refusal, and puts the security headers on everything that leaves.

mod acs;
mod admin;
mod arrival;
mod boundary;
#[cfg(test)]
#[path = "brand_tests.rs"]
mod brands;
mod choose;
mod cookies;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod go;
mod headers;
mod language;
mod logo;
mod logout;
mod operations;
mod pages;
mod paths;
mod peer;
mod refusal;
mod renew;
mod setup;
mod sign_out;
mod start;
mod test_sign_in;
mod unsolicited;
mod watched;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_sessions::SessionStore;
use url::Url;

use crate::admin::Console;
use crate::metrics::Metrics;
use crate::model::{Brand, Clock, Identity, OpenSessions, PersonalData, Random, RulesState};
use crate::session;
use crate::sign_in::SignIn;

pub use operations::operations;
pub use peer::Peer;
pub use refusal::status;

/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 512 * 1024;
/// The longest pause between two parts of a form.
const SLOWEST_FORM: Duration = Duration::from_secs(10);

/// The sessions' store, for the session that a new one replaces.
type Store = Arc<dyn SessionStore>;

/// What the routes work with.
#[derive(Clone)]
pub struct WebState {
    /// The journeys.
    pub sign_in: Arc<SignIn>,
    /// What every page has in common.
    pub site: Site,
    /// Whether the rules in force are those of the file.
    pub rules_state: Arc<RwLock<RulesState>>,
    /// Which sessions there are, for monitoring.
    pub open_sessions: Arc<dyn OpenSessions>,
}

/// What every page has in common.
#[derive(Clone)]
pub struct Site {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes support ids and the pre-login cookie's secret.
    pub random: Arc<dyn Random>,
    /// What makes the pages the company's own, in English.
    pub brand: Brand,
    /// The same in other languages.
    pub translated: Vec<Brand>,
    /// Where people get help, in the administrator's words.
    pub support: Option<String>,
    /// Our public address: whether it is https decides on HSTS.
    pub public_url: Url,
    /// How long a person may take at the identity provider.
    pub pending_for: Duration,
    /// The administrators' console; `None`: there is none.
    pub console: Option<Arc<Console>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is told of a person.
    pub personal: PersonalData,
}

impl Site {
    /// Whom an identity provider named, as far as that may be told.
    fn subject(&self, identity: &Identity) -> Option<String> {
        identity.name_id.as_ref().and_then(|name| self.personal.shown(&name.value))
    }
}

/// The whole of the gateway's HTTP, with sessions kept in `store`.
pub fn router<S: SessionStore + Clone>(state: WebState, store: S) -> Router {
    let site = Arc::new(state.site.clone());
    // Without a console its addresses are as unknown as any other.
    let console = match site.console {
        Some(_) => admin::routes().merge(test_sign_in::routes()),
        None => Router::new(),
    };
    let routes = Router::new()
        .route("/", get(start::page))
        .route("/sign-in", get(start::page))
        .route("/go/{instance}", get(go::instance))
        .route("/go/{instance}/{destination}", get(go::destination))
        .route("/saml/acs", get(acs::get).post(acs::post))
        .route("/saml/logout", get(logout::by_redirect).post(logout::by_post))
        .route("/sign-in/choose", post(choose::by_email))
        .route("/discovery", get(choose::discovered))
        .route("/sign-in/confirm", post(unsolicited::confirm))
        .route("/saml/metadata", get(metadata))
        .route("/readyz", get(ready))
        .route("/saml/setup", get(setup::page))
        .route("/renew/{instance}", get(renew::instance))
        .route("/renew/{instance}/{destination}", get(renew::destination))
        .route(logo::PATH, get(logo::get))
        .merge(console)
        .route("/sign-out", get(sign_out::confirm).post(sign_out::post))
        .with_state(Arc::new(state));
    bounded(routes, site, store)
}

/// Everything around the routes, from the inside out: body limit, sessions, panics, the boundary, and what is told of
/// a request.
fn bounded<S: SessionStore + Clone>(routes: Router, site: Arc<Site>, store: S) -> Router {
    routes
        .route("/healthz", get(|| async { "ok" }))
        .fallback(|| async { axum::http::StatusCode::NOT_FOUND })
        .layer(Extension(Arc::new(store.clone()) as Store))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(SLOWEST_FORM))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(session::layer(store))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(boundary::panicked))
        .layer(axum::middleware::from_fn_with_state(site.clone(), boundary::boundary))
        .layer(axum::middleware::from_fn_with_state(site, watched::watched))
}

/// Whether sign-ins can be taken; with `?verbose`, what an operator should look at. Older rules are no reason to
/// turn people away.
async fn ready(State(web): State<Arc<WebState>>, RawQuery(query): RawQuery) -> Response {
    if query.as_deref() != Some("verbose") {
        return "ready".into_response();
    }
    let standings = web.sign_in.standings().into_iter();
    let instances: BTreeMap<String, &str> =
        standings.map(|(name, standing)| (name.to_string(), standing.word())).collect();
    let state = web.rules_state.read().unwrap_or_else(PoisonError::into_inner);
    let rules = if state.problems.is_empty() { "in_force" } else { "older_than_file" };
    Json(json!({ "ready": true, "rules": rules, "needs_restart": state.needs_restart, "instances": instances })).into_response()
}

/// Our SAML metadata, for the identity provider's administrator.
async fn metadata(State(web): State<Arc<WebState>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], web.sign_in.metadata().to_string())
}

/// The address of the test sign-in behind a link's token.
#[must_use]
pub fn test_link(public_url: &Url, token: &str) -> String {
    let mut address = public_url.clone();
    address.set_path(&paths::test(token));
    address.into()
}

#[cfg(test)]
mod tests;
