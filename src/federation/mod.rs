//! Credentials and tokens for one user.
//!
//! `GetFederationToken` takes no user: Connect answers for the user whose name is the caller's role session
//! name. So each token needs an `AssumeRole` of its own, and whoever may name that session freely can
//! become anybody: protected names are refused here too, right before that call.

mod cache;
mod console;
mod error;
mod provisioning;
mod role;
mod sign_in_url;
mod token;
mod wire;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;
use url::Url;

pub use error::Error;
pub use provisioning::{ProvisioningRole, SESSION_NAME as PROVISIONING_SESSION_NAME, provisioning_identity};

use crate::model::{
    Busy, Clock, ConnectUser, FederationToken, HandOff, InstanceArn, InstanceName, Pace, Patience, Priority,
    ProtectedNames, Secret, Ticket, Username, errand,
};
use cache::{Lifetimes, Tokens};
use console::Console;
use role::Role;
use token::TokenSource;

/// One instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in our configuration.
    pub instance: InstanceName,
    /// Its ARN.
    pub arn: InstanceArn,
    /// Its access URL, such as `https://acme.my.connect.aws`: the only origin tokens are sent to.
    pub url: Url,
    /// The federation role.
    pub role_arn: String,
    /// `ExternalId` of the trust policy.
    pub external_id: Option<Secret>,
    /// Whether `SourceIdentity` is set.
    pub source_identity: bool,
    /// How the browser enters.
    pub hand_off: HandOffMode,
    /// AWS federation endpoint, `https://signin.aws.amazon.com/federation` (console mode).
    pub signin_endpoint: Url,
    /// Base of the console, `https://<region>.console.aws.amazon.com` (console mode).
    pub console_url: Url,
    /// `Issuer` of the console login: where AWS sends people whose session ended.
    pub issuer_url: Url,
    /// A token is not served during the last part of its life.
    pub token_margin: Duration,
    /// A token is asked for again this long before it stops being served.
    pub refresh_ahead: Duration,
    /// A token is never served longer than this after it was issued.
    pub max_token_age: Duration,
    /// How long one request of a browser may wait for the call budget; and everything that no person waits for.
    pub patience: Duration,
    /// For how long a person's place in the line is kept, request after request.
    pub place_kept_for: Duration,
}

/// How the browser enters the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOffMode {
    /// A form posted to the instance.
    Instance,
    /// The AWS federation endpoint.
    Console,
}

/// Endpoints other than the AWS default ones, for the emulator, VPC endpoints and tests.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// Amazon Connect.
    pub connect: Option<Url>,
    /// STS.
    pub sts: Option<Url>,
}

/// When to come back for work that has had its turn.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How long a new user is kept from the console.
const NEW_USER_SHOWS: Duration = Duration::from_secs(3);
/// Federation into one instance.
pub struct Federation {
    settings: Arc<Settings>,
    role: Arc<Role>,
    source: Arc<TokenSource>,
    console: Console,
    tokens: Tokens,
    protected: Arc<ProtectedNames>,
    clock: Arc<dyn Clock>,
    tickets: RandomState,
    pace: Pace,
}

impl Federation {
    /// `sdk` carries the base identity (the gateway's own role) and the endpoints.
    #[must_use]
    pub fn new(
        settings: Settings,
        sdk: &aws_config::SdkConfig,
        endpoints: Endpoints,
        pace: Pace,
        protected: Arc<ProtectedNames>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let settings = Arc::new(settings);
        let role = Arc::new(Role::new(Arc::clone(&settings), sdk, endpoints.sts, pace.clone()));
        let source =
            TokenSource::new(Arc::clone(&settings), sdk, endpoints.connect, pace.clone(), Arc::clone(&role));
        let lifetimes = Lifetimes {
            margin: settings.token_margin,
            max_age: settings.max_token_age,
            refresh_ahead: settings.refresh_ahead,
        };
        Self {
            role,
            source: Arc::new(source),
            console: Console::new(Arc::clone(&settings)),
            tokens: Tokens::new(lifetimes, Arc::clone(&clock)),
            settings,
            protected,
            clock,
            tickets: RandomState::new(),
            pace,
        }
    }

