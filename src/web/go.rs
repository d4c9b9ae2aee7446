//! The bookmark: into the instance at once with a session, else to the identity provider first.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde_json::json;
use tower_sessions::Session;

use super::boundary::seconds;
use super::headers::Csp;
use super::pages::{self, AuthnRequest, HandOffForm, Rendered, Waiting};
use super::refusal::Refusal;
use super::renew::MOST_HOURS;
use super::start::parameter;
use super::{WebState, choose, cookies, paths};
use crate::audit::{self, Event, Line, Who};
use crate::model::{
    Blame, Blamed as _, Brand, Departure, Destination, HandOff, IdpName, InstanceName, SignedIn, SupportId,
    Username, code,
};
use crate::session;
use crate::sign_in::{Ask, Before, SignInError, Start};

/// `GET /go/{instance}[?idp=][?entityID=][?hours=]`
pub(super) async fn instance(
    state: State<Arc<WebState>>,
    Path(instance): Path<String>,
    query: RawQuery,
    request: (Session, Extension<SupportId>, HeaderMap),
) -> Result<Response, Refusal> {
    let ask = chosen(&state, ask(instance, None, &query), &query);
    go(state, ask, hours(&query)?, request).await
}

/// `GET /go/{instance}/{destination}[?idp=][?entityID=][?hours=]`
pub(super) async fn destination(
    state: State<Arc<WebState>>,
    Path((instance, destination)): Path<(String, String)>,
    query: RawQuery,
    request: (Session, Extension<SupportId>, HeaderMap),
) -> Result<Response, Refusal> {
    let ask = chosen(&state, ask(instance, Some(destination), &query), &query);
    go(state, ask, hours(&query)?, request).await
}

fn ask(instance: String, destination: Option<String>, RawQuery(query): &RawQuery) -> Ask {
    Ask {
        instance: InstanceName::new(instance),
        destination: destination.map(Destination::new),
        idp: parameter(query.as_deref(), "idp").map(IdpName::new),
    }
}

/// `entityID=` names the identity provider, too. One that is unknown is the name of none, and refused as that.
fn chosen(web: &WebState, ask: Ask, RawQuery(query): &RawQuery) -> Ask {
    let with =
        |entity_id: String| web.sign_in.idp_with(&entity_id).unwrap_or_else(|| IdpName::new(entity_id));
    let idp = ask.idp.or_else(|| parameter(query.as_deref(), "entityID").map(with));
    Ask { idp, ..ask }
}

/// `hours=`: how long the session must last from now on. One that ends sooner is not used: the person goes to the
/// identity provider and gets a new one, however long that lasts.
fn hours(RawQuery(query): &RawQuery) -> Result<Option<Duration>, Refusal> {
    let Some(text) = parameter(query.as_deref(), "hours") else { return Ok(None) };
    let hours = text.parse().ok().filter(|hours| (1..=MOST_HOURS).contains(hours));
    let hours = hours.ok_or_else(|| Refusal::new(&code::WEB_BAD_REQUEST, "hours is not 1 to 12"))?;
    Ok(Some(Duration::from_secs(hours * 3600)))
}

