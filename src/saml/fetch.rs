//! Fetches metadata: https only (http on this machine), bounded in time and size.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::{Attempt, Policy};
use url::Url;

use super::error::{Error, MetadataError};
use super::idp_metadata::MAX_BYTES;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 3;

/// A client that follows few redirects, and none from https to anything else or away from this machine by http.
pub(super) fn client() -> Result<Client, Error> {
    let policy = Policy::custom(|attempt: Attempt<'_>| {
        if attempt.previous().len() > MAX_REDIRECTS || attempt.url().scheme() != "https" {
            attempt.stop()
        } else {
            attempt.follow()
        }
    });
    let client = Client::builder().redirect(policy).timeout(TIMEOUT).build();
    client.map_err(|error| Error::Machinery(error.without_url().to_string()))
}

/// The host that was asked, the error and what is beneath it.
fn reasons(url: &Url, error: &dyn std::error::Error) -> String {
    let mut text = format!("{}: {error}", url.host_str().unwrap_or_default());
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// The document at `url`.
pub(super) async fn fetch(client: &Client, url: &Url) -> Result<String, MetadataError> {
    let failed = |error: reqwest::Error| MetadataError::Fetch(reasons(url, &error.without_url()));
    let mut response = client.get(url.clone()).send().await.map_err(failed)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(MetadataError::Fetch(format!("the status is {}", response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            return Err(MetadataError::TooLarge);
        }
    }
    String::from_utf8(body).map_err(|_| MetadataError::NotXml)
}
