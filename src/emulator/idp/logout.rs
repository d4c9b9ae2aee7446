//! Single logout, both ways. SAML core 3.7, bindings 3.4 and 3.5.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::error::ErrorStack;

use super::super::clock::random_hex;
use super::super::encoding::{cookie, form_fields, percent_encode};
use super::super::options::ServiceProvider;
use super::super::pages::{see_other, sentence};
use super::super::shared::Shared;
use super::keys::RSA_SHA256;
use super::request::{Received, Unchecked};
use super::response::{ASSERTION, EMAIL, PROTOCOL, instant};
use super::xml::{Element, canonical_attribute, canonical_text};
use super::{COOKIE, pages};

const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

pub(super) async fn by_redirect(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let is_request = query.split('&').any(|pair| pair.starts_with("SAMLRequest="));
    receive(&shared, Received::Redirect(&query), is_request, &headers).await
}

pub(super) async fn by_post(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = form_fields(&body);
    receive(&shared, Received::Post(&fields), fields.contains_key("SAMLRequest"), &headers).await
}

async fn receive(shared: &Shared, received: Received<'_>, is_request: bool, headers: &HeaderMap) -> Response {
    let (name, outcome) = if is_request {
        ("LogoutRequest", requested(shared, received, headers).await)
    } else {
        ("LogoutResponse", answered(shared, received).await)
    };
    let status = if outcome.is_ok() { 200 } else { 403 };
    shared.note("idp", name, status, None);
    outcome.unwrap_or_else(|reason| sentence(StatusCode::FORBIDDEN, "Sign-out refused", reason))
}

/// The service provider signs a person out everywhere: the session in this browser ends, and the answer goes back.
async fn requested(
    shared: &Shared,
    received: Received<'_>,
    headers: &HeaderMap,
) -> Result<Response, &'static str> {
    let request = Unchecked::read(received, "SAMLRequest", "LogoutRequest")?;
    let provider = sender(shared, &request).await?;
    let id = request.root.attribute("ID").ok_or("The request has no ID")?.to_owned();
    let status = match end(shared, &request.root, headers) {
        Some(()) if shared.idp.options.partial_logout => status("Success", Some("PartialLogout")),
        Some(()) => status("Success", None),
        None => status("Requester", Some("UnknownPrincipal")),
    };
    let logout_url = provider.logout_url.as_deref().ok_or("The service provider takes no answer")?;
    let xml = message(
        shared,
        "LogoutResponse",
        logout_url,
        &format!(" InResponseTo=\"{}\"", canonical_attribute(&id)),
        &status,
        None,
    );
    redirect(shared, logout_url, "SAMLResponse", &xml, request.relay_state.as_deref())
        .map_err(|_| "The answer cannot be signed")
}

/// Ends the session of this browser, when the request names its person and one of its sign-ins as they were given.
fn end(shared: &Shared, request: &Element, headers: &HeaderMap) -> Option<()> {
    let state = &mut *shared.idp.lock();
    let cookie = cookie(headers, COOKIE)?;
    let session = state.sessions.get(&cookie)?;
    let person = state.people.iter().find(|person| person.uid == session.authenticated.person.uid)?;
    let name_id = request.child(ASSERTION, "NameID")?;
    let index = request.child(PROTOCOL, "SessionIndex")?.text();
    let is_named = name_id.text() == person.name_id
        && name_id.attribute("Format") == Some(EMAIL)
        && session.participants.iter().any(|(_, found)| *found == index);
    is_named.then(|| state.sessions.remove(&cookie)).map(|_| ())
}

