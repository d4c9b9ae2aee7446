//! The administrators' console. Every page takes an [`Admin`], and there is one for administrators only. Nothing here
//! changes anything.

mod comparison;
mod configuration;
mod directory;
mod explanation;
mod overview;
mod playground;
mod sign_ins;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use tower_sessions::Session;

use super::refusal::Refusal;
use super::sign_out::is_our_form;
use super::start::parameter;
use super::{WebState, choose, cookies, form, go, paths};
use crate::admin::Console;
use crate::audit::{self, Event, Line};
use crate::model::{IdpName, SessionId, SignedIn, SupportId, code};
use crate::session;
use crate::sign_in::{Before, Start};

/// What lies at and below [`paths::CONSOLE`].
pub(super) fn routes() -> Router<Arc<WebState>> {
    Router::new()
        .route(paths::CONSOLE, get(overview::page))
        .route("/admin/sign-ins", get(sign_ins::list))
        .route("/admin/sign-ins/{support_id}", get(sign_ins::one))
        .route("/admin/playground", get(playground::page).post(playground::preview))
        .route("/admin/directory", get(directory::first))
        .route("/admin/directory/{instance}", get(directory::page).post(directory::find))
        .route("/admin/directory/{instance}/users/{id}", get(directory::user))
        .route("/admin/config", get(configuration::page))
}

/// Somebody with a session whom the conditions in force name, asked anew at every request.
pub(super) struct Admin {
    console: Arc<Console>,
    /// Stands in our own forms: only a page of this session can know it.
    form_token: String,
}

impl FromRequestParts<Arc<WebState>> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<WebState>) -> Result<Self, Response> {
        let console = web.site.console.clone().ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
        let session = Session::from_request_parts(parts, web).await.map_err(IntoResponse::into_response)?;
        let signed_in = session::read(&session, web.site.clock.now()).await;
        match signed_in.map_err(|error| Refusal::from(error).into_response())? {
            Some(signed_in) => {
                admit(web, parts, &signed_in).map_err(IntoResponse::into_response)?;
                Ok(Self { console, form_token: form_token(&session) })
            }
            None => Err(leave(web, parts, &session).await.into_response()),
        }
    }
}

/// Lets an administrator in, with an audit line, and nobody else.
fn admit(web: &WebState, parts: &Parts, signed_in: &SignedIn) -> Result<(), Refusal> {
    let idp = Some(&signed_in.identity.idp);
    let refusal = |error| Refusal::of(&error).during(Event::Console).with_idp(idp).signed_in();
    web.sign_in.check_admin(&signed_in.identity).map_err(refusal)?;
    if let Some(support_id) = parts.extensions.get::<SupportId>() {
        let (event, instance, refused, trace) = (Event::Console, None, None, None);
        audit::record(&Line { event, support_id, idp, instance, refused, trace, findings: &[] });
    }
    Ok(())
}

/// To the identity provider, from where the way leads back to the overview.
async fn leave(web: &WebState, parts: &Parts, session: &Session) -> Result<Response, Refusal> {
    let headers = &parts.headers;
    if cookies::has_arrived(headers, paths::CONSOLE) {
        let refusal = Refusal::new(&code::SIGN_IN_NOT_KEPT, "a completed sign-in left no session");
        return Ok(cookies::forget_arrival(refusal.during(Event::Console)));
    }
    let idp = parameter(parts.uri.query(), "idp").map(IdpName::new);
    let secret = cookies::browser_secret_or_new(headers, &*web.site.random);
    let before = Before { signed_in: None, session: session::id(session) };
    let start = web.sign_in.start_console(idp.as_ref(), &secret, before).await;
    match start.map_err(|error| Refusal::of(&error).during(Event::Start).with_idp(idp.as_ref()))? {
        Start::ChooseIdp(choices) => choose::for_console(web, &choices, headers),
        Start::Depart(departure) => go::depart(&web.site.brand, &departure)
            .map(|response| cookies::keep_secret(response, &secret, web.site.pending_for)),
    }
}

/// The fields of a form that a page of this session sent.
async fn form_of_ours<const N: usize>(
    admin: &Admin,
    web: &WebState,
    headers: &HeaderMap,
    body: Request,
    names: [&str; N],
) -> Result<[String; N], Refusal> {
    form::check_is_form(headers, Event::Console)?;
    let foreign = || Refusal::new(&code::WEB_BAD_REQUEST, "the form is not ours").during(Event::Console);
    if !is_our_form(headers, &web.site.public_url) {
        return Err(foreign());
    }
    let body = form::read(body, Event::Console).await?;
    let [token] = form::fields(&body, ["token"], Event::Console)?;
    if token.as_deref() != Some(&admin.form_token) {
        return Err(foreign());
    }
    Ok(form::fields(&body, names, Event::Console)?.map(Option::unwrap_or_default))
}

/// Made from the session's id, which it does not tell.
fn form_token(session: &Session) -> String {
    let id = session::id(session);
    let mut hash = Sha256::new();
    hash.update(b"console form\0");
    hash.update(id.as_ref().map_or("", SessionId::expose));
    hex::encode(hash.finalize())
}
