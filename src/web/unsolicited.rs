//! Sign-ins that begin at the identity provider: a restart here, or a question that the person must answer.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use tower_sessions::Session;

use super::form::is_our_form;
use super::headers::Csp;
use super::pages::{self, Confirm, Onward};
use super::refusal::Refusal;
use super::start::parameter;
use super::{Store, WebState, arrival, choose, cookies, form, paths};
use crate::audit::Event;
use crate::model::{Brand, IdpName, SupportId, code};
use crate::session;
use crate::sign_in::{self, Ask, Confirmation};

/// Restarts in a row, within [`cookies::RESTARTS_SECONDS`], that still may be a person's clicks.
const MOST_RESTARTS: u32 = 3;

/// A form that answers no request of ours.
pub(super) struct Unsolicited {
    pub(super) saml_response: String,
    pub(super) relay_state: Option<String>,
}

/// What an answer leads to that nobody asked for. Nobody is signed in by it.
pub(super) async fn receive(
    web: &WebState,
    headers: &HeaderMap,
    unsolicited: Unsolicited,
) -> Result<Response, Refusal> {
    let secret = cookies::browser_secret_or_new(headers, &*web.site.random);
    let Unsolicited { saml_response, relay_state } = unsolicited;
    let outcome = web
        .sign_in
        .unsolicited(saml_response, relay_state.as_deref(), &secret)
        .await
        .map_err(|error| Refusal::of(&error).during(Event::SignIn))?;
    match outcome {
        sign_in::Unsolicited::Restart { idp, to } => Ok(restart(headers, &idp, to.as_ref())),
        sign_in::Unsolicited::Confirm(confirmation) => question(web.site.brand_for(headers), &confirmation)
            .map(|page| cookies::keep_secret(page, &secret, web.site.pending_for)),
    }
}

/// Our own sign-in at that identity provider, unless that went on for too long already.
pub(super) fn restart(headers: &HeaderMap, idp: &IdpName, to: Option<&Ask>) -> Response {
    let restarts = cookies::restarts(headers).saturating_add(1);
    if restarts > MOST_RESTARTS {
        let refusal = Refusal::new(&code::SIGN_IN_RESTARTED, "a restarted sign-in was not answered")
            .during(Event::SignIn)
            .with_idp(Some(idp));
        return cookies::forget_restarts(refusal);
    }
    let here = to.map_or_else(|| "/".to_owned(), |to| paths::go(&to.instance, to.destination.as_ref()));
    cookies::note_restarts(Redirect::to(&paths::with_idp(&here, Some(idp))), restarts)
}

fn question(site: &Brand, confirmation: &Confirmation) -> Result<Response, Refusal> {
    let Confirmation { token, idp, username, name } = confirmation;
    let page = Confirm { site, idp, username, name: name.as_deref(), token };
    pages::with_form(&page)
}

/// `POST /sign-in/confirm`: the person has said that it is them.
pub(super) async fn confirm(
    State(web): State<Arc<WebState>>,
    session: Session,
    (Extension(support_id), Extension(store)): (Extension<SupportId>, Extension<Store>),
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    form::check_is_form(&headers, Event::SignIn)?;
    if !is_our_form(&headers, &web.site.public_url) {
        let refusal = Refusal::new(&code::WEB_BAD_REQUEST, "the confirmation form is not ours");
        return Err(refusal.during(Event::SignIn));
    }
    let secret = cookies::browser_secret(&headers).ok_or_else(|| {
        Refusal::new(&code::SIGN_IN_NO_COOKIE, "there is no usable pre-login cookie").during(Event::SignIn)
    })?;
    let body = form::read(body, Event::SignIn).await?;
    let token = parameter(std::str::from_utf8(&body).ok(), "confirmation").unwrap_or_default();
    let before = session::read(&session, web.site.clock.now()).await?;
    let mut completed = web
        .sign_in
        .confirm(&token, &secret, before.as_ref())
        .await
        .map_err(|error| Refusal::of(&error).during(Event::SignIn))?;
    arrival::begin(&web, &session, &store, &mut completed, &support_id).await?;
    let next = paths::onward(completed.target.as_ref());
    // Not a redirect: browsers hold those that follow a form to the form's own policy, and the way leads elsewhere.
    let page = pages::page(&Onward::signed_in(web.site.brand_for(&headers), &next), &Csp::default())?;
    Ok(choose::remember(&web, page, &completed.signed_in.identity.idp))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn a_count_of_restarts_that_no_number_can_follow_ends_them_too() {
        let idp = IdpName::new("company");
        for (sent, goes_on) in [("0", true), ("2", true), ("3", false), ("4294967295", false)] {
            let cookie = HeaderValue::from_str(&format!("__Host-gateway-restarts={sent}")).unwrap();
            let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
            let response = restart(&headers, &idp, None);
            assert_eq!(response.status().is_redirection(), goes_on, "{sent}");
        }
    }
}
