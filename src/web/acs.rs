//! The assertion consumer service: takes the identity provider's answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Redirect, Response};
use tokio::time::timeout;
use tower_sessions::Session;
use url::form_urlencoded;

use super::refusal::Refusal;
use super::{Store, WebState, cookies, paths};
use crate::audit::{self, Event, Line};
use crate::model::{Code, SupportId, code};
use crate::session;
use crate::sign_in::Answer;

/// The longest that a whole form may take to arrive.
const FORM_DEADLINE: Duration = Duration::from_secs(30);

/// `POST /saml/acs`
pub(super) async fn post(
    State(web): State<Arc<WebState>>,
    session: Session,
    (Extension(support_id), Extension(store)): (Extension<SupportId>, Extension<Store>),
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    let browser_secret = sender(&headers)?;
    let answer = answer(&read(body).await?, browser_secret)?;
    let completed =
        web.sign_in.complete(answer).await.map_err(|error| Refusal::of(&error).during(Event::SignIn))?;
    let instance = &completed.instance;
    session::begin(&session, &completed.signed_in)
        .await
        .map_err(|error| Refusal::from(error).during(Event::SignIn))?;
    if let Some(replaced) = &completed.replaces {
        session::end_other(&*store, replaced).await?;
    }
    audit::record(&Line {
        event: Event::SignIn,
        support_id: &support_id,
        idp: Some(&completed.signed_in.identity.idp),
        instance: Some(instance),
        refused: None,
        trace: Some(&completed.trace),
        findings: &[],
    });
    let next = Redirect::to(&paths::go(instance, completed.destination.as_ref()));
    Ok(cookies::note_arrival(next, instance))
}

/// Who sends a form, as far as that can be told before it is read.
fn sender(headers: &HeaderMap) -> Result<String, Refusal> {
    if !is_form(headers) {
        return Err(bad("the content type is not a form's").with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    cookies::browser_secret(headers)
        .ok_or_else(|| refusal(&code::SIGN_IN_NO_COOKIE, "there is no usable pre-login cookie"))
}

/// The whole form, within [`FORM_DEADLINE`].
async fn read(request: Request) -> Result<Bytes, Refusal> {
    let late = |_| bad("the form did not arrive in time").with_status(StatusCode::REQUEST_TIMEOUT);
    let body = timeout(FORM_DEADLINE, Bytes::from_request(request, &())).await.map_err(late)?;
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => refusal(&code::WEB_TOO_LARGE, "the form is too large"),
        _ => bad("the body could not be read"),
    })
}

/// What the form says.
pub(super) fn answer(body: &[u8], browser_secret: String) -> Result<Answer, Refusal> {
    let Form { saml_response, relay_state } = Form::read(body)?;
    let saml_response = saml_response.ok_or_else(|| bad("there is no SAMLResponse"))?;
    // An answer that nobody here asked for has none: the identity provider's own start page does that.
    let relay_state =
        relay_state.ok_or_else(|| refusal(&code::SIGN_IN_NOT_PENDING, "there is no RelayState"))?;
    Ok(Answer { saml_response, relay_state, browser_secret })
}

/// The fields that count; an empty one counts as absent.
#[derive(Default)]
struct Form {
    saml_response: Option<String>,
    relay_state: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut form = Self::default();
        let mut seen = [false; 2];
        for (name, value) in form_urlencoded::parse(body) {
            let (field, seen) = match &*name {
                "SAMLResponse" => (&mut form.saml_response, &mut seen[0]),
                "RelayState" => (&mut form.relay_state, &mut seen[1]),
                _ => continue,
            };
            if std::mem::replace(seen, true) {
                return Err(bad("a form field is there twice"));
            }
            *field = Some(value.into_owned()).filter(|value| !value.is_empty());
        }
        Ok(form)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn bad(cause: &str) -> Refusal {
    refusal(&code::WEB_BAD_REQUEST, cause)
}

fn refusal(code: &'static Code, cause: &str) -> Refusal {
    Refusal::new(code, cause).during(Event::SignIn)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(content_type: &str, cookie: &str) -> HeaderMap {
        let value = |text| HeaderValue::from_str(text).unwrap();
        HeaderMap::from_iter([(header::CONTENT_TYPE, value(content_type)), (header::COOKIE, value(cookie))])
    }

    fn posted(content_type: &str, cookie: &str, body: &str) -> Result<Answer, (&'static str, u16)> {
        sender(&headers(content_type, cookie))
            .and_then(|secret| answer(body.as_bytes(), secret))
            .map_err(|refusal| (refusal.code.id, refusal.status.as_u16()))
    }

    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
    const COOKIE: &str = "__Host-gateway-sign-in=0123456789012345678901234567890123456789";

    #[test]
    fn a_complete_form_with_our_cookie_is_an_answer() {
        let answer = posted(FORM, COOKIE, "SAMLResponse=PHg%2BCg%3D%3D&RelayState=abc&other=1").unwrap();
        assert_eq!(answer.saml_response, "PHg+Cg==");
        assert_eq!(answer.relay_state, "abc");
        assert_eq!(answer.browser_secret, "0123456789012345678901234567890123456789");
    }

    #[test]
    fn anything_else_is_refused_with_its_own_code() {
        for (content_type, cookie, body, refused) in [
            ("application/json", COOKIE, "{}", ("web.bad_request", 415)),
            ("", COOKIE, "SAMLResponse=a&RelayState=b", ("web.bad_request", 415)),
            (FORM, COOKIE, "", ("web.bad_request", 400)),
            (FORM, COOKIE, "RelayState=b", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLResponse=&RelayState=b", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLResponse=a&SAMLResponse=c&RelayState=b", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLResponse=a&RelayState=b&RelayState=b", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLResponse=a", ("sign_in.not_pending", 400)),
            (FORM, "", "SAMLResponse=a&RelayState=b", ("sign_in.no_cookie", 400)),
            (FORM, "__Host-gateway-sign-in=x", "SAMLResponse=a&RelayState=b", ("sign_in.no_cookie", 400)),
        ] {
            assert_eq!(posted(content_type, cookie, body).err(), Some(refused), "{body}");
        }
    }
}
