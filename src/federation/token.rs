//! `GetFederationToken`.
//! <https://docs.aws.amazon.com/connect/latest/APIReference/API_GetFederationToken.html>

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_sdk_connect::config::{Builder, IdentityCache, Region};
use aws_sdk_connect::operation::get_federation_token::GetFederationTokenOutput;
use tokio::time::sleep;
use tracing::Instrument as _;
use url::Url;

use super::role::Role;
use super::skew::ReadDate;
use super::{Error, Settings, sign_in_url, wire};
use crate::model::{
    Blamed as _, Call, Caller, ConnectUser, FederationToken, InstanceArn, Pace, Patience, Secret, Stopped,
    UserId, spans,
};

const OPERATION: &str = "GetFederationToken";
/// Connect may take a moment to know a user that was just created.
const SETTLE_PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Asks for tokens of one instance.
pub(super) struct TokenSource {
    client: aws_sdk_connect::Client,
    caller: Caller,
    call: Call,
    role: Arc<Role>,
    settings: Arc<Settings>,
}

/// A client for the instance's Region.
pub(super) fn client(
    arn: &InstanceArn,
    sdk: &SdkConfig,
    endpoint: Option<Url>,
    read_date: ReadDate,
) -> aws_sdk_connect::Client {
    // Each call brings its own user's credentials: nothing to cache, and nothing of the base identity to fall back on.
    let mut config = Builder::from(sdk)
        .region(Region::new(arn.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(wire::timeouts())
        .interceptor(read_date)
        .identity_cache(IdentityCache::no_cache());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    aws_sdk_connect::Client::from_conf(config.build())
}

impl TokenSource {
    pub(super) fn new(
        settings: Arc<Settings>,
        client: aws_sdk_connect::Client,
        pace: Pace,
        role: Arc<Role>,
    ) -> Self {
        let call = Call::about(&settings.arn, OPERATION);
        Self { client, caller: Caller::new(pace), call, role, settings }
    }

    /// Assumes the role as the user and asks for the user's token.
    pub(super) async fn ask(&self, user: &ConnectUser, patience: Patience) -> Result<FederationToken, Error> {
        let span = spans::token(&self.settings.instance);
        let token = self.asked(user, patience).instrument(span.clone()).await;
        spans::ended(&span, token.as_ref().err().map(|error| error.code().id));
        token
    }

    async fn asked(&self, user: &ConnectUser, patience: Patience) -> Result<FederationToken, Error> {
        self.role.check_ready(&user.username).await?;
        // The scarce turn first: no role is assumed for a token that can't be asked for.
        self.admit(patience).await?;
        let credentials = self.role.assume(&user.username, patience).await?;
        let mut pauses = SETTLE_PAUSES.into_iter().take_while(|pause| *pause <= patience.left());
        loop {
            match self.call(&credentials, patience).await {
                Ok(answer) => return self.read(answer, user),
                Err(error @ Error::NoUser(_)) => sleep(pauses.next().ok_or(error)?).await,
                Err(error) => return Err(self.role.refused(&user.username, &credentials, error)),
            }
            self.admit(patience.again()).await?;
        }
    }

    async fn admit(&self, patience: Patience) -> Result<(), Error> {
        self.caller.admit(&self.call, patience).await.map_err(Error::of_federation_token)
    }

    async fn call(
        &self,
        credentials: &Credentials,
        patience: Patience,
    ) -> Result<GetFederationTokenOutput, Error> {
        let attempt = || {
            let request = self.client.get_federation_token().instance_id(&self.settings.arn.id).customize();
            let as_user = Builder::new().credentials_provider(credentials.clone());
            let answer = Box::pin(request.config_override(as_user).send());
            async move { answer.await.map_err(|error| wire::call_error(OPERATION, &error)) }
        };
        let answer: Result<_, Stopped> = self.caller.call_admitted(&self.call, patience, attempt).await;
        answer.map_err(Error::of_federation_token)
    }

    fn read(&self, answer: GetFederationTokenOutput, user: &ConnectUser) -> Result<FederationToken, Error> {
        let missing = |missing| Error::IncompleteAnswer { operation: OPERATION, missing };
        let credentials = answer.credentials.ok_or(missing("Credentials"))?;
        let expiration = |time: Option<_>| time.as_ref().and_then(wire::moment);
        let user_id = answer.user_id.map_or_else(|| user.id.clone(), |id| user_id(&id));
        if user_id != user.id {
            return Err(Error::OtherUser);
        }
        Ok(FederationToken {
            access_token: credentials.access_token.map(Secret::new).ok_or(missing("AccessToken"))?,
            access_token_expiration: expiration(credentials.access_token_expiration)
                .ok_or(missing("AccessTokenExpiration"))?,
            refresh_token: credentials.refresh_token.map(Secret::new).ok_or(missing("RefreshToken"))?,
            refresh_token_expiration: expiration(credentials.refresh_token_expiration)
                .ok_or(missing("RefreshTokenExpiration"))?,
            sign_in_url: sign_in_url::check(answer.sign_in_url.as_deref(), &self.settings.url)?,
            user_id,
        })
    }
}

/// `UserId` may be an id or an ARN that ends with it.
fn user_id(text: &str) -> UserId {
    UserId::new(text.rsplit_once('/').map_or(text, |(_, id)| id))
}
