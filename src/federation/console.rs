//! The AWS federation endpoint: from credentials to an address that signs a browser in to the console.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html>

use std::sync::Arc;

use aws_credential_types::Credentials;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::{Error, Settings, wire};
use crate::model::Secret;
use crate::outbound::Outbound;

/// The federation endpoint, for one instance.
pub(super) struct Console {
    http: Option<reqwest::Client>,
    settings: Arc<Settings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SigninToken {
    signin_token: String,
}

impl Console {
    pub(super) fn new(settings: Arc<Settings>, outbound: &Outbound) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(wire::CONNECT_TIMEOUT)
            .timeout(wire::ATTEMPT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        Self { http: outbound.client(http).ok(), settings }
    }

    /// An address that is good for one browser for fifteen minutes: a secret.
    pub(super) async fn login_url(
        &self,
        credentials: &Credentials,
        destination: &str,
    ) -> Result<Secret, Error> {
        let token = self.signin_token(credentials).await?;
        let mut url = self.settings.signin_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("Action", "login")
            .append_pair("Issuer", self.settings.issuer_url.as_str())
            .append_pair("Destination", federate_url(&self.settings, destination)?.as_str())
            .append_pair("SigninToken", &token);
        Ok(Secret::new(url))
    }

    /// No `SessionDuration`: AWS refuses it for credentials that one role got by assuming another.
    async fn signin_token(&self, credentials: &Credentials) -> Result<Zeroizing<String>, Error> {
        let session = Zeroizing::new(
            json!({
                "sessionId": credentials.access_key_id(),
                "sessionKey": credentials.secret_access_key(),
                "sessionToken": credentials.session_token(),
            })
            .to_string(),
        );
        let http = self.http.as_ref().ok_or(Error::SigninToken("no TLS"))?;
        let request = http
            .get(self.settings.signin_endpoint.clone())
            .query(&[("Action", "getSigninToken"), ("Session", session.as_str())]);
        // reqwest's errors name the address, which holds the credentials: they go no further.
        let answer = request.send().await.map_err(|_| Error::SigninToken("no answer"))?;
        if !answer.status().is_success() {
            return Err(Error::SigninToken("the endpoint refused the credentials"));
        }
        let answer: SigninToken = answer.json().await.map_err(|_| Error::SigninToken("no SigninToken"))?;
        Ok(Zeroizing::new(answer.signin_token))
    }
}

/// The console's page that enters a Connect instance.
/// <https://docs.aws.amazon.com/connect/latest/adminguide/configure-saml.html>
fn federate_url(settings: &Settings, destination: &str) -> Result<Url, Error> {
    let path = format!("/connect/federate/{}", settings.arn.id);
    let mut url =
        settings.console_url.join(&path).map_err(|_| Error::SigninToken("console_url has no path"))?;
    url.query_pairs_mut().append_pair("destination", destination);
    Ok(url)
}