/// The service provider answers: the sign-out that began here is over.
async fn answered(shared: &Shared, received: Received<'_>) -> Result<Response, &'static str> {
    let response = Unchecked::read(received, "SAMLResponse", "LogoutResponse")?;
    sender(shared, &response).await?;
    let asked = response.root.attribute("InResponseTo").unwrap_or_default();
    if shared.idp.lock().logouts.remove(asked) != Some(response.issuer()) {
        return Err("The answer is to no request of this identity provider");
    }
    let code =
        response.root.child(PROTOCOL, "Status").and_then(|status| status.child(PROTOCOL, "StatusCode"));
    let top = code.and_then(|code| code.attribute("Value"));
    let below = code.and_then(|code| code.child(PROTOCOL, "StatusCode")).is_some();
    Ok(match (top, below) {
        (Some(value), false) if value == format!("{STATUS}Success") => {
            sentence(StatusCode::OK, "Signed out", "You are signed out here and in the application.")
        }
        (Some(value), true) if value == format!("{STATUS}Success") => sentence(
            StatusCode::OK,
            "Signed out in part",
            "You are signed out here. The application says that something of it may still be open.",
        ),
        _ => sentence(StatusCode::OK, "Signed out here", "The application could not sign you out."),
    })
}

async fn sender(shared: &Shared, message: &Unchecked<'_>) -> Result<ServiceProvider, &'static str> {
    let provider = shared.idp.provider_or_metadata(&message.issuer()).await;
    let provider = provider.ok_or("The message comes from an unknown service provider")?;
    message.check_sender(&provider, &format!("{}/saml/slo", shared.urls.idp))?;
    Ok(provider)
}

/// `GET /logout`: the session of this browser ends, and the service provider of its latest sign-in is told, by
/// HTTP-Redirect and with the `SessionIndex` of each sign-in there.
pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let session = cookie(&headers, COOKIE).and_then(|id| shared.idp.lock().sessions.remove(&id));
    let asked = session.and_then(|session| {
        let (entity_id, _) = session.participants.last()?;
        let provider = shared.idp.provider(entity_id)?;
        let logout_url = provider.logout_url.clone()?;
        let named = (session.authenticated.person.uid.as_str(), &session.participants[..]);
        let xml = logout_request(&shared, named, &provider, &logout_url, true)?;
        redirect(&shared, &logout_url, "SAMLRequest", &xml, Some("idp logout")).ok()
    });
    asked.unwrap_or_else(|| {
        sentence(StatusCode::OK, "Signed out", "You are signed out of the identity provider.")
    })
}

/// `POST /people/end`: what an administrator does. Every session of one person ends, and the service provider is told by
/// HTTP-POST from the administrator's browser, without any `SessionIndex`.
pub(super) async fn end_all(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let uid = form_fields(&body).remove("uid").unwrap_or_default();
    let provider = {
        let state = &mut *shared.idp.lock();
        state.sessions.retain(|_, session| session.authenticated.person.uid != uid);
        state.providers.iter().find(|provider| provider.logout_url.is_some()).cloned()
    };
    let asked = provider.and_then(|provider| {
        let logout_url = provider.logout_url.clone()?;
        let xml = logout_request(&shared, (&uid, &[]), &provider, &logout_url, false)?;
        Some(pages::post(&logout_url, ("SAMLRequest", &xml), Some("administrator"), None))
    });
    asked.unwrap_or_else(|| sentence(StatusCode::OK, "Sessions ended", "No application was told."))
}

/// A request to end a person's sessions at `provider`: those of these sign-ins, or all. Signed inside for HTTP-POST.
fn logout_request(
    shared: &Shared,
    (uid, participants): (&str, &[(String, String)]),
    provider: &ServiceProvider,
    logout_url: &str,
    by_redirect: bool,
) -> Option<String> {
    let name_id = {
        let state = shared.idp.lock();
        state.people.iter().find(|person| person.uid == uid)?.name_id.clone()
    };
    let indexes = participants.iter().filter(|(entity_id, _)| *entity_id == provider.entity_id);
    let index = |index: &str| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", canonical_text(index));
    let indexes = indexes.map(|(_, found)| index(found)).collect::<Vec<_>>().concat();
    let subject = format!(
        "<saml:NameID xmlns:saml=\"{ASSERTION}\" Format=\"{EMAIL}\">{}</saml:NameID>{indexes}",
        canonical_text(&name_id)
    );
    let id = format!("_{}", random_hex(20));
    shared.idp.lock().logouts.insert(id.clone(), provider.entity_id.clone());
    let whole = |signature: Option<&str>| {
        message_with_id(shared, "LogoutRequest", logout_url, "", &subject, (&id, signature))
    };
    if by_redirect {
        return Some(whole(None));
    }
    let signature = shared.idp.keys.signature(&id, &whole(None)).ok()?;
    Some(whole(Some(&signature)))
}

fn status(top: &str, below: Option<&str>) -> String {
    let below = below
        .map(|below| format!("<samlp:StatusCode Value=\"{STATUS}{below}\"></samlp:StatusCode>"))
        .unwrap_or_default();
    format!(
        "<samlp:Status><samlp:StatusCode Value=\"{STATUS}{top}\">{below}</samlp:StatusCode></samlp:Status>"
    )
}

fn message(
    shared: &Shared,
    name: &str,
    destination: &str,
    attributes: &str,
    content: &str,
    signature: Option<&str>,
) -> String {
    let id = format!("_{}", random_hex(20));
    message_with_id(shared, name, destination, attributes, content, (&id, signature))
}

/// A message in canonical form; `attributes` come between `ID` and `IssueInstant`.
fn message_with_id(
    shared: &Shared,
    name: &str,
    destination: &str,
    attributes: &str,
    content: &str,
    (id, signature): (&str, Option<&str>),
) -> String {
    format!(
        "<samlp:{name} xmlns:samlp=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{id}\"{attributes} IssueInstant=\"{}\" \
         Version=\"2.0\"><saml:Issuer xmlns:saml=\"{ASSERTION}\">{}/saml/metadata</saml:Issuer>{}{content}\
         </samlp:{name}>",
        canonical_attribute(destination),
        instant(shared.clock.now()),
        canonical_text(&shared.urls.idp),
        signature.unwrap_or_default(),
    )
}

/// Bindings 3.4.4.1: deflated, and signed as it stands in the query.
fn redirect(
    shared: &Shared,
    to: &str,
    parameter: &str,
    xml: &str,
    relay_state: Option<&str>,
) -> Result<Response, ErrorStack> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder.write_all(xml.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
    let mut query = format!("{parameter}={}", percent_encode(STANDARD.encode(deflated).as_bytes()));
    if let Some(relay_state) = relay_state {
        query = format!("{query}&RelayState={}", percent_encode(relay_state.as_bytes()));
    }
    query = format!("{query}&SigAlg={}", percent_encode(RSA_SHA256.as_bytes()));
    let signature = STANDARD.encode(shared.idp.keys.sign(query.as_bytes())?);
    let query = format!("{query}&Signature={}", percent_encode(signature.as_bytes()));
    let separator = if to.contains('?') { '&' } else { '?' };
    Ok(see_other(&format!("{to}{separator}{query}"), &[]))
}
