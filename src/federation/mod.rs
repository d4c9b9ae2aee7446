//! Credentials and tokens for one user.
//!
//! `GetFederationToken` takes no user: Connect answers for the user whose name is the caller's role session
//! name. So each token needs an `AssumeRole` of its own, and whoever may name that session freely can
//! become anybody: protected names are refused here too, right before that call.

mod assertion;
mod cache;
mod console;
mod endpoints;
mod error;
mod form;
mod kept;
mod provisioning;
mod role;
mod shared;
mod sign_in_url;
mod skew;
mod slot;
mod token;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;
use url::Url;

pub use endpoints::Endpoints;
pub use error::{AssertionFault, Error};
pub use provisioning::{ProvisioningRole, SESSION_NAME as PROVISIONING_SESSION_NAME, provisioning_identity};

use crate::model::{
    Busy, Clock, ConnectUser, FederationToken, HandOff, InstanceArn, InstanceName, OriginalAnswer, Pace,
    Patience, Priority, ProtectedNames, Secret, SessionId, SharedRecords, Ticket, Username, errand,
};
use cache::{Lifetimes, Tokens};
use console::Console;
use form::form;
use role::Role;
use shared::Shared;
use skew::{ReadDate, Skew};
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
    /// Session tags, by key: the same for everybody.
    pub session_tags: BTreeMap<String, String>,
    /// What lets the gateway assume the role.
    pub credentials: CredentialSource,
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
    /// For how long a refusal is answered again without asking AWS.
    pub refusal_for: Duration,
    /// How long one request of a browser may wait for the call budget; and everything that no person waits for.
    pub patience: Duration,
    /// For how long a person's place in the line is kept, request after request.
    pub place_kept_for: Duration,
}

/// What lets the gateway assume the federation role. The one leaves out what is set for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// Its own AWS identity: `AssumeRole`.
    Base,
    /// The person's own answer from the identity provider: `AssumeRoleWithSAML`, by nobody.
    Assertion {
        /// `PrincipalArn`: the identity provider as IAM knows it.
        provider_arn: String,
        /// `DurationSeconds`: for how long tokens can be asked for without another answer.
        duration: Duration,
    },
}

