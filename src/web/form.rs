//! Forms that arrive: what they are, how long they may take, and each field once.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use url::form_urlencoded;

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
