//! The journey of one sign-in, with no HTTP, AWS or SAML library word in it. (Being built.)

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::connect::Connect;
use crate::federation::Federation;
use crate::mapping::Rules;
use crate::model::{
    Blame, Blamed, Clock, Code, Departure, Destination, HandOff, IdpChoice, IdpName, InstanceName,
    PendingSignIns, Random, SignedIn, Trace,
};
use crate::saml::ServiceProvider;

/// One instance, as the journey sees it.
pub struct Instance {
    /// Its name in paths.
    pub name: InstanceName,
    /// Its name on pages.
    pub display_name: String,
    /// Identity providers that may sign people in here; never empty.
    pub idps: Vec<IdpName>,
    /// Destination names to paths in the instance.
    pub destinations: BTreeMap<Destination, String>,
    /// The path used when none is named.
    pub default_destination: String,
    /// Whether everyone authenticates anew at the identity provider for this instance.
    pub force_authn: bool,
    /// Its users.
    pub connect: Connect,
    /// Its tokens.
    pub federation: Federation,
}

/// Everything the journey needs.
pub struct Parts {
    /// The service provider.
    pub saml: ServiceProvider,
    /// The rules.
    pub rules: Rules,
    /// The instances, in the order of the start page.
    pub instances: Vec<Instance>,
    /// Identity providers' names on pages.
    pub idps: Vec<IdpChoice>,
    /// Sign-ins under way.
    pub pending: Arc<dyn PendingSignIns>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub random: Arc<dyn Random>,
    /// How long a person may take at the identity provider.
    pub pending_for: Duration,
    /// Our longest session.
    pub session_max: Duration,
}

/// Where a person wants to go.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The instance.
    pub instance: InstanceName,
    /// The destination, when not the default one.
    pub destination: Option<Destination>,
    /// The identity provider, when the person chose one.
    pub idp: Option<IdpName>,
}

/// How a sign-in starts.
#[derive(Debug, Clone)]
pub enum Start {
    /// The browser leaves for the identity provider.
    Depart(Departure),
    /// The person must choose first.
    ChooseIdp(Vec<IdpChoice>),
}

/// What came back from the identity provider, and who brought it.
pub struct Answer {
    /// The form field `SAMLResponse`.
    pub saml_response: String,
    /// The form field `RelayState`.
    pub relay_state: String,
    /// The secret in the pre-login cookie.
    pub browser_secret: String,
}

/// A sign-in that the identity provider's word and the rules both allow.
#[derive(Debug)]
pub struct Completed {
    /// The new session.
    pub signed_in: SignedIn,
    /// Where the person wanted to go.
    pub instance: InstanceName,
    /// Where in it.
    pub destination: Option<Destination>,
    /// The reasons for the placement.
    pub trace: Trace,
}

/// One entry of the start page.
#[derive(Debug, Clone)]
pub struct InstanceChoice {
    /// Its name in paths.
    pub name: InstanceName,
    /// Its name on the page.
    pub display_name: String,
    /// Its named destinations.
    pub destinations: Vec<Destination>,
}

/// What a sign-out leaves to the browser.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// Instances that were entered: name on the page, and where each ends its own session (`None`: it has no such address).
    pub instances: Vec<(String, Option<Url>)>,
}

/// Why a journey stopped. (Becomes an enum.)
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct SignInError {
    /// The stable code.
    pub code: &'static Code,
    /// For the audit line only.
    pub detail: String,
    /// For the person.
    pub message: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl SignInError {
    /// Who must act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.code.blame
    }
}

impl Blamed for SignInError {
    fn code(&self) -> &'static Code {
        self.code
    }
    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
    fn message_for_person(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// The journeys.
pub struct SignIn {
    parts: Parts,
}

impl SignIn {
    /// Composes the rooms.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// The start page's entries.
    #[must_use]
    pub fn choices(&self) -> Vec<InstanceChoice> {
        self.parts.instances.iter().map(|_| unreachable!()).collect()
    }

    /// Our SAML metadata.
    #[must_use]
    pub fn metadata(&self) -> &str {
        self.parts.saml.metadata()
    }

    /// Sends a browser to the identity provider. `browser_secret` is the pre-login cookie's content.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn start(&self, _ask: &Ask, _browser_secret: &str) -> Result<Start, SignInError> {
        unimplemented!()
    }

    /// Takes the identity provider's answer.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn complete(&self, _answer: Answer) -> Result<Completed, SignInError> {
        unimplemented!()
    }

    /// Whether this session may enter `instance` without going to the identity provider (again).
    #[must_use]
    pub fn may_enter(&self, _signed_in: &SignedIn, _instance: &InstanceName) -> bool {
        unimplemented!()
    }

    /// Puts the user in place, gets the token and says how the browser enters. Updates `signed_in`
    /// (`forced_for`, `handed_over`): the caller stores it.
    ///
    /// # Errors
    /// See [`SignInError`]; a `Blame::Wait` is worth the same request again after `retry_after`.
    pub async fn hand_off(
        &self,
        _signed_in: &mut SignedIn,
        _instance: &InstanceName,
        _destination: Option<&Destination>,
    ) -> Result<HandOff, SignInError> {
        unimplemented!()
    }

    /// Ends what we can end.
    pub async fn sign_out(&self, _signed_in: &SignedIn) -> SignedOut {
        unimplemented!()
    }
}