/// How the browser enters the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOffMode {
    /// A form posted to the instance.
    Instance,
    /// The AWS federation endpoint.
    Console,
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
    skew: Arc<Skew>,
    protected: Arc<ProtectedNames>,
    clock: Arc<dyn Clock>,
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
        let role = Arc::new(Role::new(
            Arc::clone(&settings),
            sdk,
            endpoints.sts.as_ref(),
            (pace.clone(), Arc::clone(&clock)),
        ));
        let skew = Arc::new(Skew::default());
        let read_date = ReadDate::new(Arc::clone(&skew), Arc::clone(&clock));
        let connect = token::client(&settings.arn, sdk, endpoints.connect, read_date);
        let source = TokenSource::new(Arc::clone(&settings), connect, pace.clone(), Arc::clone(&role));
        let lifetimes = Lifetimes {
            margin: settings.token_margin,
            max_age: settings.max_token_age,
            refresh_ahead: settings.refresh_ahead,
            refusal: settings.refusal_for,
        };
        Self {
            role,
            source: Arc::new(source),
            console: Console::new(Arc::clone(&settings), &endpoints.outbound),
            tokens: Tokens::new(lifetimes, Arc::clone(&clock), Arc::clone(&skew)),
            skew,
            settings,
            protected,
            clock,
            pace,
        }
    }

    /// The same with the tokens that other replicas serve: one of them at a time asks for a user's, and what one of them
    /// purges none serves.
    #[must_use]
    pub fn sharing(self, records: Arc<dyn SharedRecords>) -> Self {
        let settings = &self.settings;
        let (instance, role_arn) = (settings.instance.clone(), settings.role_arn.clone());
        let shared = Shared::new(records, instance, role_arn, Arc::clone(&self.clock));
        Self { tokens: self.tokens.sharing(shared), ..self }
    }

    /// Whether the role is assumed with people's own answers, of which each is good once: see [`Self::present`].
    #[must_use]
    pub fn needs_answers(&self) -> bool {
        self.settings.credentials != CredentialSource::Base
    }

    /// Assumes the role with the session's own answer, and keeps the credentials as the user's until they end. Without an
    /// answer that is unused, looks whether AWS has taken one of this session. A caller that goes away does not stop
    /// it: the answer is good once, and whoever comes back waits for what it brings.
    ///
    /// # Errors
    /// An answer that is not for this role and exactly this user, which AWS is not asked about; AWS's refusal;
    /// [`Error::AnswerNeeded`] for a session that gets in by nobody's answer but another's; and see [`Error`].
    pub async fn present(
        &self,
        user: &ConnectUser,
        session: &SessionId,
        answer: Option<Arc<OriginalAnswer>>,
        not_after: OffsetDateTime,
    ) -> Result<(), Error> {
        self.check_allowed(user, not_after)?;
        let patience = Patience::lasting(self.settings.patience).under(self.ticket(&user.username));
        let (role, tokens) = (Arc::clone(&self.role), self.tokens.clone());
        let (session, username) = (session.clone(), user.username.clone());
        let presented = errand(|begun| async move {
            let brings = answer.is_some();
            if brings {
                begun.mark();
            }
            let presented = role.present(&username, session, answer, patience).await;
            if brings && presented.is_ok() {
                tokens.forget_refusal(&username).await;
            }
            presented
        });
        presented.await.map_err(|_| Error::Interrupted)?
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
        let asked = timeout(self.settings.patience, self.asked_for(user, not_after));
        if let Ok(answer) = asked.await {
            return answer;
        }
        let turn = self.pace.budget().outlook(self.ticket(&user.username), Priority::Person).await;
        Err(Error::Busy(Busy { retry_after: turn.unwrap_or(UNDER_WAY) }))
    }

    /// Gets the user's token before the browser comes for it, however long its turn takes: the same piece of work as
    /// [`Self::token_for`], and the same place in the line. Does nothing where the hand-off needs no token,
    /// or where the person has to bring something first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_ahead(&self, user: &ConnectUser, not_after: OffsetDateTime) -> Result<(), Error> {
        match self.settings.hand_off {
            HandOffMode::Instance if self.role.is_ready(&user.username) => {
                self.asked_for(user, not_after).await.map(drop)
            }
            HandOffMode::Instance | HandOffMode::Console => Ok(()),
        }
    }

    async fn asked_for(
        &self,
        user: &ConnectUser,
        not_after: OffsetDateTime,
    ) -> Result<Arc<FederationToken>, Error> {
        self.check_allowed(user, not_after)?;
        let patience = Patience::lasting(self.settings.place_kept_for).under(self.ticket(&user.username));
        let (tokens, source, user) = (self.tokens.clone(), Arc::clone(&self.source), user.clone());
        let asked = errand(|begun| async move {
            let ask = || {
                begun.mark();
                source.ask(&user, patience)
            };
            tokens.token(&user.username, &user.id, patience.until(), ask).await
        });
        asked.await.map_err(|_| Error::Interrupted)?
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
                Ok(form(&token, destination, self.skew.by_our_clock(token.refresh_token_expiration)))
            }
            HandOffMode::Console => {
                self.check_allowed(user, not_after)?;
                if let Some(again) = self.tokens.refusal(&user.username, &user.id).await {
                    return Err(again);
                }
                let url = self.login_url(user, destination).await;
                if let Err(error) = &url {
                    self.tokens.refuse(&user.username, &user.id, error).await;
                }
                Ok(HandOff::Redirect(url?))
            }
        }
    }

    async fn login_url(&self, user: &ConnectUser, destination: &str) -> Result<Secret, Error> {
        self.let_settle(user).await;
        let patience = Patience::lasting(self.settings.patience);
        let credentials = self.role.assume(&user.username, patience).await?;
        self.console.login_url(&credentials, destination).await
    }

    /// Whether this user was refused a moment ago, and is refused again without asking AWS.
    pub async fn is_refused(&self, user: &ConnectUser) -> bool {
        self.tokens.refusal(&user.username, &user.id).await.is_some()
    }

    /// Users whose cached token is due for replacement now, and can be replaced without them.
    #[must_use]
    pub fn refresh_due(&self) -> Vec<Username> {
        self.role.forget_ended();
        let due = self.tokens.due().into_iter();
        due.filter(|username| self.role.is_ready(username)).collect()
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
            tokens.replace(&user.username, &user.id, patience.until(), ask).await
        });
        asked.await.map_err(|_| Error::Interrupted)?
    }

    /// How many tokens are kept.
    #[must_use]
    pub fn tokens_kept(&self) -> usize {
        self.tokens.count()
    }

    /// Whether a token of this user is kept.
    pub async fn has_token(&self, username: &Username) -> bool {
        self.tokens.has(username).await
    }

    /// Drops the user's cached token, and credentials that are kept.
    pub async fn purge(&self, username: &Username) {
        self.role.forget(username);
        self.tokens.purge(username).await;
    }

    /// Assumes the role once under `name`, and throws the credentials away: says before deployment what the
    /// role's trust policy would refuse. Where people's own answers are needed for that, nothing can be tried.
    ///
    /// # Errors
    /// What a sign-in would be told, the missing permission among it.
    pub async fn check(&self, name: &Username) -> Result<(), Error> {
        self.check_username(name)?;
        if self.needs_answers() {
            return Ok(());
        }
        self.role.assume(name, Patience::lasting(self.settings.patience)).await.map(drop)
    }

    /// Where the instance ends its own session.
    #[must_use]
    pub fn logout_url(&self) -> Option<Url> {
        sign_in_url::logout(&self.settings.url)
    }

    fn ticket(&self, username: &Username) -> Ticket {
        self.pace.tickets().ticket("token", &self.settings.instance, username.as_str())
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
