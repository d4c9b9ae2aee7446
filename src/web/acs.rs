//! The assertion consumer service: takes the identity provider's answer.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use tower_sessions::Session;

use super::refusal::Refusal;
use super::unsolicited::{self, Unsolicited};
use super::{Store, WebState, arrival, choose, cookies, form, paths, test_sign_in};
use crate::audit::Event;
use crate::model::{Code, SupportId, code};
use crate::sign_in::{Answer, Arrived, Brought};

/// `POST /saml/acs`: the answer itself, or an artifact.
pub(super) async fn post(
    State(web): State<Arc<WebState>>,
    session: Session,
    (Extension(support_id), Extension(store)): (Extension<SupportId>, Extension<Store>),
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Refusal> {
    form::check_is_form(&headers, Event::SignIn)?;
    match Received::read(&form::read(body, Event::SignIn).await?, &headers)? {
        Received::Answer(answer) => complete(&web, &session, &store, (&support_id, &headers), answer).await,
        Received::Unsolicited(unsolicited) => unsolicited::receive(&web, &headers, unsolicited).await,
    }
}

/// `GET /saml/acs?SAMLart=…&RelayState=…`: an artifact, and nothing else. Bindings 3.6.3.
pub(super) async fn get(
    State(web): State<Arc<WebState>>,
    session: Session,
    (Extension(support_id), Extension(store)): (Extension<SupportId>, Extension<Store>),
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes())?;
    if fields.artifact.is_none() {
        return Err(refusal(&code::WEB_METHOD_NOT_ALLOWED, "an answer came in the address"));
    }
    match Received::of(fields, &headers)? {
        Received::Answer(answer) => complete(&web, &session, &store, (&support_id, &headers), answer).await,
        Received::Unsolicited(_) => {
            Err(refusal(&code::WEB_METHOD_NOT_ALLOWED, "an answer came in the address"))
        }
    }
}

async fn complete(
    web: &WebState,
    session: &Session,
    store: &Store,
    (support_id, headers): (&SupportId, &HeaderMap),
    answer: Answer,
) -> Result<Response, Refusal> {
    let arrived =
        web.sign_in.complete(answer).await.map_err(|error| Refusal::of(&error).during(Event::SignIn))?;
    let mut completed = match arrived {
        Arrived::SignedIn(completed) => completed,
        Arrived::Tested(tested) => return test_sign_in::end(web, headers, support_id, &tested).await,
    };
    arrival::begin(web, session, store, &mut completed, support_id).await?;
    let next = Redirect::to(&paths::onward(completed.target.as_ref()));
    let next = cookies::forget_restarts(next);
    let next = choose::remember(web, next, &completed.signed_in.identity.idp);
    Ok(completed.target.iter().fold(next, |next, target| cookies::note_arrival(next, cookies::place(target))))
}

/// What came to the assertion consumer service.
pub(super) enum Received {
    /// The answer to a request of ours, or an artifact for it: its `RelayState` is one of our making.
    Answer(Answer),
    /// One that no request asked for.
    Unsolicited(Unsolicited),
}

impl Received {
    pub(super) fn read(body: &[u8], headers: &HeaderMap) -> Result<Self, Refusal> {
        Self::of(Fields::read(body)?, headers)
    }

    fn of(fields: Fields, headers: &HeaderMap) -> Result<Self, Refusal> {
        let Fields { saml_response, artifact, relay_state } = fields;
        let ours = relay_state.as_deref().is_some_and(cookies::is_token);
        let brought = match (saml_response, artifact) {
            (Some(saml_response), None) if !ours => {
                return Ok(Self::Unsolicited(Unsolicited { saml_response, relay_state }));
            }
            (Some(saml_response), None) => Brought::Response(saml_response),
            (None, Some(artifact)) => Brought::Artifact(artifact),
            (None, None) => return Err(bad("there is no SAMLResponse")),
            (Some(_), Some(_)) => return Err(bad("there are a SAMLResponse and a SAMLart")),
        };
        let relay_state = relay_state
            .filter(|_| ours)
            .ok_or_else(|| refusal(&code::SIGN_IN_NOT_PENDING, "there is no RelayState of ours"))?;
        let browser_secret = cookies::browser_secret(headers)
            .ok_or_else(|| refusal(&code::SIGN_IN_NO_COOKIE, "there is no usable pre-login cookie"))?;
        Ok(Self::Answer(Answer { brought, relay_state, browser_secret }))
    }
}

