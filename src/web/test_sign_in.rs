//! Test sign-ins: a link for whoever is to take one, the way to the identity provider, and the end, where nobody is
//! signed in.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::boundary::utc;
use super::form::is_our_form;
use super::headers::Csp;
use super::pages::{self, Onward, TestBegin, TestOver};
use super::refusal::Refusal;
use super::{WebState, cookies, go, paths};
use crate::admin::{Outcome, SignInRecord};
use crate::audit::{self, Event, Line};
use crate::model::{Blamed as _, Departure, SupportId, Tester, Trace, code};
use crate::sign_in::Tested;

/// What there is for whoever was given a link, where there is a console.
pub(super) fn routes() -> Router<Arc<WebState>> {
    Router::new().route("/test/{token}", get(begin).post(open))
}

/// `GET /test/{token}`: says what is about to happen. Whether the link is any good is told by pressing the button only.
async fn begin(
    State(web): State<Arc<WebState>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !cookies::is_token(&token) {
        return Err(Refusal::new(&code::WEB_NOT_FOUND, "not the address of a test"));
    }
    let page = TestBegin { site: web.site.brand_for(&headers), here: &paths::test(&token) };
    pages::with_form(&page)
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
    leave(&web, &headers, &departure, &secret)
}

/// Off to the identity provider, from a form of ours. Not by a redirect: browsers hold those that follow a form to the
/// form's own policy.
pub(super) fn leave(
    web: &WebState,
    headers: &HeaderMap,
    departure: &Departure,
    secret: &str,
) -> Result<Response, Refusal> {
    let site = web.site.brand_for(headers);
    let page = match departure {
        Departure::Redirect(address) => {
            pages::page(&Onward::to_idp(site, address.as_str()), &Csp::default())?
        }
        Departure::Post { .. } => go::depart(site, departure)?,
    };
    Ok(cookies::keep_secret(page, secret, web.site.pending_for))
}

/// The end of a test: remembered, on an audit line, and told to whom it may concern. It sets no cookie, and there is no
/// session to begin: only a completed sign-in has one.
pub(super) async fn end(
    web: &WebState,
    headers: &HeaderMap,
    support_id: &SupportId,
    tested: &Tested,
) -> Result<Response, Refusal> {
    let console = web.site.console.as_ref().ok_or_else(|| {
        Refusal::new(&code::GATEWAY_INTERNAL, "a test came back, and there is no console").during(Event::Test)
    })?;
    let record = record(web, support_id, tested);
    write_line(&record);
    console.record_test(record).await;
    match tested.test.tester {
        Tester::Admin => Ok(Redirect::to(&paths::console_sign_in(support_id)).into_response()),
        Tester::Guest => {
            let time = utc(web.site.clock.now());
            let site = web.site.brand_for(headers);
            let page = TestOver { site, support_id: support_id.as_str(), time: &time };
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