    /// The user's token, from the cache or fresh; never served past `not_after` (the gateway session's
    /// end). The request is made in a task of its own: a caller that goes away does not stop it, and whoever comes
    /// back finds it where it is in the line.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn token_for(
        &self,
        user: &ConnectUser,
        not_after: OffsetDateTime,
    ) -> Result<Arc<FederationToken>, Error> {
        self.check_allowed(user, not_after)?;
        let ticket = self.ticket(&user.username);
        let patience = Patience::lasting(self.settings.place_kept_for).under(ticket);
        let (tokens, source, user) = (self.tokens.clone(), Arc::clone(&self.source), user.clone());
        let asked = errand(|begun| async move {
            let ask = || {
                begun.mark();
                source.ask(&user, patience)
            };
            tokens.token(&user.username, &user.id, ask).await
        });
        if let Ok(answer) = timeout(self.settings.patience, asked).await {
            return answer.map_err(|_| Error::Interrupted)?;
        }
        let turn = self.pace.budget().outlook(ticket, Priority::Person);
        Err(Error::Busy(Busy { retry_after: turn.unwrap_or(UNDER_WAY) }))
    }

    /// What the browser needs to enter at `destination` (a path in the instance).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn hand_off(
        &self,
        user: &ConnectUser,
        destination: &str,
        not_after: OffsetDateTime,
    ) -> Result<HandOff, Error> {
        match self.settings.hand_off {
            HandOffMode::Instance => {
                let token = self.token_for(user, not_after).await?;
                Ok(form(&token, destination))
            }
            HandOffMode::Console => {
                self.check_allowed(user, not_after)?;
                self.let_settle(user).await;
                let patience = Patience::lasting(self.settings.patience);
                let credentials = self.role.assume(&user.username, patience).await?;
                Ok(HandOff::Redirect(self.console.login_url(&credentials, destination).await?))
            }
        }
    }

    /// Users whose cached token is due for replacement now.
    #[must_use]
    pub fn refresh_due(&self) -> Vec<Username> {
        self.tokens.due()
    }

    /// Replaces the user's cached token by a fresh one, single-flight; keeps the old one when that fails.
    /// Does nothing for a user without a cached token.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn refresh(&self, user: &ConnectUser, not_after: OffsetDateTime) -> Result<(), Error> {
        self.check_allowed(user, not_after)?;
        let patience = Patience::lasting(self.settings.patience)
            .as_urgent_as(Priority::Refresh)
            .under(self.ticket(&user.username));
        let (tokens, source, user) = (self.tokens.clone(), Arc::clone(&self.source), user.clone());
        let asked = errand(|begun| async move {
            let ask = || {
                begun.mark();
                source.ask(&user, patience)
            };
            tokens.replace(&user.username, &user.id, ask).await
        });
        asked.await.map_err(|_| Error::Interrupted)?
    }

    /// How many tokens are kept.
    #[must_use]
    pub fn tokens_kept(&self) -> usize {
        self.tokens.count()
    }

    /// Drops the user's cached token.
    pub async fn purge(&self, username: &Username) {
        self.tokens.purge(username).await;
    }

    /// Assumes the role once under `name`, and throws the credentials away: says before deployment what the
    /// role's trust policy would refuse.
    ///
    /// # Errors
    /// What a sign-in would be told, the missing permission among it.
    pub async fn check(&self, name: &Username) -> Result<(), Error> {
        self.check_username(name)?;
        self.role.assume(name, Patience::lasting(self.settings.patience)).await.map(drop)
    }

    /// Where the instance ends its own session.
    #[must_use]
    pub fn logout_url(&self) -> Option<Url> {
        sign_in_url::logout(&self.settings.url)
    }

    fn ticket(&self, username: &Username) -> Ticket {
        Ticket(self.tickets.hash_one(username.as_str()))
    }

    /// The console asks for the user once and turns away one that does not show yet; the person would be stranded
    /// there.
    async fn let_settle(&self, user: &ConnectUser) {
        let age = user.created_at.map(|created_at| self.clock.now() - created_at);
        if let Some(left) = age.and_then(|age| Duration::try_from(NEW_USER_SHOWS - age).ok()) {
            tokio::time::sleep(left.min(NEW_USER_SHOWS)).await;
        }
    }

    fn check_allowed(&self, user: &ConnectUser, not_after: OffsetDateTime) -> Result<(), Error> {
        self.check_username(&user.username)?;
        if self.clock.now() >= not_after {
            return Err(Error::SessionOver);
        }
        Ok(())
    }

    fn check_username(&self, name: &Username) -> Result<(), Error> {
        if self.protected.is_username(name.as_str()) { Err(Error::ProtectedUsername) } else { Ok(()) }
    }
}

/// The form that the instance's own sign-in address takes; its times are epoch milliseconds.
/// <https://github.com/amazon-connect/video-call-escalation>
fn form(token: &FederationToken, destination: &str) -> HandOff {
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
        ends: token.refresh_token_expiration,
    }
}
