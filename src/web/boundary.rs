//! What every request passes on its way in and every response on its way out.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use time::macros::format_description;

use super::pages::{self, Error, Rendered};
use super::refusal::Refusal;
use super::watched::Refused;
use super::{Site, cookies, headers, paths};
use crate::admin::{Outcome, SignInRecord};
use crate::audit::{self, Event, Line, Who};
use crate::model::{Brand, IdpName, SupportId, code};

/// Makes a page and an audit line of a refusal; puts the headers on. The request has a support id.
pub(super) async fn boundary(
    State(site): State<Arc<Site>>,
    Extension(support_id): Extension<SupportId>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let asked = Asked { is_get: request.method() == Method::GET, is_answer: path == paths::ACS };
    let brand = site.brand_for(request.headers());
    cookies::keep_ours(request.headers_mut());
    let mut response = next.run(request).await;
    if response.extensions().get::<Rendered>().is_none()
        && let Some(refusal) = Refusal::behind(&response)
    {
        response = refused(&site, (brand, asked), &support_id, &refusal, response.headers());
    }
    headers::apply(&site, &path, &support_id, &mut response);
    response
}

/// A panic's answer, which the boundary turns into a page. The panic hook has logged it already.
pub(super) fn panicked(_panic: Box<dyn Any + Send + 'static>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// How long to wait, in whole seconds that a header and a page can say.
pub(super) fn seconds(wait: Option<Duration>) -> u64 {
    wait.map_or(3, |wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).clamp(1, 60)
}

fn refused(
    site: &Site,
    (brand, asked): (&Brand, Asked),
    support_id: &SupportId,
    refusal: &Refusal,
    sent: &HeaderMap,
) -> Response {
    let subject = refusal.identity.as_ref().and_then(|who| site.subject(who));
    let who = Who { subject, user: None, anonymous: refusal.is_anonymous() };
    let line = Line {
        event: refusal.event,
        support_id,
        idp: refusal.idp.as_ref(),
        instance: refusal.instance.as_ref(),
        refused: Some((refusal.code, &refusal.cause)),
        trace: refusal.trace.as_ref(),
        findings: &refusal.findings,
    };
    audit::record_of(&who, &line);
    if refusal.status == StatusCode::TOO_MANY_REQUESTS {
        site.metrics.rate_limited(if refusal.idp.is_some() { "idp" } else { "address" });
    }
    if [Event::SignIn, Event::HandOff].contains(&refusal.event) {
        remember(site, support_id, refusal);
        site.metrics.sign_in(sender(refusal), refusal.instance.as_ref(), Some(refusal.code));
    }
    let instance = refusal.instance.as_ref();
    // A name that does not exist won't exist at the next try either.
    let known = instance.filter(|_| refusal.status != StatusCode::NOT_FOUND);
    let again = known.map(|instance| paths::go(instance, refusal.destination.as_ref()));
    let again = again.unwrap_or_else(|| "/".to_owned());
    let refresh = asked.refresh(refusal, known.map(|_| &*again));
    let page = Error {
        site: brand,
        code: refusal.code,
        message: refusal.message.as_deref(),
        support: site.support.as_deref(),
        support_id: support_id.as_str(),
        time: &utc(site.clock.now()),
        again: &again,
        answer_lost: asked.is_answer && is_of_state(refusal),
        signed_in: refusal.signed_in,
        refresh: refresh.as_deref(),
    };
    let mut response = pages::error(&page);
    response.extensions_mut().insert(Refused { code: refusal.code, idp: sender(refusal).cloned() });
    *response.status_mut() = refusal.status;
    match refusal.status {
        StatusCode::SERVICE_UNAVAILABLE => {
            response.headers_mut().insert(header::RETRY_AFTER, seconds(refusal.retry_after).into());
        }
        StatusCode::TOO_MANY_REQUESTS => {
            response.headers_mut().insert(header::RETRY_AFTER, unhurried(refusal).into());
        }
        _ => {}
    }
    keep(sent, &mut response);
    response
}

/// What the request was that is refused.
#[derive(Clone, Copy)]
struct Asked {
    is_get: bool,
    /// Whether it brought an identity provider's answer: that is not sent twice.
    is_answer: bool,
}

impl Asked {
    /// When and where the page asks again by itself. Of somebody who came too often: where the person was going, or the same
    /// address if it can simply be asked again. And where shared state is lost, which comes back without anybody's doing.
    fn refresh(self, refusal: &Refusal, towards: Option<&str>) -> Option<String> {
        let is_too_often = refusal.status == StatusCode::TOO_MANY_REQUESTS;
        match towards {
            Some(towards) if is_too_often => Some(format!("{}; url={towards}", unhurried(refusal))),
            _ if !self.is_get => None,
            _ if is_too_often => Some(unhurried(refusal).to_string()),
            _ => (!self.is_answer && is_of_state(refusal)).then(|| seconds(refusal.retry_after).to_string()),
        }
    }
}

fn is_of_state(refusal: &Refusal) -> bool {
    [&code::GATEWAY_STATE_UNAVAILABLE, &code::GATEWAY_STATE_FULL].contains(&refusal.code)
}

/// Nobody who came too often is asked to come again at once.
fn unhurried(refusal: &Refusal) -> u64 {
    seconds(refusal.retry_after).max(5)
}

/// The identity provider concerned: the one that was asked, else the one that spoke.
fn sender(refusal: &Refusal) -> Option<&IdpName> {
    let sent = refusal.identity.as_ref().map(|identity| &identity.idp);
    refusal.idp.as_ref().or(sent)
}

/// For the console, where there is one.
fn remember(site: &Site, support_id: &SupportId, refusal: &Refusal) {
    let Some(console) = &site.console else { return };
    console.record(SignInRecord {
        at: site.clock.now(),
        support_id: support_id.clone(),
        idp: sender(refusal).cloned(),
        instance: refusal.instance.clone(),
        outcome: Outcome::Refused(refusal.code, refusal.cause.clone()),
        test: None,
        trace: refusal.trace.clone().unwrap_or_default(),
        findings: refusal.findings.clone(),
        identity: refusal.identity.clone(),
    });
}

/// Cookies and the list of allowed methods belong to the answer, whatever page it gets.
fn keep(sent: &HeaderMap, response: &mut Response) {
    for name in [header::SET_COOKIE, header::ALLOW] {
        for value in sent.get_all(&name) {
            response.headers_mut().append(name.clone(), HeaderValue::clone(value));
        }
    }
}

/// A moment, for people.
pub(super) fn utc(now: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    now.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// A day, for people.
pub(super) fn day(moment: OffsetDateTime) -> String {
    moment.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_within_a_minute() {
        for (wait, told) in [
            (None, 3),
            (Some(Duration::ZERO), 1),
            (Some(Duration::from_millis(1_001)), 2),
            (Some(Duration::from_hours(1)), 60),
        ] {
            assert_eq!(seconds(wait), told);
        }
    }
}
