//! Why a journey stopped.

use std::fmt;
use std::time::Duration;

use super::Ask;
use crate::model::{Blame, Blamed, Code, Denial, Finding, Identity, StateUnavailable, Trace, code};
use crate::{connect, federation, saml};

/// Why a journey stopped, where it was going, and what the rules said if they were asked.
#[derive(Debug)]
pub struct SignInError(Box<Stopped>);

#[derive(Debug)]
struct Stopped {
    cause: Cause,
    ask: Option<Ask>,
    trace: Option<Trace>,
    findings: Vec<Finding>,
    identity: Option<Identity>,
}

/// What stopped it.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No instance of that name is configured.
    #[error("no such instance is configured")]
    UnknownInstance,
    /// The instance has no destination of that name.
    #[error("the instance has no such destination")]
    UnknownDestination,
    /// That identity provider does not exist or does not serve the instance.
    #[error("no such identity provider serves the instance")]
    UnknownIdp,
    /// This browser has no such sign-in under way.
    #[error("no sign-in with this RelayState is under way in this browser")]
    NotPending,
    /// More answers of one identity provider than are worked on: how long until there is room.
    #[error("more answers of one identity provider than are worked on")]
    TooManyAnswers(Duration),
    /// No test sign-in waits behind this link.
    #[error("no test sign-in waits behind this link")]
    NoTest,
    /// This browser has no such logout under way.
    #[error("no logout with this RelayState is under way in this browser")]
    LogoutNotPending,
    /// A computation that should not have.
    #[error("a computation stopped unexpectedly")]
    Stopped,
    /// Somebody at the console's door whom `[admin]` does not name.
    #[error("not an administrator: {0}")]
    NotAdmin(String),
    /// The rules refuse the person.
    #[error("{}", .0.detail)]
    Denied(Denial),
    /// The identity provider's answer, or our request to it.
    #[error(transparent)]
    Saml(#[from] saml::Error),
    /// The user in Connect.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The credentials or the token.
    #[error(transparent)]
    Federation(#[from] federation::Error),
    /// Shared state.
    #[error(transparent)]
    State(#[from] StateUnavailable),
}

impl SignInError {
    /// Remembers where the person was going, for the page's "try again".
    #[must_use]
    pub(super) fn on_the_way_to(mut self, ask: Ask) -> Self {
        self.0.ask.get_or_insert(ask);
        self
    }

    /// Remembers what the rules said.
    #[must_use]
    pub(super) fn with_trace(mut self, trace: Trace) -> Self {
        self.0.trace = Some(trace);
        self
    }

    /// Remembers whom it is about: the identity provider's word, once it is verified.
    #[must_use]
    pub(super) fn about(mut self, identity: &Identity) -> Self {
        self.0.identity.get_or_insert_with(|| identity.clone());
        self
    }

    /// Whom it is about, when that was verified.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    /// What the refused message said, point by point.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// What stopped it.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Where the person was going, when known.
    #[must_use]
    pub fn ask(&self) -> Option<&Ask> {
        self.0.ask.as_ref()
    }

    /// What the rules said, when they were asked.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.0.trace.as_ref()
    }

    /// Who must act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.code().blame
    }

    /// The permission that our own AWS identity lacks, when that stopped it.
    #[must_use]
    pub fn missing_permission(&self) -> Option<String> {
        match &self.0.cause {
            Cause::Connect(error) => error.missing_permission(),
            Cause::Federation(error) => error.missing_permission(),
            _ => None,
        }
    }

    /// Whether nothing is wrong but that the identity provider must be asked again.
    #[must_use]
    pub fn needs_answer(&self) -> bool {
        matches!(self.0.cause, Cause::Federation(federation::Error::AnswerNeeded))
    }

    /// Whether the identity provider's answer was of no use to AWS: what comes next needs another one.
    #[must_use]
    pub fn used_answer_up(&self) -> bool {
        use federation::Error::{AnswerNeeded, Assertion, AssertionRefused, OtherSession, SessionName};
        let Cause::Federation(error) = &self.0.cause else { return false };
        matches!(error, AnswerNeeded | Assertion(_) | AssertionRefused { .. } | OtherSession | SessionName)
    }

    /// Whether the session that led here is worth nothing any more: trying again needs a fresh word
    /// from the identity provider.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        matches!(self.0.cause, Cause::Denied(_) | Cause::Connect(connect::Error::Parked(_)))
    }
}

impl<C: Into<Cause>> From<C> for SignInError {
    fn from(cause: C) -> Self {
        Self(Box::new(Stopped {
            cause: cause.into(),
            ask: None,
            trace: None,
            findings: Vec::new(),
            identity: None,
        }))
    }
}

impl From<saml::Refused> for SignInError {
    fn from(refused: saml::Refused) -> Self {
        let mut error = Self::from(refused.error);
        error.0.findings = refused.findings;
        error
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)
    }
}

impl std::error::Error for SignInError {}

impl Blamed for SignInError {
    fn code(&self) -> &'static Code {
        match &self.0.cause {
            Cause::UnknownInstance => &code::SIGN_IN_UNKNOWN_INSTANCE,
            Cause::UnknownDestination => &code::SIGN_IN_UNKNOWN_DESTINATION,
            Cause::UnknownIdp => &code::SIGN_IN_UNKNOWN_IDP,
            Cause::NotPending => &code::SIGN_IN_NOT_PENDING,
            Cause::TooManyAnswers(_) => &code::WEB_TOO_MANY_REQUESTS,
            Cause::NoTest => &code::SIGN_IN_NO_TEST,
            Cause::LogoutNotPending => &code::SAML_LOGOUT_NOT_PENDING,
            Cause::Stopped => &code::GATEWAY_INTERNAL,
            Cause::NotAdmin(_) => &code::ADMIN_NOT_NAMED,
            Cause::Denied(denial) => denial.code,
            Cause::Saml(error) => error.code(),
            Cause::Connect(error) => error.code(),
            Cause::Federation(error) => error.code(),
            Cause::State(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match &self.0.cause {
            Cause::TooManyAnswers(wait) => Some(*wait),
            Cause::Saml(error) => error.retry_after(),
            Cause::Connect(error) => error.retry_after(),
            Cause::Federation(error) => error.retry_after(),
            Cause::State(error) => error.retry_after(),
            _ => None,
        }
    }

    fn message_for_person(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Denied(denial) => denial.message.as_deref(),
            _ => None,
        }
    }
}
