//! The administrators' console. Every page takes an [`Admin`], and there is one for administrators only. What changes
//! something is [`publish`], which takes a [`Publisher`] besides; nothing else does.

mod comparison;
mod configuration;
mod diff;
mod directory;
mod explanation;
mod form_of_ours;
mod history;
mod overview;
mod playground;
mod publish;
mod sign_ins;
mod test_sign_in;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sha2::{Digest as _, Sha256};
use tower_sessions::Session;
use url::form_urlencoded;

use super::refusal::Refusal;
use super::start::parameter;
use super::{WebState, choose, cookies, go, paths};
use crate::admin::{Console, Unusable};
use crate::audit::{self, Event, Line};
use crate::model::{ConsolePath, Identity, IdpName, SessionId, SignedIn, SupportId, code};
use crate::session;
use crate::sign_in::{Before, Start};

/// What lies at and below [`paths::CONSOLE`].
pub(super) fn routes() -> Router<Arc<WebState>> {
    Router::new()
        .route(paths::CONSOLE, get(overview::page))
        .route("/admin/sign-ins", get(sign_ins::list))
        .route("/admin/sign-ins/{support_id}", get(sign_ins::one))
        .route("/admin/sign-ins/{support_id}/attributes.json", get(sign_ins::attributes))
        .route("/admin/test", get(test_sign_in::page).post(test_sign_in::post))
        .route("/admin/playground", get(playground::page).post(playground::preview))
        .route("/admin/publish", post(publish::post))
        .route("/admin/history", get(history::list))
        .route("/admin/history/file", get(history::file))
        .route("/admin/history/{number}", get(history::one))
        .route("/admin/directory", get(directory::first))
        .route("/admin/directory/{instance}", get(directory::page).post(directory::find))
        .route("/admin/directory/{instance}/users/{id}", get(directory::user))
        .route("/admin/config", get(configuration::page))
}

/// Somebody with a session whom the conditions in force name, asked anew at every request.
pub(super) struct Admin {
    console: Arc<Console>,
    /// Whose session it is.
    identity: Identity,
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
                check(web, &signed_in).await.map_err(IntoResponse::into_response)?;
                if !web.sign_in.may_see_console(&signed_in) {
                    return Err(leave(web, parts, &session, Some(&signed_in)).await.into_response());
                }
                note(parts, &signed_in);
                console.look_around().await;
                Ok(Self { console, identity: signed_in.identity, form_token: form_token(&session) })
            }
            None => Err(leave(web, parts, &session, None).await.into_response()),
        }
    }
}

impl Admin {
    /// Whether they may publish, by the conditions in force.
    async fn check_publisher(&self, web: &WebState) -> Result<(), String> {
        self.console.check_publisher(self.identity.clone(), web.sign_in.rules()).await
    }
}

/// An administrator who may publish rules, asked anew at every request.
pub(super) struct Publisher(Admin);

impl FromRequestParts<Arc<WebState>> for Publisher {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<WebState>) -> Result<Self, Response> {
        let admin = Admin::from_request_parts(parts, web).await?;
        admin.check_publisher(web).await.map_err(|why| {
            let refusal = Refusal::new(&code::ADMIN_NOT_PUBLISHER, format!("not a publisher: {why}"));
            let idp = Some(&admin.identity.idp);
            refusal.during(Event::Rules).with_idp(idp).signed_in().into_response()
        })?;
        Ok(Self(admin))
    }
}

/// Refuses whoever is no administrator.
async fn check(web: &WebState, signed_in: &SignedIn) -> Result<(), Refusal> {
    let idp = Some(&signed_in.identity.idp);
    let refusal = |error| Refusal::of(&error).during(Event::Console).with_idp(idp).signed_in();
    web.sign_in.check_admin(&signed_in.identity).await.map_err(refusal)
}

/// Each look is an audit line.
fn note(parts: &Parts, signed_in: &SignedIn) {
    if let Some(support_id) = parts.extensions.get::<SupportId>() {
        let (event, idp) = (Event::Console, Some(&signed_in.identity.idp));
        let (instance, refused, trace) = (None, None, None);
        audit::record(&Line { event, support_id, idp, instance, refused, trace, findings: &[] });
    }
}

/// Nothing was computed.
fn unavailable(why: &Unusable) -> Refusal {
    let refusal = match why {
        Unusable::Busy => Refusal::new(&code::ADMIN_BUSY, "another preview is computed"),
        _ => Refusal::new(&code::GATEWAY_INTERNAL, "a preview stopped unexpectedly"),
    };
    refusal.during(Event::Console).signed_in()
}

/// To the identity provider, from where the way leads back to the page that was asked for.
async fn leave(
    web: &WebState,
    parts: &Parts,
    session: &Session,
    signed_in: Option<&SignedIn>,
) -> Result<Response, Refusal> {
    let headers = &parts.headers;
    if cookies::has_arrived(headers, paths::CONSOLE) {
        let refusal = Refusal::new(&code::SIGN_IN_NOT_KEPT, "a completed sign-in left no session");
        return Ok(cookies::forget_arrival(refusal.during(Event::Console)));
    }
    let page = page(parts);
    let idp = parameter(parts.uri.query(), "idp").map(IdpName::new);
    let secret = cookies::browser_secret_or_new(headers, &*web.site.random);
    let before = Before { signed_in, session: session::id(session) };
    let start = web.sign_in.start_console(page.clone(), idp.as_ref(), &secret, before).await;
    match start.map_err(|error| Refusal::of(&error).during(Event::Start).with_idp(idp.as_ref()))? {
        Start::ChooseIdp(choices) => choose::for_console(web, &page, &choices, headers),
        Start::Depart(departure) => go::depart(web.site.brand_for(headers), &departure)
            .map(|response| cookies::keep_secret(response, &secret, web.site.pending_for)),
    }
}

/// The page to come back to: one of [`routes`], or no administrator would have been asked for. What was sent with a form
/// is gone; the way leads to the overview then.
fn page(parts: &Parts) -> ConsolePath {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let asked = parts.uri.query().unwrap_or_default();
    // The identity provider is where the person comes back from, and names no page.
    query.extend_pairs(form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name != "idp"));
    let (path, query) = (parts.uri.path(), query.finish());
    let page = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let page = ConsolePath::new(&page).or_else(|| ConsolePath::new(path));
    page.filter(|_| parts.method == Method::GET).unwrap_or_else(ConsolePath::overview)
}

/// Made from the session's id, which it does not tell.
fn form_token(session: &Session) -> String {
    let id = session::id(session);
    let mut hash = Sha256::new();
    hash.update(b"console form\0");
    hash.update(id.as_ref().map_or("", SessionId::expose));
    hex::encode(hash.finalize())
}
