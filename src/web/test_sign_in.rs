//! Test sign-ins: a link for whoever is to take one, the way to the identity provider, and the end, where nobody is
//! signed in.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::boundary::utc;
use super::headers::Csp;
use super::pages::{self, Onward};
use super::refusal::Refusal;
use super::sign_out::is_our_form;
use super::{WebState, cookies, go, paths};
use crate::admin::{Outcome, SignInRecord};
use crate::audit::{self, Event, Line};
use crate::model::{Blamed as _, Brand, Departure, SupportId, Tester, Trace, code};
use crate::sign_in::Tested;

/// What a link leads to, before anything happens: programs that look links over open them too.
#[derive(Template)]
#[template(path = "test_begin.html")]
struct Begin<'a> {
    site: &'a Brand,
    here: &'a str,
}

/// The end, for whoever was given a link. It tells nothing of what came of it.
#[derive(Template)]
#[template(path = "test_over.html")]
struct Over<'a> {
    site: &'a Brand,
    support_id: &'a str,
    time: &'a str,
}

/// What there is for whoever was given a link, where there is a console.
pub(super) fn routes() -> Router<Arc<WebState>> {
    Router::new().route("/test/{token}", get(begin).post(open))
}

/// `GET /test/{token}`: says what is about to happen. Whether the link is any good is told by pressing the button only.
async fn begin(State(web): State<Arc<WebState>>, Path(token): Path<String>) -> Result<Response, Refusal> {
    if !cookies::is_token(&token) {
        return Err(Refusal::new(&code::WEB_NOT_FOUND, "not the address of a test"));
    }
    let page = Begin { site: &web.site.brand, here: &paths::test(&token) };
    let mut response = pages::page(&page, &Csp::form_to_self())?;
    // Without a referrer, browsers send `Origin: null` with the form, and we could not tell whose it is.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// `POST /test/{token}`: uses the link up.
async fn open(
    State(web): State<Arc<WebState>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !is_our_form(&headers, &web.site.public_url) {
        let refusal = Refusal::new(&code::WEB_BAD_REQUEST, "the form that begins a test is not ours");
        return Err(refusal.during(Event::Test));
    }
    let secret = cookies::browser_secret_or_new(&headers, &*web.site.random);
    let departure = web.sign_in.open_test_link(&token, &secret).await;
    let departure = departure.map_err(|error| Refusal::of(&error).during(Event::Test))?;
    leave(&web, &departure, &secret)
}

/// Off to the identity provider, from a form of ours. Not by a redirect: browsers hold those that follow a form to the
/// form's own policy.
pub(super) fn leave(web: &WebState, departure: &Departure, secret: &str) -> Result<Response, Refusal> {
    let page = match departure {
        Departure::Redirect(address) => {
            pages::page(&Onward::to_idp(&web.site.brand, address.as_str()), &Csp::default())?
        }
        Departure::Post { .. } => go::depart(&web.site.brand, departure)?,
    };
    Ok(cookies::keep_secret(page, secret, web.site.pending_for))
}

/// The end of a test: remembered, on an audit line, and told to whom it may concern. It sets no cookie, and there is no
/// session to begin: only a completed sign-in has one.
pub(super) fn end(web: &WebState, support_id: &SupportId, tested: &Tested) -> Result<Response, Refusal> {
    let console = web.site.console.as_ref().ok_or_else(|| {
        Refusal::new(&code::GATEWAY_INTERNAL, "a test came back, and there is no console").during(Event::Test)
    })?;
    let record = record(web, support_id, tested);
    write_line(&record);
    console.record(record);
    match tested.test.tester {
        Tester::Admin => Ok(Redirect::to(&paths::console_sign_in(support_id)).into_response()),
        Tester::Guest => {
            let time = utc(web.site.clock.now());
            let page = Over { site: &web.site.brand, support_id: support_id.as_str(), time: &time };
            pages::page(&page, &Csp::default())
        }
    }
}

fn record(web: &WebState, support_id: &SupportId, tested: &Tested) -> SignInRecord {
    let blank = SignInRecord {
        at: web.site.clock.now(),
        support_id: support_id.clone(),
        idp: Some(tested.idp.clone()),
        instance: Some(tested.test.instance.clone()),
        outcome: Outcome::LetIn,
        test: Some(tested.test.id.clone()),
        trace: Trace::default(),
        findings: Vec::new(),
        identity: None,
    };
    match &tested.outcome {
        Ok((identity, trace)) => {
            SignInRecord { trace: trace.clone(), identity: Some(identity.clone()), ..blank }
        }
        Err(error) => SignInRecord {
            outcome: Outcome::Refused(error.code(), audit::cause(error)),
            trace: error.trace().cloned().unwrap_or_default(),
            findings: error.findings().to_vec(),
            identity: error.identity().cloned(),
            ..blank
        },
    }
}

fn write_line(record: &SignInRecord) {
    audit::record(&Line {
        event: Event::Test,
        support_id: &record.support_id,
        idp: record.idp.as_ref(),
        instance: record.instance.as_ref(),
        refused: match &record.outcome {
            Outcome::LetIn => None,
            Outcome::Refused(code, cause) => Some((code, cause)),
        },
        trace: Some(&record.trace),
        findings: &record.findings,
    });
}