async fn go(
    State(web): State<Arc<WebState>>,
    ask: Ask,
    wanted: Option<Duration>,
    (session, Extension(support_id), headers): (Session, Extension<SupportId>, HeaderMap),
) -> Result<Response, Refusal> {
    let now = web.site.clock.now();
    let signed_in = session::read(&session, now).await?;
    // A sign-in that was completed a moment ago is as fresh as can be: asking once more would not end.
    let lasts = |session: &SignedIn| {
        wanted.is_none_or(|wanted| session.ends_in(&ask.instance) >= now + wanted)
            || cookies::has_arrived(&headers, ask.instance.as_str())
    };
    let may_enter = |session: &&SignedIn| web.sign_in.may_enter(session, &ask.instance) && lasts(session);
    if let Some(signed_in) = signed_in.as_ref().filter(may_enter)
        && let Some(entered) = enter(&web, &session, signed_in.clone(), &ask, (&support_id, &headers)).await?
    {
        return Ok(entered);
    }
    if !is_navigation(&headers) {
        return Ok(sign_in_needed(&ask));
    }
    if cookies::has_arrived(&headers, ask.instance.as_str()) {
        let refusal = Refusal::new(&code::SIGN_IN_NOT_KEPT, "a completed sign-in left no session")
            .during(Event::SignIn)
            .towards(&ask.instance, ask.destination.as_ref());
        return Ok(cookies::forget_arrival(refusal));
    }
    let ask = match &signed_in {
        Some(signed_in) if wanted.is_some() => web.sign_in.renewing(ask, signed_in),
        _ => ask,
    };
    let before = Before { signed_in: signed_in.as_ref(), session: session::id(&session) };
    leave(&web, &ask, &headers, before).await
}

/// The way into the instance; `None` when the session was ended in another tab meanwhile, or the identity provider
/// must say anew who this is.
async fn enter(
    web: &WebState,
    session: &Session,
    mut signed_in: SignedIn,
    ask: &Ask,
    (support_id, headers): (&SupportId, &HeaderMap),
) -> Result<Option<Response>, Refusal> {
    let site = web.site.brand_for(headers);
    let (instance, destination) = (&ask.instance, ask.destination.as_ref());
    let idp = signed_in.identity.idp.clone();
    // An answer that is of no use as soon as it comes: another one would be as this.
    let has_just_arrived = cookies::has_arrived(headers, instance.as_str());
    let hand_off = match hand_over(web, session, &mut signed_in, ask).await {
        Ok(Some(hand_off)) => hand_off,
        Ok(None) => return Ok(None),
        Err(error) if error.needs_answer() && !(is_navigation(headers) && has_just_arrived) => {
            return Ok(None);
        }
        Err(error) if error.code().blame == Blame::Wait => {
            let here = paths::go(instance, destination);
            return waiting(site, error.retry_after(), &here).map(Some);
        }
        Err(error) => {
            let refusal = Refusal::of(&error).during(Event::HandOff).with_idp(Some(&idp)).known();
            if !error.ends_session() {
                let refusal = refusal.signed_in();
                return if error.used_answer_up() {
                    Ok(Some(cookies::forget_arrival(refusal)))
                } else {
                    Err(refusal)
                };
            }
            session::end(session).await?;
            return Ok(Some(cookies::forget_session(refusal)));
        }
    };
    let (hand_off, user) = hand_off;
    let user = web.site.personal.shown(user.as_str());
    let who = Who { subject: web.site.subject(&signed_in.identity), user, anonymous: false };
    let line = Line {
        event: Event::HandOff,
        support_id,
        idp: Some(&idp),
        instance: Some(instance),
        refused: None,
        trace: None,
        findings: &[],
    };
    audit::record_of(&who, &line);
    render(site, &hand_off).map(|response| Some(cookies::forget_arrival(response)))
}

/// As [`handed_over`], but for a person who has to wait and whose session ended meanwhile: what was begun for them is
/// stopped, since nobody comes back for it. `None` when the session has ended.
async fn hand_over(
    web: &WebState,
    session: &Session,
    signed_in: &mut SignedIn,
    ask: &Ask,
) -> Result<Option<(HandOff, Username)>, SignInError> {
    let handed_over = handed_over(web, session, signed_in, ask).await;
    let waits = handed_over.as_ref().is_err_and(|error| error.code().blame == Blame::Wait);
    if waits && !session::lives(session, web.site.clock.now()).await? {
        web.sign_in.forget(signed_in).await;
        return Ok(None);
    }
    handed_over
}

