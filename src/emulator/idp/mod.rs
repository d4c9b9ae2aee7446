//! A small SAML identity provider with people to pick from.

mod artifact;
mod keys;
mod logout;
mod pages;
mod presented;
mod request;
mod response;
mod trust;
mod xml;

pub use self::keys::throwaway_key_pair;
pub(super) use self::presented::Presented;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use openssl::error::ErrorStack;
use serde::Deserialize;

use self::keys::Keys;
use self::request::{AuthnRequest, Received, Unchecked};
use self::response::{Answering, EMAIL, INVALID_NAME_ID_POLICY, NO_AUTHN_CONTEXT, NO_PASSIVE, PASSWORD};
use super::clock::random_hex;
use super::encoding::{cookie, form_fields};
use super::options::{IdpOptions, ServiceProvider};
use super::pages::{see_other, sentence};
use super::seed::Person;
use super::shared::Shared;

const COOKIE: &str = "idp-emulated";

/// Classes of authentication that it has: all of them are a click. The first is the usual one.
const CONTEXTS: [&str; 2] = [PASSWORD, "https://refeds.org/profile/mfa"];

/// The identity provider.
pub(super) struct Idp {
    keys: Keys,
    options: IdpOptions,
    /// Whatever proxy the shell names, the service provider is on this machine.
    loopback: reqwest::Client,
    state: Mutex<IdpState>,
}

struct IdpState {
    providers: Vec<ServiceProvider>,
    people: Vec<Person>,
    /// Requests under way, by a random id.
    requests: HashMap<String, AuthnRequest>,
    /// Answers that wait to be fetched, by artifact: for whom, and the message.
    artifacts: HashMap<String, (String, String)>,
    /// Who is signed in, by session cookie.
    sessions: HashMap<String, Session>,
    /// Logout requests that wait for their answer: their ids, and who was asked.
    logouts: HashMap<String, String>,
}

/// A person in one browser.
#[derive(Clone)]
struct Session {
    authenticated: Authenticated,
    /// Whether the next sign-in asks nothing.
    is_remembered: bool,
    /// Where the person signed in: entity id and `SessionIndex`.
    participants: Vec<(String, String)>,
}

/// Somebody, and by what class of authentication.
#[derive(Clone)]
struct Authenticated {
    person: Person,
    context: &'static str,
}

impl Idp {
    /// With a new signing key.
    pub(super) fn new(options: IdpOptions, people: Vec<Person>) -> io::Result<Self> {
        let state = IdpState {
            providers: options.service_providers.clone(),
            people,
            requests: HashMap::new(),
            artifacts: HashMap::new(),
            sessions: HashMap::new(),
            logouts: HashMap::new(),
        };
        let keys = Keys::generate().map_err(io::Error::other)?;
        let loopback = reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?;
        Ok(Self { keys, options, loopback, state: Mutex::new(state) })
    }

    /// Its certificate, base64 DER.
    pub(super) fn certificate(&self) -> &str {
        self.keys.certificate()
    }

    /// Answers this service provider from now on.
    pub(super) fn trust(&self, provider: ServiceProvider) {
        let state = &mut *self.lock();
        state.providers.retain(|known| known.entity_id != provider.entity_id);
        state.providers.push(provider);
    }

    /// The same, from its metadata; an error is a sentence.
    pub(super) fn trust_metadata(&self, metadata: &str) -> Result<(), String> {
        self.trust(trust::service_provider(metadata)?);
        Ok(())
    }

    /// Replaces an attribute of a person; false when there is no such person.
    pub(super) fn put_attribute(&self, uid: &str, name: &str, values: &[String]) -> bool {
        let state = &mut *self.lock();
        let person = state.people.iter_mut().find(|person| person.uid == uid);
        person.map(|person| person.attributes.insert(name.to_owned(), values.to_vec())).is_some()
    }

    /// Notes where somebody signed in, by the session's cookie.
    fn participate(&self, session: &str, issuer: &str, session_index: String) {
        if let Some(session) = self.lock().sessions.get_mut(session) {
            session.participants.push((issuer.to_owned(), session_index));
        }
    }

