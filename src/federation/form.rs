//! The way into the instance by its own sign-in address.

use serde_json::json;
use time::OffsetDateTime;

use crate::model::{FederationToken, HandOff, Secret};

/// The form that the instance's own sign-in address takes; its times are epoch milliseconds.
/// <https://github.com/amazon-connect/video-call-escalation>
pub(super) fn form(token: &FederationToken, destination: &str, ends: OffsetDateTime) -> HandOff {
    let milliseconds = |time: OffsetDateTime| time.unix_timestamp_nanos() / 1_000_000;
    let credentials = json!({
        "AccessToken": token.access_token.expose(),
        "AccessTokenExpiration": i64::try_from(milliseconds(token.access_token_expiration)).unwrap_or(i64::MAX),
        "RefreshToken": token.refresh_token.expose(),
        "RefreshTokenExpiration": i64::try_from(milliseconds(token.refresh_token_expiration)).unwrap_or(i64::MAX),
    });
    HandOff::Form {
        action: token.sign_in_url.clone(),
        credentials: Secret::new(credentials.to_string()),
        destination: destination.to_owned(),
        ends,
    }
}
