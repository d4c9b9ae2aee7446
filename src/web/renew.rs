//! A page that says when a session ends, warns in time, and leads through a fresh sign-in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use time::OffsetDateTime;
use time::macros::format_description;
use tower_sessions::Session;

use super::headers::Csp;
use super::pages::{self, Left, RenewPage};
use super::refusal::Refusal;
use super::start::parameter;
use super::{WebState, paths};
use crate::audit::Event;
use crate::model::{Destination, InstanceName};
use crate::session;
use crate::sign_in::Ask;

/// How long before its end a session is spoken of: long enough for a contact to end.
const WARNING: Duration = Duration::from_mins(30);
/// How often the page is loaded again without JavaScript, while there is time and when there is little.
const REFRESH: (u64, u64) = (600, 60);
/// What the button asks for: more than any session at hand has, so that none is used again.
pub(super) const MOST_HOURS: u64 = 12;

/// `GET /renew/{instance}[?refresh=off]`
pub(super) async fn instance(
    state: State<Arc<WebState>>,
    Path(instance): Path<String>,
    query: RawQuery,
    request: (Session, HeaderMap),
) -> Result<Response, Refusal> {
    page(state, ask(instance, None), query, request).await
}

/// `GET /renew/{instance}/{destination}[?refresh=off]`
pub(super) async fn destination(
    state: State<Arc<WebState>>,
    Path((instance, destination)): Path<(String, String)>,
    query: RawQuery,
    request: (Session, HeaderMap),
) -> Result<Response, Refusal> {
    page(state, ask(instance, Some(destination)), query, request).await
}

fn ask(instance: String, destination: Option<String>) -> Ask {
    Ask { instance: InstanceName::new(instance), destination: destination.map(Destination::new), idp: None }
}

async fn page(
    State(web): State<Arc<WebState>>,
    ask: Ask,
    RawQuery(query): RawQuery,
    (session, headers): (Session, HeaderMap),
) -> Result<Response, Refusal> {
    let now = web.site.clock.now();
    let signed_in = session::read(&session, now).await?;
    let renewal = web
        .sign_in
        .renewal(&ask, signed_in.as_ref())
        .map_err(|error| Refusal::of(&error).during(Event::Request))?;
    let left = renewal.ends.map(|ends| left(ends, now));
    let refreshes = parameter(query.as_deref(), "refresh").as_deref() != Some("off");
    let (instance, destination) = (&ask.instance, ask.destination.as_ref());
    let here = paths::go(instance, destination);
    let csp = if left.is_some() { Csp::counting() } else { Csp::default() };
    let page = RenewPage {
        site: web.site.brand_for(&headers),
        instance: &renewal.instance,
        refresh: left.as_ref().filter(|_| refreshes).map(refresh),
        left,
        renew: paths::with_hours(&here, MOST_HOURS),
        sign_in: here,
        still: format!("{}?refresh=off", paths::renew(instance, destination)),
    };
    pages::page(&page, &csp)
}

/// Rounded up: what is over is over.
fn left(ends: OffsetDateTime, now: OffsetDateTime) -> Left {
    let rest = (ends - now).max(time::Duration::ZERO);
    let seconds = rest.whole_seconds().unsigned_abs() + u64::from(rest.subsec_nanoseconds() > 0);
    let minutes = seconds / 60;
    let utc = ends.to_offset(time::UtcOffset::UTC);
    let text = |format| utc.format(&format).unwrap_or_default();
    Left {
        ends: text(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")),
        ends_iso: text(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")),
        seconds,
        hours: minutes / 60,
        minutes: minutes % 60,
        warning: WARNING.as_secs(),
    }
}

/// At the moment of the warning at the latest.
fn refresh(left: &Left) -> u64 {
    if left.is_soon() { REFRESH.1 } else { REFRESH.0.min(left.seconds - left.warning + 1) }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    #[test]
    fn the_page_is_loaded_again_when_the_warning_is_due_and_every_minute_from_then_on() {
        for (minutes, seconds) in [(600, 600), (41, 600), (35, 301), (31, 61), (30, 60), (1, 60)] {
            let left = left(NOW + time::Duration::minutes(minutes), NOW);
            assert_eq!(refresh(&left), seconds, "{minutes} minutes left");
        }
    }

    #[test]
    fn what_is_left_is_told_in_hours_and_minutes_and_rounded_up_to_seconds() {
        let left = left(NOW + time::Duration::milliseconds(7_380_001), NOW);
        assert_eq!((left.hours, left.minutes, left.seconds), (2, 3, 7_381));
        assert_eq!(left.ends, "2026-11-22 10:03 UTC");
        assert_eq!(left.ends_iso, "2026-11-22T10:03:00Z");
    }
}
