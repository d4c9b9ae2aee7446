//! The way to an identity provider without a browser: one SOAP request, one answer. Bindings 3.2.3.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::outbound::Outbound;
use crate::saml::call_failed::reasons;
use crate::saml::error::{ArtifactFault, Error};

/// The longest that an identity provider may take for the whole answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest envelope that is read, in bytes.
const MAX_BYTES: usize = 512 * 1024;

/// An HTTP client that goes where it is sent and nowhere else.
pub(in crate::saml) struct BackChannel {
    client: Client,
}

impl BackChannel {
    /// # Errors
    /// When there is no TLS here.
    pub(in crate::saml) fn new(outbound: &Outbound) -> Result<Self, Error> {
        let client = outbound.client(Client::builder().redirect(Policy::none()).timeout(TIMEOUT));
        let client = client.map_err(|error| Error::Machinery(error.without_url().to_string()))?;
        Ok(Self { client })
    }

    /// Posts an envelope and reads the one that comes back.
    ///
    /// # Errors
    /// [`Error::BackChannel`] when nobody answers in time, [`Error::Artifact`] when the answer is no envelope.
    pub(in crate::saml) async fn exchange(&self, url: &Url, envelope: String) -> Result<Vec<u8>, Error> {
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, "text/xml; charset=utf-8");
        let request = request.header(ACCEPT, "text/xml").header("SOAPAction", SOAP_ACTION);
        let response = request.body(envelope).send().await.map_err(|error| failed(url, error))?;
        check_http_status(&response)?;
        check_content_type(&response)?;
        read(response, url).await
    }
}

/// Any value will do, and this one is what the binding recommends. Bindings 3.2.3.2.
const SOAP_ACTION: &str = "\"http://www.oasis-open.org/committees/security\"";

/// The status is 200: a fault has another one, and a redirect could lead anywhere. Bindings 3.2.3.3.
fn check_http_status(response: &Response) -> Result<(), Error> {
    match response.status() {
        StatusCode::OK => Ok(()),
        status => Err(ArtifactFault::HttpStatus(status.as_u16()).into()),
    }
}

/// SOAP 1.1 is `text/xml`. Bindings 3.2.3.
fn check_content_type(response: &Response) -> Result<(), Error> {
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::to_str);
    let essence =
        content_type.and_then(Result::ok).and_then(|text| text.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("text/xml") { Ok(()) } else { Err(ArtifactFault::Envelope.into()) }
}

async fn read(mut response: Response, url: &Url) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, error))? {
        body.extend_from_slice(&chunk);
        check_envelope_size(body.len())?;
    }
    Ok(body)
}

/// An answer is small.
fn check_envelope_size(length: usize) -> Result<(), Error> {
    if length > MAX_BYTES { Err(Error::TooLarge) } else { Ok(()) }
}

fn failed(url: &Url, error: reqwest::Error) -> Error {
    Error::BackChannel(reasons(url, error))
}