/// The session learns where it is handed over to before there is a token, unless it knows, and is looked at again before
/// anybody gets the token: a sign-out in another tab, or a browser that goes away, leaves nothing behind. `None` when the
/// session has ended.
async fn handed_over(
    web: &WebState,
    session: &Session,
    signed_in: &mut SignedIn,
    ask: &Ask,
) -> Result<Option<(HandOff, Username)>, SignInError> {
    let known = signed_in.clone();
    let entry = web.sign_in.prepare(signed_in, ask).await?;
    if *signed_in != known && !session::update(session, signed_in.clone(), web.site.clock.now()).await? {
        return Ok(None);
    }
    let (known, user) = (signed_in.clone(), entry.username().clone());
    let hand_off = web.sign_in.hand_off(signed_in, session::id(session).as_ref(), entry).await?;
    let now = web.site.clock.now();
    let lives = if *signed_in == known {
        session::lives(session, now).await?
    } else {
        session::update(session, signed_in.clone(), now).await?
    };
    if lives {
        return Ok(Some((hand_off, user)));
    }
    web.sign_in.forget(signed_in).await;
    Ok(None)
}

fn render(site: &Brand, hand_off: &HandOff) -> Result<Response, Refusal> {
    match hand_off {
        HandOff::Form { action, credentials, destination, .. } => pages::page(
            &HandOffForm { site, action: action.as_str(), credentials: credentials.expose(), destination },
            &Csp::form_to(action),
        ),
        HandOff::Redirect(address) => {
            let mut location = HeaderValue::from_str(address.expose()).map_err(|_| {
                Refusal::new(&code::GATEWAY_INTERNAL, "the login address is not a header value")
            })?;
            location.set_sensitive(true);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
        }
    }
}

/// A page that asks again by itself. Its status is 200: waiting is the normal course of a busy morning,
/// and a 5xx would make load balancers replace the page, or take the gateway for dead.
fn waiting(site: &Brand, turn: Option<Duration>, here: &str) -> Result<Response, Refusal> {
    let seconds = seconds(turn);
    let minutes = turn.map_or(0, |turn| turn.as_secs().div_ceil(60));
    let mut response = pages::page(&Waiting { site, seconds, minutes, here }, &Csp::default())?;
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Ok(response)
}

/// Off to the identity provider, or a choice of several.
async fn leave(
    web: &WebState,
    ask: &Ask,
    headers: &HeaderMap,
    before: Before<'_>,
) -> Result<Response, Refusal> {
    let secret = cookies::browser_secret_or_new(headers, &*web.site.random);
    let start = web
        .sign_in
        .start(ask, &secret, before)
        .await
        .map_err(|error| Refusal::of(&error).during(Event::Start).with_idp(ask.idp.as_ref()))?;
    match start {
        Start::ChooseIdp(choices) => match web.sign_in.discovery(ask) {
            Some(elsewhere) => Ok(Redirect::to(elsewhere.as_str()).into_response()),
            None => choose::page(web, ask, &choices, headers, false),
        },
        Start::Depart(departure) => depart(web.site.brand_for(headers), &departure)
            .map(|response| cookies::keep_secret(response, &secret, web.site.pending_for)),
    }
}

pub(super) fn depart(site: &Brand, departure: &Departure) -> Result<Response, Refusal> {
    match departure {
        Departure::Redirect(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Departure::Post { action, saml_request, relay_state } => pages::page(
            &AuthnRequest { site, action: action.as_str(), saml_request, relay_state },
            &Csp::form_to_idp(action),
        ),
    }
}

/// A script can't follow a sign-in: it is told that one is needed, and where.
fn sign_in_needed(ask: &Ask) -> Response {
    let body =
        json!({ "error": "sign_in_needed", "sign_in": paths::go(&ask.instance, ask.destination.as_ref()) });
    let mut response = (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    response.extensions_mut().insert(Rendered);
    response
}

/// Whether a page is being opened, as opposed to a script fetching something.
fn is_navigation(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(mode) = text("sec-fetch-mode") {
        return mode == "navigate";
    }
    let accept = text("accept").unwrap_or_default();
    !accept.contains("application/json") || accept.contains("text/html")
}

#[cfg(test)]
#[path = "go_tests.rs"]
mod tests;
