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
mod client_address;
mod cookies;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod go;
mod headers;
mod health;
mod language;
mod limits;
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
mod whoami;
mod words;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use tower_sessions::SessionStore;
use url::Url;

use crate::admin::Console;
use crate::metrics::Metrics;
use crate::model::{Brand, Clock, Identity, OpenSessions, PersonalData, Random, RulesState};
use crate::session;
use crate::sign_in::SignIn;

pub use client_address::{Addresses, ClientAddress, Fault, ProxyIds};
pub use health::{Health, StoreProbe};
pub use limits::{AddressLimits, IdpLimit};
pub use operations::operations;
pub use peer::Peer;
pub use refusal::status;

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
    /// What a request may take.
    pub taken: Limits,
    /// Whether people should be sent here.
    pub health: Health,
    /// Finds clients' addresses.
    pub addresses: Arc<Addresses>,
    /// How often an address may ask.
    pub limits: Arc<AddressLimits>,
    /// What is told of a person.
    pub personal: PersonalData,
}

impl Site {
    /// Whom an identity provider named, as far as that may be told.
    fn subject(&self, identity: &Identity) -> Option<String> {
        identity.name_id.as_ref().and_then(|name| self.personal.shown(&name.value))
    }
}

/// What a request may take, at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of its body, in octets.
    pub form: usize,
    /// Until it is answered.
    pub request: Duration,
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
        .route(paths::ACS, get(acs::get).post(acs::post))
        .route("/saml/logout", get(logout::by_redirect).post(logout::by_post))
        .route("/sign-in/choose", post(choose::by_email))
        .route("/discovery", get(choose::discovered))
        .route("/sign-in/confirm", post(unsolicited::confirm))
        .route("/saml/metadata", get(metadata))
        .route("/saml/setup", get(setup::page))
        .route("/renew/{instance}", get(renew::instance))
        .route("/renew/{instance}/{destination}", get(renew::destination))
        .route(logo::PATH, get(logo::get))
        .merge(console)
        .route("/sign-out", get(sign_out::confirm).post(sign_out::post))
        .with_state(Arc::new(state));
    bounded(routes, site, store)
}

/// Everything around the routes, from the inside out: body limit, deadline, sessions, panics, rate limits, the boundary, and
/// what is told of a request.
fn bounded<S: SessionStore + Clone>(routes: Router, site: Arc<Site>, store: S) -> Router {
    let (most, alive, ready) = (site.taken, site.health.clone(), site.health.clone());
    routes
        .route("/whoami", get(whoami::whoami).with_state(site.clone()))
        .route("/healthz", get(move || async move { alive.public("ok") }))
        .route("/readyz", get(move || async move { ready.public("ready") }))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(Extension(Arc::new(store.clone()) as Store))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(SLOWEST_FORM))
        .layer(RequestBodyLimitLayer::new(most.form))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, most.request))
        .layer(session::layer(store))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(boundary::panicked))
        .layer(axum::middleware::from_fn_with_state(site.limits.clone(), limits::limit))
        .layer(axum::middleware::from_fn_with_state(site.clone(), boundary::boundary))
        .layer(axum::middleware::from_fn_with_state(site, watched::watched))
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
