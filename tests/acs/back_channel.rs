//! An identity provider's artifact resolution service, over real HTTP, with answers that a test chooses.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::Identity;
use connect_gateway::saml::{Error, IdpSettings, ResponseBinding};
use openssl::sha::sha1;

use crate::gateway::{Gateway, Used, company, pending, settings};
use crate::idp::{ENTITY_ID, IDP, Key, SUCCESS, SignatureShape, metadata, sign};

pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// An artifact of the message handle that is all sevens.
pub(crate) fn artifact(entity_id: &str, endpoint: u16) -> String {
    let index = endpoint.to_be_bytes();
    STANDARD.encode([&[0, 4][..], &index, &sha1(entity_id.as_bytes()), &[7; 20]].concat())
}

/// An `ArtifactResponse` with a knob for everything; the default is acceptable when what it holds is.
#[derive(Clone)]
pub(crate) struct Reply {
    /// Signs it, when it is signed.
    pub(crate) key: Option<&'static Key>,
    pub(crate) version: String,
    pub(crate) issued: String,
    pub(crate) destination: String,
    /// The `ID` of the `ArtifactResolve`, when none is given.
    pub(crate) in_response_to: Option<String>,
    pub(crate) issuer: String,
    pub(crate) status: String,
    /// The `Response`.
    pub(crate) content: String,
}

impl Reply {
    pub(crate) fn with(content: &str) -> Self {
        Self {
            key: None,
            version: "2.0".to_owned(),
            issued: "2026-03-01T09:30:00Z".to_owned(),
            destination: String::new(),
            in_response_to: None,
            issuer: ENTITY_ID.to_owned(),
            status: SUCCESS.to_owned(),
            content: content.to_owned(),
        }
    }

    pub(crate) fn xml(&self, resolve_id: &str) -> String {
        let Self { version, issued, destination, issuer, status, content, .. } = self;
        let request = self.in_response_to.as_deref().unwrap_or(resolve_id);
        let whole = |signature: &str| {
            format!(
                r#"<samlp:ArtifactResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_artifact-response" Version="{version}" IssueInstant="{issued}" InResponseTo="{request}"{destination}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml:Issuer>{signature}{status}{content}</samlp:ArtifactResponse>"#
            )
        };
        match self.key {
            None => whole(""),
            Some(key) => sign(&whole(&SignatureShape::default().template("_artifact-response", key)), key),
        }
    }
}

pub(crate) fn envelope(message: &str) -> String {
    format!(r#"<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{message}</soap:Body></soap:Envelope>"#)
}

/// An answer over HTTP.
pub(crate) fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}

type Answer = Box<dyn Fn(&str) -> Response + Send + Sync>;

struct Service {
    answer: Answer,
    asked: Mutex<Vec<(HeaderMap, String)>>,
}

/// A gateway and the service that it asks.
pub(crate) struct House {
    pub(crate) gateway: Gateway,
    service: Arc<Service>,
}

impl House {
    /// `answer` makes an answer of the `ID` of an `ArtifactResolve`.
    pub(crate) async fn new(answer: impl Fn(&str) -> Response + Send + Sync + 'static) -> Self {
        let service = Arc::new(Service { answer: Box::new(answer), asked: Mutex::default() });
        let routes = Router::new().route("/artifact", post(resolve)).with_state(service.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/artifact", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { gateway: gateway(&url), service }
    }

    /// Resolves the usual artifact into this reply.
    pub(crate) async fn replying(reply: Reply) -> Self {
        Self::new(move |id| xml(envelope(&reply.xml(id)))).await
    }

    /// Resolves into this body, where `RESOLVE` stands for the `ID` of the `ArtifactResolve`.
    pub(crate) async fn saying(body: &str) -> Self {
        let body = body.to_owned();
        Self::new(move |id| xml(body.replace("RESOLVE", id))).await
    }

    pub(crate) async fn verify(&self) -> Result<Identity, Error> {
        self.bring(&artifact(ENTITY_ID, 3)).await
    }

    pub(crate) async fn bring(&self, artifact: &str) -> Result<Identity, Error> {
        let verified = self.gateway.saml.verify_artifact(artifact, &pending()).await;
        Ok(verified.map_err(|refused| refused.error)?.into_identity())
    }

    /// What the service was sent.
    pub(crate) fn asked(&self) -> Vec<(HeaderMap, String)> {
        self.service.asked.lock().unwrap().clone()
    }
}

async fn resolve(State(service): State<Arc<Service>>, headers: HeaderMap, body: String) -> Response {
    let document = roxmltree::Document::parse(&body).unwrap();
    let request = document.descendants().find(|node| node.tag_name().name() == "ArtifactResolve").unwrap();
    let answer = (service.answer)(request.attribute("ID").unwrap());
    service.asked.lock().unwrap().push((headers, body.clone()));
    answer
}

/// A gateway that wants artifacts, which are resolved at this address.
pub(crate) fn gateway(url: &str) -> Gateway {
    Gateway::build(settings(), wanting_artifacts(url), Used::default()).unwrap()
}

pub(crate) fn wanting_artifacts(url: &str) -> IdpSettings {
    let service = format!(
        r#"<md:ArtifactResolutionService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="{url}" index="3"/><md:SingleSignOnService"#
    );
    let metadata = metadata(&[&IDP]).replacen("<md:SingleSignOnService", &service, 1);
    IdpSettings { response_binding: ResponseBinding::Artifact, ..company(metadata) }
}