/// The fields of a form or of a query that count; an empty one counts as absent.
struct Fields {
    saml_response: Option<String>,
    artifact: Option<String>,
    relay_state: Option<String>,
}

impl Fields {
    fn read(text: &[u8]) -> Result<Self, Refusal> {
        let fields = form::fields(text, ["SAMLResponse", "SAMLart", "RelayState"], Event::SignIn)?;
        let [saml_response, artifact, relay_state] =
            fields.map(|field| field.filter(|value| !value.is_empty()));
        Ok(Self { saml_response, artifact, relay_state })
    }
}

fn bad(cause: &str) -> Refusal {
    refusal(&code::WEB_BAD_REQUEST, cause)
}

fn refusal(code: &'static Code, cause: &str) -> Refusal {
    Refusal::new(code, cause).during(Event::SignIn)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    fn headers(content_type: &str, cookie: &str) -> HeaderMap {
        let value = |text| HeaderValue::from_str(text).unwrap();
        HeaderMap::from_iter([(header::CONTENT_TYPE, value(content_type)), (header::COOKIE, value(cookie))])
    }

    fn posted(content_type: &str, cookie: &str, body: &str) -> Result<Received, (&'static str, u16)> {
        let headers = headers(content_type, cookie);
        form::check_is_form(&headers, Event::SignIn)
            .and_then(|()| Received::read(body.as_bytes(), &headers))
            .map_err(|refusal| (refusal.code.id, refusal.status.as_u16()))
    }

    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
    const COOKIE: &str = "__Host-gateway-sign-in=0123456789012345678901234567890123456789";

    const HANDLE: &str = "89abcdef0123456789abcdef0123456789abcdef";
    const ANSWER: &str = "SAMLResponse=a&RelayState=89abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_complete_form_with_our_cookie_is_an_answer() {
        let body = format!("SAMLResponse=PHg%2BCg%3D%3D&RelayState={HANDLE}&other=1");
        let Ok(Received::Answer(answer)) = posted(FORM, COOKIE, &body) else { panic!("not an answer") };
        assert!(matches!(answer.brought, Brought::Response(text) if text == "PHg+Cg=="));
        assert_eq!(answer.relay_state, HANDLE);
        assert_eq!(answer.browser_secret, "0123456789012345678901234567890123456789");
    }

    #[test]
    fn a_form_without_a_relay_state_of_ours_is_not_an_answer_whatever_the_cookie() {
        for cookie in [COOKIE, ""] {
            for (body, relay_state) in [
                ("SAMLResponse=a", None),
                ("SAMLResponse=a&RelayState=", None),
                ("SAMLResponse=a&RelayState=prod%2Fccp", Some("prod/ccp")),
                ("SAMLResponse=a&RelayState=0123", Some("0123")),
            ] {
                let Ok(Received::Unsolicited(unsolicited)) = posted(FORM, cookie, body) else {
                    panic!("taken for an answer: {body}")
                };
                assert_eq!(unsolicited.relay_state.as_deref(), relay_state);
            }
        }
    }

    #[test]
    fn an_artifact_is_an_answer_too() {
        let body = format!("SAMLart=AAQ%3D&RelayState={HANDLE}");
        let Ok(Received::Answer(answer)) = posted(FORM, COOKIE, &body) else { panic!("not an answer") };
        assert!(matches!(answer.brought, Brought::Artifact(text) if text == "AAQ="));
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
            (FORM, COOKIE, "SAMLResponse=a&SAMLart=b&RelayState=c", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLart=a&SAMLart=a&RelayState=b", ("web.bad_request", 400)),
            (FORM, COOKIE, "SAMLart=a", ("sign_in.not_pending", 400)),
            (FORM, COOKIE, "SAMLart=a&RelayState=b", ("sign_in.not_pending", 400)),
            (FORM, "", &ANSWER.replace("SAMLResponse", "SAMLart"), ("sign_in.no_cookie", 400)),
            (FORM, "", ANSWER, ("sign_in.no_cookie", 400)),
            (FORM, "__Host-gateway-sign-in=x", ANSWER, ("sign_in.no_cookie", 400)),
        ] {
            assert_eq!(posted(content_type, cookie, body).err(), Some(refused), "{body}");
        }
    }
}
