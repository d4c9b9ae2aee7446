//! Signing out: what ends here, what ends elsewhere, and what can't be ended from here.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tower_sessions::Session;
use url::Url;

use super::headers::Csp;
use super::pages::{self, Company, SignOut, SignedOutPage, SigningOut, ToIdp};
use super::refusal::Refusal;
use super::{WebState, cookies, form};
use crate::audit::{self, Event, Line};
use crate::model::{Blamed as _, Brand, Code, Departure, SignedIn, SupportId, code};
use crate::session;
use crate::sign_in::SignedOut;

/// The form that asks for the identity provider's session too: one button of ours.
const EVERYWHERE: &[u8] = b"where=everywhere";

/// `GET /sign-out`: asks, so that no link or image can sign anybody out.
pub(super) async fn confirm(
    State(web): State<Arc<WebState>>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let site = web.site.brand_for(&headers);
    let Some(signed_in) = session::read(&session, web.site.clock.now()).await? else {
        return signed_out(site, SignedOut::default(), false, Company::NotAsked);
    };
    let everywhere = web.sign_in.offers_single_logout(&signed_in);
    let page = SignOut { site, everywhere };
    pages::with_form(&page)
}

/// `POST /sign-out`: here first, whatever follows; then at the identity provider too when `where` is `everywhere`.
pub(super) async fn post(
    State(web): State<Arc<WebState>>,
    session: Session,
    Extension(support_id): Extension<SupportId>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let bad = |cause| Refusal::new(&code::WEB_BAD_REQUEST, cause).during(Event::SignOut);
    if !form::is_our_form(&headers, &web.site.public_url) {
        return Err(bad("the sign-out form is not ours"));
    }
    let body = form::read(body, Event::SignOut).await?;
    let last_page =
        |ended: SignedOut| signed_out(web.site.brand_for(&headers), ended, false, Company::NotAsked);
    let mut response = last_page(SignedOut::default());
    if let Some(signed_in) = session::read(&session, web.site.clock.now()).await? {
        let ended = end(&web, &session, &signed_in).await?;
        record(&support_id, &signed_in, None);
        response = if &*body == EVERYWHERE {
            everywhere(&web, &headers, &support_id, &signed_in, ended).await
        } else {
            last_page(ended)
        };
    }
    Ok(cookies::forget_arrival(cookies::forget_session(response?)))
}

async fn end(web: &WebState, session: &Session, signed_in: &SignedIn) -> Result<SignedOut, Refusal> {
    if let Some(id) = session::id(session) {
        web.sign_in.unname_session(signed_in, &id).await;
    }
    session::end(session).await.map_err(|error| Refusal::from(error).during(Event::SignOut).known())?;
    Ok(web.sign_in.sign_out(signed_in).await)
}

/// On to the identity provider. When that can't be, the person is told so: what ended here stays ended.
async fn everywhere(
    web: &WebState,
    headers: &HeaderMap,
    support_id: &SupportId,
    signed_in: &SignedIn,
    signed_out: SignedOut,
) -> Result<Response, Refusal> {
    let site = web.site.brand_for(headers);
    let secret = cookies::browser_secret_or_new(headers, &*web.site.random);
    let departure = match web.sign_in.leave(signed_in, &secret).await {
        Ok(departure) => departure,
        Err(error) => {
            record(support_id, signed_in, Some((error.code(), &audit::cause(&error))));
            None
        }
    };
    let Some(departure) = departure else {
        return self::signed_out(site, signed_out, false, Company::Unknown);
    };
    let response = leave(site, &signed_out, &way(&departure), &[])?;
    Ok(cookies::keep_secret(response, &secret, web.site.pending_for))
}

fn record(support_id: &SupportId, signed_in: &SignedIn, refused: Option<(&'static Code, &str)>) {
    // The session's own end is a sign-out; what the identity provider is asked beyond that is a logout.
    let event = if refused.is_some() { Event::Logout } else { Event::SignOut };
    let idp = Some(&signed_in.identity.idp);
    audit::record(&Line { event, support_id, idp, instance: None, refused, trace: None, findings: &[] });
}

fn way(departure: &Departure) -> Way<'_> {
    match departure {
        Departure::Redirect(address) => Way::Link(address),
        Departure::Post { action, saml_request, relay_state } => {
            Way::Form { action, field: "SAMLRequest", message: saml_request, relay_state }
        }
    }
}

/// How the browser goes on to the identity provider.
pub(super) enum Way<'a> {
    /// HTTP-Redirect.
    Link(&'a Url),
    /// HTTP-POST.
    Form { action: &'a Url, field: &'static str, message: &'a str, relay_state: &'a str },
}

/// On to the identity provider, by a page that lets the entered instances end their own sessions. It is a page even
/// where there are none: browsers would hold a redirect to the policy of the page whose form led here. Pages of
/// `framed_by` may hold it in a frame.
pub(super) fn leave(
    site: &Brand,
    signed_out: &SignedOut,
    way: &Way<'_>,
    framed_by: &[Url],
) -> Result<Response, Refusal> {
    let frames: Vec<&Url> = signed_out.instances.iter().filter_map(|(_, logout)| logout.as_ref()).collect();
    let csp = Csp::frames(frames.iter().copied());
    let (onward, action) = match way {
        Way::Link(address) => (ToIdp::Link(address.as_str()), None),
        Way::Form { action, field, message, relay_state } => {
            (ToIdp::Form { action: action.as_str(), field, message, relay_state }, Some(*action))
        }
    };
    let frames = frames.into_iter().map(Url::as_str).collect();
    pages::page(&SigningOut { site, frames, onward }, &csp.leaving_to(action).framed_by(framed_by.iter()))
}

/// The last page.
pub(super) fn signed_out(
    site: &Brand,
    outcome: SignedOut,
    elsewhere: bool,
    company: Company,
) -> Result<Response, Refusal> {
    let csp = Csp::frames(outcome.instances.iter().filter_map(|(_, logout)| logout.as_ref()));
    let instances =
        outcome.instances.into_iter().map(|(name, logout)| (name, logout.map(String::from))).collect();
    pages::page(&SignedOutPage { site, instances, elsewhere, company }, &csp)
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;
    use crate::web::brands::acme;

    #[test]
    fn each_instance_may_be_framed_once_and_nothing_else() {
        let logout = |host: &str| Some(format!("https://{host}/logout").parse().unwrap());
        let instances = vec![
            ("Production".to_owned(), logout("acme.my.connect.aws")),
            ("Production, too".to_owned(), logout("acme.my.connect.aws")),
            ("Old".to_owned(), None),
        ];
        let page = signed_out(&acme(), SignedOut { instances }, false, Company::NotAsked).unwrap();
        let csp = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.ends_with("; frame-src https://acme.my.connect.aws"), "{csp}");
    }
}
