//! The single logout service: an identity provider ends sessions, or answers a logout of ours.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tower_sessions::{Session, SessionStore};

use super::pages::{self, Company};
use super::refusal::Refusal;
use super::sign_out::{Way, leave, signed_out};
use super::{Store, WebState, cookies, form};
use crate::audit::{self, Event, Line};
use crate::model::{Blamed as _, Code, IdpName, LogoutStatus, Reply, SessionId, SignedIn, SupportId, code};
use crate::session;
use crate::sign_in::{LogoutAsked, LogoutMessage, SignedOut};

/// What every logout needs of its request.
type Arrived = (Session, Extension<SupportId>, Extension<Store>, HeaderMap);

/// `GET /saml/logout`: HTTP-Redirect.
pub(super) async fn by_redirect(
    State(web): State<Arc<WebState>>,
    RawQuery(query): RawQuery,
    arrived: Arrived,
) -> Result<Response, Refusal> {
    let message = LogoutMessage::from_query(&query.unwrap_or_default());
    let message = message.map_err(|error| refusal(error.code(), &audit::cause(&error)))?;
    take(&web, arrived, message).await
}

/// `POST /saml/logout`: HTTP-POST. It comes from another site, so without the session cookie.
pub(super) async fn by_post(
    State(web): State<Arc<WebState>>,
    arrived: Arrived,
    body: Request,
) -> Result<Response, Refusal> {
    form::check_is_form(&arrived.3, Event::Logout)?;
    let body = form::read(body, Event::Logout).await?;
    take(&web, arrived, message(&body)?).await
}

pub(super) fn message(body: &[u8]) -> Result<LogoutMessage, Refusal> {
    let names = ["SAMLRequest", "SAMLResponse", "RelayState"];
    let [request, response, relay_state] = form::fields(body, names, Event::Logout)?;
    let message = LogoutMessage::from_form(request, response, relay_state);
    message.map_err(|error| refusal(error.code(), &audit::cause(&error)))
}

async fn take(web: &WebState, arrived: Arrived, message: LogoutMessage) -> Result<Response, Refusal> {
    let (session, Extension(support_id), Extension(store), headers) = arrived;
    if message.is_request() {
        asked(web, &session, (&support_id, &headers), &*store, message).await
    } else {
        answered(web, &headers, &support_id, message).await
    }
}

/// What ending sessions came to.
struct Ended {
    /// Whether this browser's own session was meant.
    own: bool,
    /// What this browser had entered.
    here: SignedOut,
    /// Whether a session of another browser had entered something: what lives on there can't be ended from here.
    elsewhere: bool,
    /// Why a session could not be ended.
    failed: Option<Refusal>,
}

impl Ended {
    fn status(&self) -> LogoutStatus {
        let stays = self.here.instances.iter().any(|(_, logout)| logout.is_none());
        match &self.failed {
            Some(_) => LogoutStatus::Failed,
            None if self.elsewhere || stays => LogoutStatus::Partial,
            None => LogoutStatus::Complete,
        }
    }
}

/// An identity provider asks: its sessions end here and now, and then the browser takes our answer back.
async fn asked(
    web: &WebState,
    session: &Session,
    (support_id, headers): (&SupportId, &HeaderMap),
    store: &dyn SessionStore,
    message: LogoutMessage,
) -> Result<Response, Refusal> {
    let site = web.site.brand_for(headers);
    let asked = web.sign_in.logout_asked(message).await;
    let asked = asked.map_err(|error| Refusal::of(&error).during(Event::Logout))?;
    let idp = asked.idp().clone();
    let ended = end(web, session, store, &asked).await;
    let status = ended.status();
    record(support_id, &idp, told(status, ended.failed.as_ref()));
    let framed_by = asked.framed_by();
    let reply = web.sign_in.logout_reply(asked, status).await;
    let reply =
        reply.map_err(|error| Refusal::of(&error).during(Event::Logout).with_idp(Some(&idp)).known())?;
    let nothing_to_frame = ended.here.instances.iter().all(|(_, logout)| logout.is_none());
    let response = match &reply {
        Some(Reply::Redirect(address)) if nothing_to_frame => pages::redirect(address, &framed_by),
        Some(reply) => leave(site, &ended.here, &way(reply), &framed_by),
        None if ended.failed.is_some() => {
            Err(refusal(&code::GATEWAY_STATE_UNAVAILABLE, "a session may live on"))
        }
        None => signed_out(site, ended.here, ended.elsewhere, Company::Ended),
    };
    let response = cookies::forget_arrival(response?);
    // Another person's request can be made to pass through this browser: its own session is none of that one's business.
    Ok(if ended.own { cookies::forget_session(response) } else { response })
}

