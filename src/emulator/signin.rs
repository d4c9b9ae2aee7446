//! AWS's federation endpoint and the console page that leads into an instance.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html>

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Router, http};
use serde::Deserialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::clock::random_hex;
use super::encoding::{cookie, form_fields, percent_encode};
use super::error::ApiError;
use super::federation::issue;
use super::pages::{see_other, sentence};
use super::principal::Principal;
use super::shared::{Inner, Shared};

const COOKIE: &str = "aws-console-emulated";
const TOKEN_LIFETIME: Duration = Duration::minutes(15);

/// Sign-in tokens not yet used, and console sessions.
#[derive(Default)]
pub(super) struct Console {
    tokens: HashMap<String, (OffsetDateTime, Principal)>,
    sessions: HashMap<String, (OffsetDateTime, Principal)>,
}

/// Paths of the sign-in endpoint and the console.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/federation", get(federation).post(federation))
        .route("/connect/federate/{instance_id}", get(federate))
        .with_state(shared)
}

async fn federation(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let mut fields = form_fields(&body);
    fields.extend(form_fields(query.unwrap_or_default().as_bytes()));
    let now = shared.clock.now();
    match fields.get("Action").map(String::as_str) {
        Some("getSigninToken") => signin_token(&shared, &fields, now),
        Some("login") => login(&shared, &fields, now),
        _ => refuse("Action must be getSigninToken or login"),
    }
}

fn refuse(reason: &str) -> Response {
    sentence(StatusCode::BAD_REQUEST, "Bad request", reason)
}

#[expect(clippy::struct_field_names, reason = "the endpoint's names")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    session_id: String,
    session_key: String,
    session_token: String,
}

/// `Action=getSigninToken`: one token for fifteen minutes.
fn signin_token(shared: &Shared, fields: &BTreeMap<String, String>, now: OffsetDateTime) -> Response {
    let session = fields.get("Session").and_then(|text| serde_json::from_str::<Session>(text).ok());
    let duration = fields.get("SessionDuration").map_or(Some(43_200), |text| text.parse::<u32>().ok());
    let inner = &mut *shared.lock();
    let principal = session.and_then(|session| session.principal(inner, now));
    let username = principal.as_ref().map(|principal| principal.label().to_owned());
    let (Some(principal), Some(900..=43_200)) = (principal, duration) else {
        shared.note("signin", "GetSigninToken", 400, username.as_deref());
        return refuse("Session or SessionDuration is not valid");
    };
    let token = random_hex(64);
    inner.console.tokens.insert(token.clone(), (now + TOKEN_LIFETIME, principal));
    shared.note("signin", "GetSigninToken", 200, username.as_deref());
    let mut response = Response::new(Body::from(json!({"SigninToken": token}).to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl Session {
    /// Whose temporary credentials they are.
    fn principal(&self, inner: &Inner, now: OffsetDateTime) -> Option<Principal> {
        let key = inner.world.keys.get(&self.session_id)?;
        let valid = key.secret == self.session_key
            && key.session_token.as_ref() == Some(&self.session_token)
            && key.expires.is_some_and(|expires| expires > now);
        valid.then(|| key.principal.clone())
    }
}

/// `Action=login`: a console session, then on to the destination.
fn login(shared: &Shared, fields: &BTreeMap<String, String>, now: OffsetDateTime) -> Response {
    let destination = fields.get("Destination").map_or("", String::as_str);
    let federate = format!("{}/connect/federate/", shared.urls.console);
    let inner = &mut *shared.lock();
    let token = fields.get("SigninToken").and_then(|token| inner.console.tokens.remove(token));
    let Some((_, principal)) = token.filter(|(expires, _)| *expires > now) else {
        shared.note("signin", "Login", 400, None);
        return refuse("SigninToken is not valid");
    };
    if !destination.starts_with(&federate) {
        shared.note("signin", "Login", 400, Some(principal.label()));
        return refuse("Destination is not in the console");
    }
    shared.note("signin", "Login", 303, Some(principal.label()));
    let session = random_hex(32);
    inner.console.sessions.insert(session.clone(), (now + Duration::hours(12), principal));
    see_other(destination, &[format!("{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=Lax")])
}

/// `/connect/federate/<instance id>`: into the instance, as the user with the session's name.
async fn federate(
    State(shared): State<Arc<Shared>>,
    Path(instance_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let fields = form_fields(query.unwrap_or_default().as_bytes());
    let session = cookie(&headers, COOKIE);
    let (username, outcome) = enter(&shared, session.as_deref(), &instance_id);
    match outcome {
        Ok((site, code)) => {
            shared.note("console", "Federate", 303, username.as_deref());
            let destination = fields.get("destination").map_or("", String::as_str);
            let destination = percent_encode(destination.as_bytes());
            see_other(&format!("{site}/auth/arrive?code={code}&destination={destination}"), &[])
        }
        Err(error) => {
            shared.note("console", "Federate", error.status, username.as_deref());
            let status = http::StatusCode::from_u16(error.status).unwrap_or(StatusCode::FORBIDDEN);
            sentence(status, "Access denied", &error.message)
        }
    }
}

/// The site and a code that counts once there.
fn enter(
    shared: &Shared,
    session: Option<&str>,
    instance_id: &str,
) -> (Option<String>, Result<(String, String), ApiError>) {
    let now = shared.clock.now();
    let Inner { world, behaviour, tokens, arrivals, console, .. } = &mut *shared.lock();
    let principal =
        session.and_then(|session| console.sessions.get(session)).filter(|(expires, _)| *expires > now);
    let Some((_, principal)) = principal else {
        return (None, Err(ApiError::unsigned("Your session has expired.")));
    };
    let username = Some(principal.label().to_owned());
    let own = |instance: &&mut super::state::Instance| {
        instance.id == instance_id && instance.account == principal.account
    };
    let Some(instance) = world.instances.iter_mut().find(own) else {
        return (username, Err(ApiError::not_found("There is no such instance.")));
    };
    let resource = format!("{}/user/{}", instance.arn(), principal.user_id);
    if !principal.may("connect:GetFederationToken", &resource, Some(instance_id)) {
        return (username, Err(ApiError::access_denied("Please contact your AWS account administrator.")));
    }
    let outcome = issue(instance, principal, behaviour, now).map(|token| {
        let code = random_hex(32);
        arrivals.insert(code.clone(), token.access.clone());
        tokens.insert(token.access.clone(), token);
        (shared.urls.site(&instance.alias), code)
    });
    (username, outcome)
}
