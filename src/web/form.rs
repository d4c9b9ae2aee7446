//! Forms that arrive: what they are, how long they may take, and each field once.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use super::refusal::Refusal;
use crate::audit::Event;
use crate::model::code;

/// The longest that a whole form may take to arrive.
const DEADLINE: Duration = Duration::from_secs(30);

/// The content type is a form's.
pub(super) fn check_is_form(headers: &HeaderMap, event: Event) -> Result<(), Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(bad("the content type is not a form's", event).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
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

/// The whole form, within [`DEADLINE`].
pub(super) async fn read(request: Request, event: Event) -> Result<Bytes, Refusal> {
    let late = |_| bad("the form did not arrive in time", event).with_status(StatusCode::REQUEST_TIMEOUT);
    let body = timeout(DEADLINE, Bytes::from_request(request, &())).await.map_err(late)?;
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(&code::WEB_TOO_LARGE, "the form is too large").during(event)
        }
        _ => bad("the body could not be read", event),
    })
}

/// The values of the fields with these names, of a form or a query; others are passed over.
///
/// # Errors
/// When one of them is there twice: whom it is read by would decide which counts.
pub(super) fn fields<const N: usize>(
    text: &[u8],
    names: [&str; N],
    event: Event,
) -> Result<[Option<String>; N], Refusal> {
    let mut values = [const { None }; N];
    for (name, value) in form_urlencoded::parse(text) {
        let Some(place) = names.iter().position(|wanted| *wanted == name) else { continue };
        if values[place].replace(value.into_owned()).is_some() {
            return Err(bad("a form field is there twice", event));
        }
    }
    Ok(values)
}

fn bad(cause: &str, event: Event) -> Refusal {
    Refusal::new(&code::WEB_BAD_REQUEST, cause).during(event)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

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
}
