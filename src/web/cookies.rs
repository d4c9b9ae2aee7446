//! Our own cookies, beside the session's. Those of a sign-in come back with the identity provider's cross-site POST, so they are
//! `SameSite=None`; `__Host-` keeps every other host from setting them.

use std::time::Duration;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::paths;
use crate::model::{IdpName, InstanceName, Random, Target};
use crate::session;

/// The secret that ties sign-ins under way to this browser.
const SIGN_IN: &str = "__Host-gateway-sign-in";
/// The instance that a sign-in was just completed for: seen again without a session, it tells of a loop.
const ARRIVED: &str = "__Host-gateway-arrived";
/// A redirect arrives within this, in seconds.
const ARRIVED_SECONDS: u32 = 30;
/// How many sign-ins were restarted here in a row: too many tell of a loop.
const RESTARTS: &str = "__Host-gateway-restarts";
/// A restart that is part of a loop follows the last within this, in seconds.
pub(super) const RESTARTS_SECONDS: u32 = 30;

/// The name of the identity provider that this browser last signed in through.
const IDP: &str = "__Host-gateway-idp";

/// Leaves only our own cookies in a request, by the octets that were sent. Libraries decode names (`%5F`) and trim
/// other white space than HTTP's: a neighbouring host could then set what a browser keeps it from setting. Other
/// applications' cookies may hold octets that no library reads, and are none of our business. A session cookie that
/// is there twice is nobody's.
pub(super) fn keep_ours(headers: &mut HeaderMap) {
    let mut ours: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .into_iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| name_of(pair).is_some())
        .collect();
    let is_session = |pair: &&[u8]| name_of(pair) == Some(session::COOKIE);
    if ours.iter().filter(|pair| is_session(pair)).count() > 1 {
        ours.retain(|pair| !is_session(pair));
    }
    let cookies = HeaderValue::from_bytes(&ours.join(&b"; "[..]));
    headers.remove(COOKIE);
    if let Some(cookies) = cookies.ok().filter(|cookies| !cookies.is_empty()) {
        headers.insert(COOKIE, cookies);
    }
}

/// Which of our cookies a pair is, when its value is one that we could have made.
fn name_of(pair: &[u8]) -> Option<&'static str> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&pair[..at], &pair[at + 1..]);
    let is_plain = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(byte));
    [session::COOKIE, SIGN_IN, ARRIVED, RESTARTS, IDP]
        .into_iter()
        .find(|ours| is_plain && ours.as_bytes() == name)
}

/// The secret that this browser holds, if it is one of our making.
pub(super) fn browser_secret(headers: &HeaderMap) -> Option<String> {
    values(headers, SIGN_IN).find(|value| is_token(value)).map(str::to_owned)
}

/// The browser's secret, or a new one. Sign-ins in several tabs share it.
pub(super) fn browser_secret_or_new(headers: &HeaderMap, random: &dyn Random) -> String {
    browser_secret(headers).unwrap_or_else(|| random.token())
}

/// What a sign-in was for, as [`note_arrival`] takes it. No instance has a name like the console's.
pub(super) fn place(target: &Target) -> &str {
    target.instance().map_or(paths::CONSOLE, InstanceName::as_str)
}

/// Whether a sign-in for `place` was completed in this browser a moment ago.
pub(super) fn has_arrived(headers: &HeaderMap, place: &str) -> bool {
    let expected = hex::encode(place);
    values(headers, ARRIVED).any(|value| value == expected)
}

/// Gives the browser its secret, from now on for as long as a sign-in may take.
pub(super) fn keep_secret(response: impl IntoResponse, secret: &str, pending_for: Duration) -> Response {
    let seconds = pending_for.as_secs();
    with(response, &format!("{SIGN_IN}={secret}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age={seconds}"))
}

/// Notes that a sign-in for `place` was completed.
pub(super) fn note_arrival(response: impl IntoResponse, place: &str) -> Response {
    let value = hex::encode(place);
    with(
        response,
        &format!("{ARRIVED}={value}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age={ARRIVED_SECONDS}"),
    )
}

/// Forgets that a sign-in was completed a moment ago.
pub(super) fn forget_arrival(response: impl IntoResponse) -> Response {
    with(response, &format!("{ARRIVED}=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0"))
}

/// How many sign-ins were restarted in this browser in a row.
pub(super) fn restarts(headers: &HeaderMap) -> u32 {
    values(headers, RESTARTS).find_map(|value| value.parse().ok()).unwrap_or_default()
}

/// Notes so many restarts in a row.
pub(super) fn note_restarts(response: impl IntoResponse, restarts: u32) -> Response {
    let attributes = "Path=/; Secure; HttpOnly; SameSite=None";
    with(response, &format!("{RESTARTS}={restarts}; {attributes}; Max-Age={RESTARTS_SECONDS}"))
}

