//! Answers that the browser brings an artifact of: kept here until the service provider asks. SAML bindings 3.6.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::rand::rand_bytes;
use openssl::sha::sha1;
use url::form_urlencoded::Serializer;

use super::super::pages::{see_other, sentence};
use super::super::shared::Shared;
use super::request::{self, AuthnRequest};
use super::response::resolved;
use super::response::{ASSERTION, PROTOCOL};
use super::xml::{Element, parse};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The index of the one artifact resolution service.
pub(super) const INDEX: u16 = 0;

/// Keeps the answer and sends the browser with its artifact to the registered address.
pub(super) fn send(shared: &Shared, request: &AuthnRequest, xml: String, cookies: &[String]) -> Response {
    let mut handle = [0_u8; 20];
    if rand_bytes(&mut handle).is_err() {
        return sentence(StatusCode::INTERNAL_SERVER_ERROR, "Sign-in failed", "There is no randomness.");
    }
    let entity_id = format!("{}/saml/metadata", shared.urls.idp);
    let parts = [&[0, 4][..], &INDEX.to_be_bytes(), &sha1(entity_id.as_bytes()), &handle].concat();
    let artifact = STANDARD.encode(parts);
    let mut query = Serializer::new(String::new());
    query.append_pair("SAMLart", &artifact);
    if let Some(relay_state) = &request.relay_state {
        query.append_pair("RelayState", relay_state);
    }
    shared.idp.lock().artifacts.insert(artifact, (request.issuer.clone(), xml));
    see_other(&format!("{}?{}", request.acs_url, query.finish()), cookies)
}

/// The artifact resolution service. A wrong question gets an HTTP error, an unknown artifact an empty answer. Core 3.5.3.
pub(super) async fn resolve(State(shared): State<Arc<Shared>>, body: String) -> Response {
    let Some((id, issuer, artifact)) = asked(&shared, &body) else {
        shared.note("idp", "ArtifactResolve", 403, None);
        return StatusCode::FORBIDDEN.into_response();
    };
    let kept = shared.idp.lock().artifacts.remove(&artifact).filter(|(owner, _)| *owner == issuer);
    let response = kept.map(|(_, xml)| xml).unwrap_or_default();
    shared.note("idp", "ArtifactResolve", 200, None);
    let entity_id = format!("{}/saml/metadata", shared.urls.idp);
    match resolved(&shared.idp.keys, &entity_id, shared.clock.now(), &id, &response) {
        Ok(message) => (
            [(header::CONTENT_TYPE, "text/xml; charset=utf-8")],
            format!("<soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body>{message}</soap:Body></soap:Envelope>"),
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `ID`, sender and artifact of a request that its sender signed.
fn asked(shared: &Shared, body: &str) -> Option<(String, String, String)> {
    let envelope = parse(body).filter(|root| root.is(SOAP, "Envelope"))?;
    let request = envelope.child(SOAP, "Body")?.child(PROTOCOL, "ArtifactResolve")?;
    let issuer = request.child(ASSERTION, "Issuer").map(Element::text)?;
    let provider = shared.idp.provider(&issuer)?;
    let here = format!("{}/saml/artifact", shared.urls.idp);
    let is_for_us = request.attribute("Destination").is_none_or(|destination| destination == here);
    let signed = provider.certificates.is_empty() || request::is_signed(request, &provider.certificates);
    let artifact = request.child(PROTOCOL, "Artifact").map(Element::text)?;
    (is_for_us && signed).then_some((request.attribute("ID")?.to_owned(), issuer, artifact))
}
