//! How the emulator is run.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde::Deserialize;

use super::seed::Seed;

/// Everything that can be chosen.
#[derive(Debug, Clone)]
pub struct Options {
    /// What exists at the start.
    pub seed: Seed,
    /// Address of all listeners; refused unless it is loopback.
    pub bind: IpAddr,
    /// Ports; 0 means any free one.
    pub ports: Ports,
    /// Base URLs as browsers see them, when something stands in front.
    pub public: PublicUrls,
    /// How unkind the AWS side is.
    pub behaviour: Behaviour,
    /// The identity provider.
    pub idp: IdpOptions,
}

/// Ports of the listeners.
#[derive(Debug, Clone, Default)]
pub struct Ports {
    /// Connect and STS.
    pub api: u16,
    /// AWS sign-in and console.
    pub signin: u16,
    /// Identity provider.
    pub idp: u16,
    /// Instance sites by alias.
    pub sites: BTreeMap<String, u16>,
}

/// Base URLs without a trailing slash, such as `https://acme.connect.test:8443`; the listener's own when absent.
#[derive(Debug, Clone, Default)]
pub struct PublicUrls {
    /// Instance sites by alias.
    pub sites: BTreeMap<String, String>,
    /// AWS sign-in endpoint.
    pub signin: Option<String>,
    /// AWS console.
    pub console: Option<String>,
    /// Identity provider.
    pub idp: Option<String>,
}

/// How unkind the AWS side is; changed at any time with [`super::Emulator::adjust`].
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// No page holds more items than this, whatever `MaxResults` asks.
    pub page_cap: usize,
    /// Rates for each operation; none switches throttling off.
    pub throttle: Option<Rates>,
    /// How long writes take to show.
    pub lag: Lag,
    /// Share of Connect calls that fail with `InternalServiceException`, 0 to 1.
    pub fault_rate: f64,
    /// From some call on, every Connect call fails.
    pub outage: Option<Outage>,
    /// Calls of single operations that fail, of either service.
    pub failing: Vec<Failing>,
    /// Seed of the fault generator.
    pub fault_seed: u64,
    /// Whether a user who federated through one role is refused through another (`DuplicateResourceException`).
    pub bind_users_to_roles: bool,
}

/// Connect calls that fail with `InternalServiceException` until the outage is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// How many calls are answered before it begins.
    pub after: usize,
    /// Whether calls are carried out all the same, and only their answers are lost.
    pub loses_answers: bool,
}

/// The next calls of one operation fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// The operation, as in the history.
    pub operation: String,
    /// AWS's error code. One that the emulator does not know is answered as `InternalServiceException`.
    pub error: String,
    /// How many calls from now on.
    pub times: usize,
    /// Whether calls are carried out all the same, and only their answers are lost.
    #[serde(default)]
    pub loses_answers: bool,
}

/// Rates of the services.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Each Connect operation.
    pub connect: Rate,
    /// Each STS operation.
    pub sts: Rate,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens earned each second.
    pub per_second: f64,
    /// Tokens a full bucket holds.
    pub burst: u32,
}

/// How long writes take to show, by view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// `List*`.
    pub list: Duration,
    /// `SearchUsers` and `SearchUserHierarchyGroups`.
    pub search: Duration,
    /// A user or hierarchy group just created, where it is named by its id.
    pub describe: Duration,
    /// `GetFederationToken` of a user just created.
    pub federation: Duration,
}

/// The identity provider.
#[derive(Debug, Clone, Default)]
pub struct IdpOptions {
    /// Service providers it answers.
    pub service_providers: Vec<ServiceProvider>,
    /// URLs of service provider metadata, read when a request comes from an unknown entity.
    pub metadata_urls: Vec<String>,
    /// Base URL on another host name to which an `AuthnRequest` is answered with a redirect.
    pub login_url: Option<String>,
    /// What is signed.
    pub sign: Sign,
    /// `SessionNotOnOrAfter` of the assertion: this long after sign-in.
    pub session_lifetime: Option<Duration>,
    /// Audiences of its assertions besides the service provider, such as `urn:amazon:webservices`.
    pub audiences: Vec<String>,
    /// Whether a logout ends as if another application had not answered.
    pub partial_logout: bool,
}

/// A service provider the identity provider answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Where its responses go, and nowhere else.
    pub acs_url: String,
    /// Where it takes logout messages, by HTTP-Redirect and HTTP-POST, when it does.
    pub logout_url: Option<String>,
    /// Its signing certificates (base64 DER); when there are any, its requests must be signed by one.
    pub certificates: Vec<String>,
}

/// What the identity provider signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sign {
    /// The assertion.
    #[default]
    Assertion,
    /// The response.
    Response,
    /// Both.
    Both,
}

impl Options {
    /// Unkind, on free ports of 127.0.0.1.
    #[must_use]
    pub fn loopback(seed: Seed) -> Self {
        Self {
            seed,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: Ports::default(),
            public: PublicUrls::default(),
            behaviour: Behaviour::default(),
            idp: IdpOptions::default(),
        }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            page_cap: 3,
            throttle: Some(Rates::default()),
            lag: Lag::default(),
            fault_rate: 0.03,
            outage: None,
            failing: Vec::new(),
            fault_seed: 1,
            bind_users_to_roles: false,
        }
    }
}

impl Behaviour {
    /// The error that the next call of `operation` fails with, and whether the call is carried out: one time less is
    /// left.
    pub(super) fn failure(&mut self, operation: &str) -> Option<(String, bool)> {
        let due = |failing: &&mut Failing| failing.operation == operation && failing.times > 0;
        let failing = self.failing.iter_mut().find(due)?;
        failing.times -= 1;
        Some((failing.error.clone(), failing.loses_answers))
    }

    /// Large pages, no throttling, no lag, no faults.
    #[must_use]
    pub fn kind() -> Self {
        Self { page_cap: 1000, throttle: None, lag: Lag::none(), fault_rate: 0.0, ..Self::default() }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self { connect: Rate { per_second: 2.0, burst: 5 }, sts: Rate { per_second: 50.0, burst: 50 } }
    }
}

impl Default for Lag {
    fn default() -> Self {
        Self {
            list: Duration::from_secs(2),
            search: Duration::from_secs(5),
            describe: Duration::from_millis(300),
            federation: Duration::from_millis(500),
        }
    }
}

impl Lag {
    /// Everything shows at once.
    #[must_use]
    pub fn none() -> Self {
        Self {
            list: Duration::ZERO,
            search: Duration::ZERO,
            describe: Duration::ZERO,
            federation: Duration::ZERO,
        }
    }
}