    fn lock(&self) -> MutexGuard<'_, IdpState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn provider(&self, entity_id: &str) -> Option<ServiceProvider> {
        self.lock().providers.iter().find(|provider| provider.entity_id == entity_id).cloned()
    }

    /// The registered service provider, if need be after reading metadata by URL.
    async fn provider_or_metadata(&self, entity_id: &str) -> Option<ServiceProvider> {
        if self.provider(entity_id).is_none() {
            self.read_metadata().await;
        }
        self.provider(entity_id)
    }

    /// Takes in the service providers whose metadata has a URL.
    async fn read_metadata(&self) {
        for url in &self.options.metadata_urls {
            if let Ok(answer) = self.loopback.get(url).send().await
                && let Ok(text) = answer.text().await
                && let Ok(provider) = trust::service_provider(&text)
            {
                self.trust(provider);
            }
        }
    }
}

/// Paths of the identity provider.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/saml/metadata", get(metadata))
        .route("/saml/sso", get(by_redirect).post(by_post))
        .route("/saml/artifact", post(artifact::resolve))
        .route("/saml/login", get(login))
        .route("/saml/choose", post(choose))
        .route("/saml/slo", get(logout::by_redirect).post(logout::by_post))
        .route("/portal", get(portal).post(open_app))
        .route("/logout", get(logout::sign_out))
        .route("/people/end", post(logout::end_all))
        .with_state(shared)
}

