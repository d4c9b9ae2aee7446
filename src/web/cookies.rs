//! Our two pre-login cookies. They come back with the identity provider's cross-site POST, so they are
//! `SameSite=None`; `__Host-` keeps every other host from setting them.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::model::{InstanceName, Random};
use crate::session;

/// The secret that ties sign-ins under way to this browser.
const SIGN_IN: &str = "__Host-gateway-sign-in";
/// How long a person may take at the identity provider, in seconds.
const SIGN_IN_SECONDS: u32 = 15 * 60;
/// The instance that a sign-in was just completed for: seen again without a session, it tells of a loop.
const ARRIVED: &str = "__Host-gateway-arrived";
/// A redirect arrives within this, in seconds.
const ARRIVED_SECONDS: u32 = 30;

/// The secret that this browser holds, if it is one of our making.
pub(super) fn browser_secret(headers: &HeaderMap) -> Option<String> {
    values(headers, SIGN_IN).find(|value| is_token(value)).map(str::to_owned)
}

/// The browser's secret, or a new one. Sign-ins in several tabs share it.
pub(super) fn browser_secret_or_new(headers: &HeaderMap, random: &dyn Random) -> String {
    browser_secret(headers).unwrap_or_else(|| random.token())
}

/// Whether a sign-in for `instance` was completed in this browser a moment ago.
pub(super) fn has_arrived(headers: &HeaderMap, instance: &InstanceName) -> bool {
    let expected = hex::encode(instance.as_str());
    values(headers, ARRIVED).any(|value| value == expected)
}

/// Gives the browser its secret, from now on for [`SIGN_IN_SECONDS`].
pub(super) fn keep_secret(response: impl IntoResponse, secret: &str) -> Response {
    with(
        response,
        &format!("{SIGN_IN}={secret}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age={SIGN_IN_SECONDS}"),
    )
}

/// Notes that a sign-in for `instance` was completed.
pub(super) fn note_arrival(response: impl IntoResponse, instance: &InstanceName) -> Response {
    let value = hex::encode(instance.as_str());
    with(
        response,
        &format!("{ARRIVED}={value}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age={ARRIVED_SECONDS}"),
    )
}

/// Forgets that a sign-in was completed a moment ago.
pub(super) fn forget_arrival(response: impl IntoResponse) -> Response {
    with(response, &format!("{ARRIVED}=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0"))
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
fn is_token(text: &str) -> bool {
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

    #[test]
    fn the_secret_travels_with_a_cross_site_post_and_to_this_host_only() {
        let response = keep_secret((), "s");
        assert_eq!(
            set(&response),
            "__Host-gateway-sign-in=s; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=900"
        );
    }

    #[test]
    fn an_arrival_is_noted_for_one_instance() {
        let prod = InstanceName::new("prod; Domain=evil");
        let response = note_arrival((), &prod);
        let pair = set(&response).split(';').next().unwrap();
        assert!(has_arrived(&sent(pair.as_bytes()), &prod));
        assert!(!has_arrived(&sent(pair.as_bytes()), &InstanceName::new("test")));
        assert!(!set(&response).contains("Domain"));
    }
}
