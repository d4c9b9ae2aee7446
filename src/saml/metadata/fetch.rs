//! Fetches metadata: https only (http on this machine), from the configured host only, bounded in time and size.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::outbound::Outbound;
use crate::saml::call_failed::reasons;
use crate::saml::error::{Error, MetadataError};
use crate::saml::idp_metadata::MAX_BYTES;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 3;

/// What a site said of a document, for asking whether it changed. RFC 9110 8.8.
#[derive(Debug, Clone, Default)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// What a site answered.
pub(super) enum Fetched {
    /// A document.
    Document(String, Validators),
    /// The same as when the validators were sent. RFC 9110 15.4.5.
    Unchanged,
}

/// A client that follows a few redirects inside the host that was configured: another host may be one that only this
/// machine can reach.
pub(super) fn client(outbound: &Outbound) -> Result<Client, Error> {
    let policy = Policy::custom(|attempt: Attempt<'_>| {
        let is_inside =
            attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
        if attempt.previous().len() <= MAX_REDIRECTS && is_inside { attempt.follow() } else { attempt.stop() }
    });
    let client = outbound.client(Client::builder().redirect(policy).timeout(TIMEOUT));
    client.map_err(|error| Error::Machinery(error.without_url().to_string()))
}

/// The document at `url`, unless it is the one that `known` belongs to.
///
/// # Errors
/// When there is no whole document of a bearable size in time.
pub(super) async fn fetch(client: &Client, url: &Url, known: &Validators) -> Result<Fetched, MetadataError> {
    let mut request = client.get(url.clone()).header(ACCEPT, "application/samlmetadata+xml, */*;q=0.5");
    for (name, value) in known.conditions() {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(|error| failed(url, error))?;
    match response.status() {
        StatusCode::OK => {
            let validators = Validators::of(&response);
            Ok(Fetched::Document(text(response, url).await?, validators))
        }
        StatusCode::NOT_MODIFIED if known.conditions().next().is_some() => Ok(Fetched::Unchanged),
        status if status.is_redirection() => Err(MetadataError::Redirect),
        status => Err(MetadataError::Fetch(format!("the status is {}", status.as_u16()))),
    }
}

impl Validators {
    fn of(response: &Response) -> Self {
        let header = |name: HeaderName| response.headers().get(name).cloned();
        Self { etag: header(ETAG), last_modified: header(LAST_MODIFIED) }
    }

    /// RFC 9110 13.1.2 and 13.1.3.
    fn conditions(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let etag = self.etag.clone().map(|value| (IF_NONE_MATCH, value));
        let date = self.last_modified.clone().map(|value| (IF_MODIFIED_SINCE, value));
        etag.into_iter().chain(date)
    }
}

async fn text(mut response: Response, url: &Url) -> Result<String, MetadataError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, error))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(MetadataError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| MetadataError::NotXml)
}

fn failed(url: &Url, error: reqwest::Error) -> MetadataError {
    MetadataError::Fetch(reasons(url, error))
}
