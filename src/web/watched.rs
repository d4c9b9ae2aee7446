//! Around everything: one span, one line of the log and the numbers of each request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::client_address::{ClientAddress, ProxyIds};
use super::{Peer, Site};
use crate::audit;
use crate::model::{Code, IdpName, SupportId, spans};

/// What is asked too often to be told.
const SILENT: [&str; 2] = ["/healthz", "/readyz"];
/// The route of what has none.
const NO_ROUTE: &str = "none";

/// What a refusal was, for the line of its request.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) code: &'static Code,
    pub(super) idp: Option<IdpName>,
}

/// Watches a request from its first byte here to the answer.
pub(super) async fn watched(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let (began, in_flight) = (Instant::now(), site.metrics.request());
    let support_id = audit::support_id(&*site.random);
    let client = client(&site, &request);
    let asked = Asked::new(&site, &request, &client);
    if let Some(ids) = ProxyIds::of(&client, request.headers()) {
        ids.log(support_id.as_str());
        request.extensions_mut().insert(ids);
    }
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(support_id.clone());
    let span = spans::request(asked.method, &asked.route);
    span.record("support_id", support_id.as_str());
    let answered = next.run(request).instrument(span.clone());
    let response = audit::from_address(asked.client_address.clone(), answered).await;
    drop(in_flight);
    let refused = response.extensions().get::<Refused>();
    span.record("http.response.status_code", response.status().as_u16());
    spans::ended(&span, refused.map(|refused| refused.code.id));
    site.metrics.answered((asked.method, &asked.route), response.status().as_u16(), began.elapsed());
    if !SILENT.contains(&&*asked.route) {
        asked.tell(&support_id, (&response, refused), began.elapsed());
    }
    response
}

/// What a request is, in words of ours: nothing that a browser made up.
struct Asked {
    method: &'static str,
    route: String,
    instance: Option<String>,
    client_address: Option<String>,
}

impl Asked {
    fn new(site: &Site, request: &Request, client: &ClientAddress) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
        let named = || request.uri().path().split('/').nth(2).map(str::to_owned);
        let instance = route.contains("/{instance}").then(named).flatten();
        Self {
            method: method(request.method()),
            instance: instance.filter(|name| site.metrics.knows_instance(name)),
            client_address: client.address.and_then(|address| site.personal.shown(&address.to_string())),
            route,
        }
    }

    fn tell(
        &self,
        support_id: &SupportId,
        (response, refused): (&Response, Option<&Refused>),
        took: Duration,
    ) {
        let (method, route, instance) = (self.method, &*self.route, self.instance.as_deref());
        let (status, support_id) = (response.status().as_u16(), support_id.as_str());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let code = refused.map(|refused| refused.code.id);
        let idp = refused.and_then(|refused| refused.idp.as_ref()).map(IdpName::as_str);
        let client_address = self.client_address.as_deref();
        tracing::info!(target: "request", method, route, status, duration_ms, support_id, instance, idp, code,
            client_address, "answered");
    }
}

/// Methods that we have; anything else is one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whose request it is. Without a listener of ours there is no peer, and nobody is believed for it.
fn client(site: &Site, request: &Request) -> ClientAddress {
    let peer = request.extensions().get().copied().unwrap_or(Peer(None));
    if SILENT.contains(&request.uri().path()) {
        return site.addresses.of_proxy(peer, request.headers());
    }
    site.addresses.of(peer, request.headers(), site.clock.now())
}
