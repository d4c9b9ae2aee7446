//! Forms that arrive: what they are, how long they may take, and each field once.

use std::error::Error as _;
use std::future::poll_fn;
use std::iter::successors;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use http_body_util::LengthLimitError;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use super::refusal::Refusal;
use crate::audit::Event;
use crate::model::code;

/// The longest that a whole form may take to arrive.
const DEADLINE: Duration = Duration::from_secs(30);

/// A form of no more octets has room always: the number of connections is limited. Larger ones take their further room, in
/// pieces of this size, from [`LARGE_FORMS`] while they arrive.
const SMALL: usize = 64 * 1024;

/// The pieces of [`SMALL`] octets that large forms may take together: 64 MB for the whole process.
static LARGE_FORMS: Semaphore = Semaphore::const_new(1024);

/// When somebody whose large form had no room should come back.
const FULL: Duration = Duration::from_secs(5);

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
    timeout(DEADLINE, collected(request.into_body(), &LARGE_FORMS, event)).await.map_err(late)?
}

/// One buffer for all of it: pieces would each keep the buffer that they were read into.
async fn collected(mut body: Body, large: &Semaphore, event: Event) -> Result<Bytes, Refusal> {
    let (mut form, mut room) = (Vec::new(), Vec::new());
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| broken_off(&error, event))?;
        let Ok(piece) = frame.into_data() else { continue };
        form.extend_from_slice(&piece);
        while form.len() > (room.len() + 1) * SMALL {
            let more = large.try_acquire().map_err(|_| {
                let refusal = Refusal::new(&code::WEB_TOO_MANY_REQUESTS, "too many large forms at once");
                refusal.during(event).after(FULL).with_status(StatusCode::SERVICE_UNAVAILABLE)
            })?;
            room.push(more);
        }
    }
    Ok(form.into())
}

fn broken_off(error: &axum::Error, event: Event) -> Refusal {
    let mut causes = successors(error.source(), |cause| (*cause).source());
    if causes.any(<dyn std::error::Error>::is::<LengthLimitError>) {
        return Refusal::new(&code::WEB_TOO_LARGE, "the form is too large").during(event);
    }
    bad("the body could not be read", event)
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
    use axum::response::IntoResponse as _;

    use super::*;

    #[tokio::test]
    async fn large_forms_have_so_much_room_together_and_give_it_back() {
        let large = Semaphore::new(3);
        let form = |octets: usize| Body::from(vec![b'a'; octets]);
        let _others = large.try_acquire().unwrap();
        assert_eq!(collected(form(3 * SMALL), &large, Event::SignIn).await.unwrap().len(), 3 * SMALL);
        let refused = collected(form(3 * SMALL + 1), &large, Event::SignIn).await.err().unwrap();
        assert_eq!(refused.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(large.available_permits(), 2);
        let _all = large.try_acquire_many(2).unwrap();
        assert!(collected(form(SMALL), &large, Event::SignIn).await.is_ok(), "small ones always");
    }

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
