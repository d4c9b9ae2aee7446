//! A site that serves metadata, on this machine, and counts who asks for what.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connect_gateway::saml::{IdpSettings, MetadataSource};

use crate::gateway::company;

/// What the site does.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) body: String,
    /// Answers 304 to whoever has this one.
    pub(crate) etag: Option<&'static str>,
    /// Answers 304 to whoever has this one and no entity tag.
    pub(crate) last_modified: Option<&'static str>,
    /// Redirects here, whatever is asked for.
    pub(crate) redirect: Option<String>,
    /// Otherwise 200.
    pub(crate) status: Option<u16>,
}

#[derive(Default)]
struct Served {
    answer: Answer,
    statuses: Vec<u16>,
}

/// The site.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) address: String,
    served: Arc<Mutex<Served>>,
}

impl Site {
    pub(crate) async fn serving(body: String) -> Self {
        Self::answering(Answer { body, ..Answer::default() }).await
    }

    pub(crate) async fn answering(answer: Answer) -> Self {
        let served = Arc::new(Mutex::new(Served { answer, ..Served::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(serve).with_state(served.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, served }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Answer)) {
        change(&mut self.served.lock().unwrap().answer);
    }

    /// The status of every answer since the last time.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        std::mem::take(&mut self.served.lock().unwrap().statuses)
    }

    /// The identity provider whose metadata is here.
    pub(crate) fn idp(&self) -> IdpSettings {
        let url = format!("{}/metadata", self.address).parse().unwrap();
        IdpSettings { metadata: MetadataSource::Url(url), ..company(String::new()) }
    }
}

async fn serve(State(served): State<Arc<Mutex<Served>>>, request: Request) -> Response {
    let mut served = served.lock().unwrap();
    let answer = served.answer.clone();
    let is_redirect = answer.redirect.is_some() && request.uri().path() == "/metadata";
    let status = match answer.status {
        Some(status) => status,
        None if is_redirect => 302,
        None if is_known(request.headers(), &answer) => 304,
        None => 200,
    };
    served.statuses.push(status);
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    for (name, value) in [(ETAG, answer.etag), (LAST_MODIFIED, answer.last_modified)] {
        if let Some(value) = value {
            response = response.header(name, value);
        }
    }
    if let Some(location) = answer.redirect.filter(|_| is_redirect) {
        response = response.header(LOCATION, location);
    }
    response.body(if status == 304 { Body::empty() } else { answer.body.into() }).unwrap()
}

fn is_known(headers: &HeaderMap, answer: &Answer) -> bool {
    let sent = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match sent(IF_NONE_MATCH) {
        Some(etag) => Some(etag) == answer.etag,
        None => answer.last_modified.is_some() && sent(IF_MODIFIED_SINCE) == answer.last_modified,
    }
}