/// Forgets the restarts: one of them led somewhere, or the person was told.
pub(super) fn forget_restarts(response: impl IntoResponse) -> Response {
    with(response, &format!("{RESTARTS}=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0"))
}

/// The identity provider that this browser last signed in through: a name that may be anything.
pub(super) fn last_idp(headers: &HeaderMap) -> Option<String> {
    values(headers, IDP).next().map(str::to_owned)
}

/// Remembers the identity provider for a year.
pub(super) fn remember_idp(response: impl IntoResponse, idp: &IdpName) -> Response {
    with(response, &format!("{IDP}={idp}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000"))
}

/// Removes the session cookie. The session layer's own removal lacks `Secure`, so browsers ignore it
/// for a `__Host-` name.
pub(super) fn forget_session(response: impl IntoResponse) -> Response {
    let name = session::COOKIE;
    with(response, &format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
}

fn with(response: impl IntoResponse, cookie: &str) -> Response {
    let mut response = response.into_response();
    // Every part is ours or hex, so this never fails; a cookie that can't be sent is not sent.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// Every value of that name; what can't be read is passed over.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// What [`Random::token`] makes: 40 lower-case hex digits.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SystemRandom;

    fn sent(cookie: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(cookie).unwrap())])
    }

    fn set(response: &Response) -> &str {
        response.headers()[SET_COOKIE].to_str().unwrap()
    }

    #[test]
    fn a_browser_keeps_its_secret_over_several_starts() {
        let secret = SystemRandom.token();
        let headers = sent(format!("a=b; {SIGN_IN}={secret}; c=d").as_bytes());
        assert_eq!(browser_secret_or_new(&headers, &SystemRandom), secret);
    }

    #[test]
    fn garbage_in_the_cookie_header_is_not_a_secret() {
        for garbage in [
            "".as_bytes(),
            b"__Host-gateway-sign-in",
            b"__Host-gateway-sign-in=",
            b"__Host-gateway-sign-in=0123",
            b"__Host-gateway-sign-in=ABCDEFABCDABCDEFABCDABCDEFABCDABCDEFABCD",
            b"__Host-gateway-sign-in=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            b";;==;=;__Host-gateway-sign-in=\"",
            b"\xff\xfe=\x80",
        ] {
            assert_eq!(browser_secret(&sent(garbage)), None);
            assert!(is_token(&browser_secret_or_new(&sent(garbage), &SystemRandom)));
        }
    }

    fn kept(cookie: &[u8]) -> Option<String> {
        let mut headers = sent(cookie);
        keep_ours(&mut headers);
        headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_name_that_only_a_library_would_take_for_ours_is_dropped() {
        for tossed in [
            "%5F%5FHost-gateway-session=theirs",
            "__Host%2Dgateway-session=theirs",
            "\u{2000}__Host-gateway-session=theirs",
            "\u{a0}__Host-gateway-session=theirs",
            "__host-gateway-session=theirs",
            "__Host-gateway-session =theirs",
            "__Host-gateway-session=%74heirs",
            "__Host-gateway-session=\"theirs\"",
        ] {
            assert_eq!(kept(tossed.as_bytes()), None, "{tossed}");
            let both = format!("__Host-gateway-session=ours; {tossed}");
            assert_eq!(kept(both.as_bytes()).as_deref(), Some("__Host-gateway-session=ours"), "{tossed}");
        }
    }

    #[test]
    fn a_session_cookie_that_is_there_twice_is_nobodys() {
        let twice = "__Host-gateway-session=a; __Host-gateway-arrived=00; __Host-gateway-session=b";
        assert_eq!(kept(twice.as_bytes()).as_deref(), Some("__Host-gateway-arrived=00"));
    }

    #[test]
    fn other_applications_cookies_do_no_harm() {
        let secret = format!("{SIGN_IN}={}", "0".repeat(40));
        for other in ["theme=J\u{fc}rgen".as_bytes(), b"x=\xff\xfe", b"y=\"a;b\"", b"z"] {
            let cookies = [other, b"; ", secret.as_bytes(), b";", other].concat();
            assert_eq!(kept(&cookies), Some(secret.clone()), "{other:?}");
        }
        assert_eq!(kept(b"theme=dark"), None);
    }

    #[test]
    fn the_secret_travels_with_a_cross_site_post_and_to_this_host_only() {
        let response = keep_secret((), "s", Duration::from_mins(15));
        assert_eq!(
            set(&response),
            "__Host-gateway-sign-in=s; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=900"
        );
    }

    #[test]
    fn an_arrival_is_noted_for_one_instance() {
        let prod = "prod; Domain=evil";
        let response = note_arrival((), prod);
        let pair = set(&response).split(';').next().unwrap();
        assert!(has_arrived(&sent(pair.as_bytes()), prod));
        assert!(!has_arrived(&sent(pair.as_bytes()), "test"));
        assert!(!set(&response).contains("Domain"));
    }
}
