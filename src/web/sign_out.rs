//! Signing out: what ends here, what ends elsewhere, and what can't be ended from here.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use tower_sessions::Session;
use url::Url;

use super::headers::Csp;
use super::pages::{self, SignOut, SignedOutPage};
use super::refusal::Refusal;
use super::{WebState, cookies};
use crate::audit::{self, Event, Line};
use crate::model::{SupportId, code};
use crate::session;
use crate::sign_in::SignedOut;

/// `GET /sign-out`: asks, so that no link or image can sign anybody out.
pub(super) async fn confirm(State(web): State<Arc<WebState>>, session: Session) -> Result<Response, Refusal> {
    if session::read(&session, web.site.clock.now()).await?.is_none() {
        return signed_out(&web.site.display_name, SignedOut { instances: Vec::new() });
    }
    let mut response = pages::page(&SignOut { site: &web.site.display_name }, &Csp::form_to_self())?;
    // Without a referrer, browsers send `Origin: null` with the form, and we could not tell whose it is.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// `POST /sign-out`
pub(super) async fn post(
    State(web): State<Arc<WebState>>,
    session: Session,
    Extension(support_id): Extension<SupportId>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !is_our_form(&headers, &web.site.public_url) {
        return Err(
            Refusal::new(&code::WEB_BAD_REQUEST, "the sign-out form is not ours").during(Event::SignOut)
        );
    }
    let mut outcome = SignedOut { instances: Vec::new() };
    if let Some(signed_in) = session::read(&session, web.site.clock.now()).await? {
        session::end(&session).await?;
        outcome = web.sign_in.sign_out(&signed_in).await;
        audit::record(&Line {
            event: Event::SignOut,
            support_id: &support_id,
            idp: Some(&signed_in.identity.idp),
            instance: None,
            refused: None,
            trace: None,
            findings: &[],
        });
    }
    let page = signed_out(&web.site.display_name, outcome)?;
    Ok(cookies::forget_arrival(cookies::forget_session(page)))
}

fn signed_out(site: &str, outcome: SignedOut) -> Result<Response, Refusal> {
    let csp = Csp::frames(outcome.instances.iter().filter_map(|(_, logout)| logout.as_ref()));
    let instances =
        outcome.instances.into_iter().map(|(name, logout)| (name, logout.map(String::from))).collect();
    pages::page(&SignedOutPage { site, instances }, &csp)
}

/// Whether the form was sent by one of our own pages, as far as the browser says. The session cookie's
/// `SameSite=Lax` is the first line; this one also stops neighbours on the same site.
pub(super) fn is_our_form(headers: &HeaderMap, public_url: &Url) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin == public_url.origin().ascii_serialization(),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_our_form(&headers, &"https://gateway.test/".parse().unwrap())
    }

    #[test]
    fn a_sign_out_form_of_another_origin_is_not_ours() {
        assert!(!ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("sec-fetch-site", "same-site"), ("origin", "https://gateway.test")]));
        assert!(!ours(&[("origin", "https://evil.test")]));
        assert!(!ours(&[("origin", "null")]));
    }

    #[test]
    fn our_own_sign_out_form_is_taken_from_every_browser() {
        assert!(ours(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(ours(&[("origin", "https://gateway.test")]));
        assert!(ours(&[]));
    }

    #[test]
    fn each_instance_may_be_framed_once_and_nothing_else() {
        let logout = |host: &str| Some(format!("https://{host}/logout").parse().unwrap());
        let instances = vec![
            ("Production".to_owned(), logout("acme.my.connect.aws")),
            ("Production, too".to_owned(), logout("acme.my.connect.aws")),
            ("Old".to_owned(), None),
        ];
        let page = signed_out("Acme", SignedOut { instances }).unwrap();
        let csp = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.ends_with("; frame-src https://acme.my.connect.aws"), "{csp}");
    }
}