/// Ends every session that is meant, and its tokens. One that can't be ended does not keep the others.
async fn end(web: &WebState, session: &Session, store: &dyn SessionStore, asked: &LogoutAsked) -> Ended {
    let mut ended = Ended { own: false, here: SignedOut::default(), elsewhere: false, failed: None };
    let own = session::id(session);
    let mut ids = asked.sessions.clone();
    match session::read(session, web.site.clock.now()).await {
        Ok(Some(signed_in)) if asked.is_about(&signed_in.identity) => ids.extend(own.clone()),
        Ok(_) => {}
        Err(error) => ended.failed = Some(error.into()),
    }
    ended.own = own.as_ref().is_some_and(|own| ids.contains(own));
    for id in ids {
        match session::take_other(store, &id, web.site.clock.now()).await {
            Ok(None) => {}
            Ok(Some(signed_in)) => {
                let signed_out = end_one(web, &signed_in, &id).await;
                if own.as_ref() == Some(&id) || asked.names_sessions() {
                    ended.here.add(signed_out);
                } else {
                    ended.elsewhere |= !signed_out.instances.is_empty();
                }
            }
            Err(error) => ended.failed = Some(error.into()),
        }
    }
    ended
}

async fn end_one(web: &WebState, signed_in: &SignedIn, id: &SessionId) -> SignedOut {
    web.sign_in.unname_session(signed_in, id).await;
    web.sign_in.sign_out(signed_in).await
}

/// An identity provider answers. Our own session was over before it was asked, so nothing in the answer brings a
/// session back: what is wrong with it is told on the page and in the audit line.
async fn answered(
    web: &WebState,
    headers: &HeaderMap,
    support_id: &SupportId,
    message: LogoutMessage,
) -> Result<Response, Refusal> {
    let secret = cookies::browser_secret(headers)
        .ok_or_else(|| refusal(&code::SAML_LOGOUT_NOT_PENDING, "there is no usable pre-login cookie"))?;
    let answered = web.sign_in.logout_answered(message, &secret).await;
    let answered = answered.map_err(|error| Refusal::of(&error).during(Event::Logout))?;
    let company = match &answered.outcome {
        Ok(LogoutStatus::Complete) => Company::Ended,
        Ok(LogoutStatus::Partial) => Company::Partial,
        Ok(LogoutStatus::Failed) | Err(_) => Company::Unknown,
    };
    let cause;
    let refused = match &answered.outcome {
        Ok(LogoutStatus::Complete) => None,
        Ok(LogoutStatus::Partial) => Some((&code::SAML_LOGOUT_PARTIAL, "the identity provider says so")),
        Ok(LogoutStatus::Failed) => Some((&code::SAML_LOGOUT_FAILED, "the identity provider says so")),
        Err(error) => {
            cause = audit::cause(error);
            Some((error.code(), cause.as_str()))
        }
    };
    record(support_id, &answered.idp, refused);
    signed_out(web.site.brand_for(headers), answered.signed_out, false, company)
}

/// What the audit line says of a logout that an identity provider asked for.
fn told(status: LogoutStatus, failed: Option<&Refusal>) -> Option<(&'static Code, &str)> {
    match (status, failed) {
        (LogoutStatus::Complete, _) => None,
        (_, Some(refusal)) => Some((refusal.code, &refusal.cause)),
        _ => Some((
            &code::SAML_LOGOUT_PARTIAL,
            "an Amazon Connect session that can't be ended from here lives on",
        )),
    }
}

fn record(support_id: &SupportId, idp: &IdpName, refused: Option<(&'static Code, &str)>) {
    let idp = Some(idp);
    audit::record(&Line {
        event: Event::Logout,
        support_id,
        idp,
        instance: None,
        refused,
        trace: None,
        findings: &[],
    });
}

fn way(reply: &Reply) -> Way<'_> {
    match reply {
        Reply::Redirect(address) => Way::Link(address),
        Reply::Post { action, saml_response, relay_state } => {
            Way::Form { action, field: "SAMLResponse", message: saml_response, relay_state }
        }
    }
}

fn refusal(code: &'static Code, cause: &str) -> Refusal {
    Refusal::new(code, cause).during(Event::Logout)
}
