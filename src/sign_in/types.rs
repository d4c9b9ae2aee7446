//! What goes into a journey and what comes out.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::connect::Connect;
use crate::federation::Federation;
use crate::mapping::{Admins, NamesConfig};
use crate::model::{
    AnswerLimit, Clock, ConnectUser, Departure, Destination, IdpChoice, IdpName, InstanceName, NamedSessions,
    OriginalAnswer, Pending, PendingConfirmation, PendingLogout, PendingSignIn, PendingTest, Placement,
    Random, RequestOptions, SeenPeople, SessionId, SharedRecords, SignInObserver, SignedIn, Target, Trace,
    Username,
};
use crate::saml::ServiceProvider;

use super::{RulesInForce, Tested};

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
    /// What is asked of identity providers for this instance.
    pub request: RequestOptions,
    /// Whether a sign-out ends the sessions that Amazon Connect keeps, in every browser.
    pub end_connect_sessions: bool,
    /// Its users.
    pub connect: Arc<Connect>,
    /// Its tokens.
    pub federation: Arc<Federation>,
}

/// Everything the journey needs.
pub struct Parts {
    /// The service provider.
    pub saml: ServiceProvider,
    /// The rules.
    pub rules: RulesInForce,
    /// Who may use the console; `None`: there is none.
    pub admins: Option<Arc<Admins>>,
    /// The instances, in the order of the start page.
    pub instances: Vec<Instance>,
    /// Identity providers' names on pages.
    pub idps: Vec<IdpChoice>,
    /// Where each identity provider puts its values.
    pub names: BTreeMap<IdpName, NamesConfig>,
    /// Sign-ins under way.
    pub pending: Arc<dyn Pending<PendingSignIn>>,
    /// Test sign-ins that wait behind a link.
    pub pending_tests: Arc<dyn Pending<PendingTest>>,
    /// Answers that wait for a person's word.
    pub confirmations: Arc<dyn Pending<PendingConfirmation>>,
    /// Logouts under way.
    pub pending_logouts: Arc<dyn Pending<PendingLogout>>,
    /// Which sessions belong to whom at the identity providers.
    pub named_sessions: Arc<dyn NamedSessions>,
    /// What replicas know together of users; none: there is one replica.
    pub records: Option<Arc<dyn SharedRecords>>,
    /// Who signed in, for whom that is kept.
    pub seen: Arc<dyn SeenPeople>,
    /// How many answers of an identity provider are worked on.
    pub answer_limit: Arc<dyn AnswerLimit>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub random: Arc<dyn Random>,
    /// Who counts what sign-ins meet.
    pub observer: Arc<dyn SignInObserver>,
    /// How long a person may take at the identity provider.
    pub pending_for: Duration,
    /// Our longest session.
    pub session_max: Duration,
}

/// Where a person wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The instance.
    pub instance: InstanceName,
    /// The destination, when not the default one.
    pub destination: Option<Destination>,
    /// The identity provider, when the person chose one.
    pub idp: Option<IdpName>,
}

/// What a browser has when it leaves for the identity provider.
#[derive(Debug, Clone, Default)]
pub struct Before<'a> {
    /// A session that can't go where the person wants.
    pub signed_in: Option<&'a SignedIn>,
    /// Its id: the new session takes its place.
    pub session: Option<SessionId>,
}

/// How a sign-in starts.
#[derive(Debug, Clone)]
pub enum Start {
    /// The browser leaves for the identity provider.
    Depart(Departure),
    /// The person must choose first.
    ChooseIdp(Vec<IdpChoice>),
}

/// What a browser brings from the identity provider.
pub enum Brought {
    /// `SAMLResponse`: the answer itself.
    Response(String),
    /// `SAMLart`: the identity provider keeps the answer.
    Artifact(String),
}

/// What came back from the identity provider, and who brought it.
pub struct Answer {
    /// The message.
    pub brought: Brought,
    /// `RelayState`.
    pub relay_state: String,
    /// The secret in the pre-login cookie.
    pub browser_secret: String,
}

/// What an answer led to.
#[derive(Debug)]
pub enum Arrived {
    /// A sign-in, which becomes a session.
    SignedIn(Box<Completed>),
    /// A test, which becomes nothing.
    Tested(Box<Tested>),
}

/// A sign-in that the identity provider's word and the rules both allow.
#[derive(Debug)]
pub struct Completed {
    /// The new session.
    pub signed_in: SignedIn,
    /// Where the person wanted to go; `None` when they are still to choose.
    pub target: Option<Target>,
    /// The reasons for the placement.
    pub trace: Trace,
    /// The browser's last session, which this one replaces: its cookie did not come with the answer.
    pub replaces: Option<SessionId>,
    /// The answer itself, where the instance needs it: see [`SignIn::keep_answer`](super::SignIn::keep_answer).
    pub answer: Option<OriginalAnswer>,
}

/// What an answer leads to that nobody asked for.
#[derive(Debug)]
pub enum Unsolicited {
    /// A sign-in of our own at the identity provider that sent it.
    Restart {
        /// That identity provider.
        idp: IdpName,
        /// Where it leads; `None` when the person is still to choose.
        to: Option<Ask>,
    },
    /// A question to the person; until they answer it nobody is signed in.
    Confirm(Confirmation),
}

/// A question to the person: is it you?
pub struct Confirmation {
    /// Half of the key to what waits for the answer; the other half is the secret in the browser's cookie.
    pub token: String,
    /// The identity provider's name on pages.
    pub idp: String,
    /// The user name that the rules give.
    pub username: String,
    /// First and last name, as far as they are known.
    pub name: Option<String>,
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").field("idp", &self.idp).finish_non_exhaustive()
    }
}

/// A user in place, whom the browser may be handed over as.
#[derive(Debug)]
pub struct Entry {
    pub(super) ask: Ask,
    pub(super) placement: Placement,
    pub(super) user: ConnectUser,
}

impl Entry {
    /// That user's name.
    #[must_use]
    pub fn username(&self) -> &Username {
        &self.user.username
    }
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
#[derive(Debug, Clone, Default)]
pub struct SignedOut {
    /// Instances that were entered and whose sessions may live on: name on the page, and where each ends its own session
    /// (`None`: it has no such address).
    pub instances: Vec<(String, Option<Url>)>,
}

impl SignedOut {
    /// What another session of the same browser leaves to it too; each instance once.
    pub fn add(&mut self, other: Self) {
        let new = other.instances.into_iter().filter(|found| !self.instances.contains(found));
        let new: Vec<_> = new.collect();
        self.instances.extend(new);
    }
}