async fn home(State(shared): State<Arc<Shared>>) -> Response {
    pages::people(&shared.idp.lock().people)
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Response {
    let xml = pages::metadata(&shared.urls.idp, shared.idp.keys.certificate());
    ([("content-type", "application/samlmetadata+xml")], xml).into_response()
}

async fn by_redirect(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    receive(&shared, Received::Redirect(&query.unwrap_or_default()), &headers).await
}

async fn by_post(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    receive(&shared, Received::Post(&form_fields(&body)), &headers).await
}

async fn receive(shared: &Shared, received: Received<'_>, headers: &HeaderMap) -> Response {
    match checked(shared, received).await {
        Ok(request) => {
            shared.note("idp", "AuthnRequest", 200, None);
            let reference = random_hex(20);
            shared.idp.lock().requests.insert(reference.clone(), request.clone());
            match &shared.idp.options.login_url {
                Some(host) => see_other(&format!("{host}/saml/login?request={reference}"), &[]),
                None => ask(shared, &reference, &request, headers),
            }
        }
        Err(reason) => {
            shared.note("idp", "AuthnRequest", 403, None);
            sentence(StatusCode::FORBIDDEN, "Sign-in request refused", reason)
        }
    }
}

async fn checked(shared: &Shared, received: Received<'_>) -> Result<AuthnRequest, &'static str> {
    let request = Unchecked::read(received, "SAMLRequest", "AuthnRequest")?;
    let provider = shared.idp.provider_or_metadata(&request.issuer()).await;
    let provider = provider.ok_or("The request comes from an unknown service provider")?;
    request.check(&provider, &format!("{}/saml/sso", shared.urls.idp))
}

#[derive(Deserialize)]
struct Login {
    request: String,
}

async fn login(
    State(shared): State<Arc<Shared>>,
    Query(login): Query<Login>,
    headers: HeaderMap,
) -> Response {
    let request = shared.idp.lock().requests.get(&login.request).cloned();
    match request {
        Some(request) => ask(&shared, &login.request, &request, &headers),
        None => expired(),
    }
}

fn expired() -> Response {
    sentence(StatusCode::BAD_REQUEST, "Sign-in expired", "Start again from the application.")
}

/// A remembered person is not asked again, unless the request forces it.
fn ask(shared: &Shared, reference: &str, request: &AuthnRequest, headers: &HeaderMap) -> Response {
    let answer = match remembered(shared, request, headers) {
        _ if !has_format(request) => Err(INVALID_NAME_ID_POLICY),
        _ if context(request).is_none() => Err(NO_AUTHN_CONTEXT),
        Some(remembered) => Ok(remembered),
        None if request.is_passive => Err(NO_PASSIVE),
        None => return pages::choice(&shared.idp.lock().people, reference),
    };
    shared.idp.lock().requests.remove(reference);
    respond(shared, request, answer)
}

/// Somebody who signs in, and the session's cookie.
type Answered = (String, Authenticated);

/// Who is remembered, with an authentication that would do, and as that person is today.
fn remembered(shared: &Shared, request: &AuthnRequest, headers: &HeaderMap) -> Option<Answered> {
    let id = cookie(headers, COOKIE).filter(|_| !request.force_authn)?;
    let state = &*shared.idp.lock();
    let session = state.sessions.get(&id).filter(|session| session.is_remembered)?;
    let Authenticated { person, context } = &session.authenticated;
    let person = state.people.iter().find(|known| known.uid == person.uid)?.clone();
    would_do(request, context).then_some((id, Authenticated { person, context }))
}

fn would_do(request: &AuthnRequest, context: &str) -> bool {
    request.contexts.is_empty() || request.contexts.iter().any(|wanted| wanted == context)
}

/// The class of authentication for whoever is asked now.
fn context(request: &AuthnRequest) -> Option<&'static str> {
    CONTEXTS.into_iter().find(|context| would_do(request, context))
}

fn has_format(request: &AuthnRequest) -> bool {
    let unspecified = |format: &str| format.ends_with(":unspecified");
    request.name_id_format.as_deref().is_none_or(|format| format == EMAIL || unspecified(format))
}

async fn choose(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let fields: BTreeMap<String, String> = form_fields(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let (request, person) = {
        let state = &mut *shared.idp.lock();
        let person = state.people.iter().find(|person| person.uid == field("uid")).cloned();
        (state.requests.remove(field("request")), person)
    };
    let authenticated = person.zip(request.as_ref().and_then(context));
    let (Some(request), Some((person, context))) = (request, authenticated) else {
        return expired();
    };
    let authenticated = Authenticated { person, context };
    let session = begin(&shared, &authenticated, field("remember") == "on");
    respond(&shared, &request, Ok((session, authenticated)))
}

/// A session in this browser; its cookie goes with the answer.
fn begin(shared: &Shared, authenticated: &Authenticated, is_remembered: bool) -> String {
    let id = random_hex(20);
    let session = Session { authenticated: authenticated.clone(), is_remembered, participants: Vec::new() };
    shared.idp.lock().sessions.insert(id.clone(), session);
    id
}

/// The list of apps.
async fn portal(State(shared): State<Arc<Shared>>) -> Response {
    shared.idp.read_metadata().await;
    let state = &*shared.idp.lock();
    pages::portal(&state.people, &state.providers)
}

/// Opens an app: an answer that it did not ask for.
async fn open_app(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let fields: BTreeMap<String, String> = form_fields(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let provider = shared.idp.provider(field("provider"));
    let person = shared.idp.lock().people.iter().find(|person| person.uid == field("uid")).cloned();
    let (Some(provider), Some(person)) = (provider, person) else {
        return sentence(StatusCode::NOT_FOUND, "No such app", "Choose one from the list of apps.");
    };
    let request = AuthnRequest::none_of(&provider, field("relay_state"));
    let authenticated = Authenticated { person, context: PASSWORD };
    let session = begin(&shared, &authenticated, false);
    respond(&shared, &request, Ok((session, authenticated)))
}

/// A form with the response, to the registered address only.
fn respond(shared: &Shared, request: &AuthnRequest, answer: Result<Answered, &'static str>) -> Response {
    let session_index = random_hex(20);
    let found = answer.as_ref().map(|(_, found)| found).map_err(|reason| *reason);
    match signed(shared, request, found, &session_index) {
        Ok(xml) => {
            shared.note("idp", "Response", 200, found.ok().map(|found| found.person.name_id.as_str()));
            let session = answer.ok().map(|(session, _)| session);
            if let Some(session) = &session {
                shared.idp.participate(session, &request.issuer, session_index);
            }
            let cookie =
                session.map(|session| format!("{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=None"));
            if request.by_artifact {
                return artifact::send(shared, request, xml, cookie.as_slice());
            }
            let message = ("SAMLResponse", xml.as_str());
            pages::post(&request.acs_url, message, request.relay_state.as_deref(), cookie.as_deref())
        }
        Err(error) => sentence(StatusCode::INTERNAL_SERVER_ERROR, "Signing failed", &error.to_string()),
    }
}

fn signed(
    shared: &Shared,
    request: &AuthnRequest,
    answer: Result<&Authenticated, &str>,
    session_index: &str,
) -> Result<String, ErrorStack> {
    let entity_id = format!("{}/saml/metadata", shared.urls.idp);
    let answering = Answering {
        keys: &shared.idp.keys,
        entity_id: &entity_id,
        sign: shared.idp.options.sign,
        session_lifetime: shared.idp.options.session_lifetime,
        audiences: &shared.idp.options.audiences,
        now: shared.clock.now(),
        request,
        session_index,
    };
    match answer {
        Ok(found) => answering.success(&found.person, found.context),
        Err(reason) => answering.refusal(reason),
    }
}
