//! What the gateway counts, for a monitoring system to read. Each gateway has a registry of its own, handed to whoever
//! counts: nothing is global.
//!
//! A label is a name of the configuration or a code. What requests say becomes no label, so nobody outside decides how
//! many series there are, and no person is in them.

mod calls;
mod http;
mod journey;
mod process;
mod shared;
mod standing;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use crate::model::{AuditLost, CallBudget, Code, IdpName, InstanceName, Placed, RulesState, SignInObserver};

pub use calls::CallNumbers;
use http::Http;
pub use http::InFlight;
use journey::Journey;
use process::Process;
pub use shared::StoreNumbers;
use standing::Gauges;
pub use standing::{IdpStanding, Standing};

/// The `Content-Type` of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// What the names of our numbers begin with.
pub const PREFIX: &str = "connect_gateway";

/// What is known by no name yet.
const NONE: &str = "none";
/// A name that the configuration does not have.
const OTHER: &str = "other";

/// One gateway's numbers.
pub struct Metrics {
    registry: Registry,
    process_registry: Registry,
    idps: BTreeSet<String>,
    instances: BTreeSet<String>,
    sign_ins: Family<SignIn, Counter>,
    reloads: Family<Reload, Counter>,
    rules_loaded: Gauge,
    rules_current: Gauge,
    restart_needed: Gauge,
    certificate_current: Gauge,
    replicas: Gauge,
    reload_success: Gauge,
    reloaded_at: Gauge,
    http: Http,
    journey: Journey,
    calls: CallNumbers,
    store: StoreNumbers,
    gauges: Gauges,
    process: Process,
    budget: Option<Arc<dyn CallBudget>>,
    audit_lost: Family<Lost, Gauge>,
    lost: OnceLock<Arc<AuditLost>>,
}

/// How a sign-in ended, and between whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    idp: String,
    instance: String,
    result: &'static str,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}

/// What became of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

/// What lost audit lines are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lost {
    kind: &'static str,
}

const REPLACED: Reload = Reload { result: "replaced" };
const KEPT: Reload = Reload { result: "kept" };

impl Metrics {
    /// Numbers of a gateway with these identity providers and instances, whose rules were loaded `now`.
    #[must_use]
    pub fn new<'a>(
        idps: impl IntoIterator<Item = &'a IdpName>,
        instances: impl IntoIterator<Item = &'a InstanceName>,
        now: OffsetDateTime,
    ) -> Self {
        let metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            process_registry: Registry::default(),
            idps: idps.into_iter().map(ToString::to_string).collect(),
            instances: instances.into_iter().map(ToString::to_string).collect(),
            sign_ins: Family::default(),
            reloads: Family::default(),
            rules_loaded: Gauge::default(),
            rules_current: Gauge::default(),
            restart_needed: Gauge::default(),
            certificate_current: Gauge::default(),
            replicas: Gauge::default(),
            reload_success: Gauge::default(),
            reloaded_at: Gauge::default(),
            http: Http::default(),
            journey: Journey::default(),
            calls: CallNumbers::default(),
            store: StoreNumbers::default(),
            gauges: Gauges::default(),
            process: Process::default(),
            budget: None,
            audit_lost: Family::default(),
            lost: OnceLock::new(),
        };
        metrics.journey.begin(&metrics.idps);
        metrics.http.start();
        metrics.rules_loaded.set(now.unix_timestamp());
        metrics.certificate_current.set(1);
        metrics.reload_success.set(1);
        metrics.reloaded_at.set(now.unix_timestamp());
        // Both are there from the start, so that the first one is seen as a rise.
        for result in [REPLACED, KEPT] {
            metrics.reloads.get_or_create(&result).inc_by(0);
        }
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let registry = &mut self.registry;
        registry.register("build", "The gateway's version", version);
        registry.register(
            "rules_current",
            "1: the rules in force are the file's; 0: the file can't be used and older rules stay",
            self.rules_current.clone(),
        );
        registry.register(
            "rules_loaded_timestamp_seconds",
            "When the rules in force were loaded",
            self.rules_loaded.clone(),
        );
        registry.register("rules_reloads", "Changed files, by what became of them", self.reloads.clone());
        registry.register(
            "restart_needed",
            "1: the file changed something that waits for a restart",
            self.restart_needed.clone(),
        );
        registry.register(
            "tls_certificate_current",
            "0: the certificate in its files can't be used, and the old one stays",
            self.certificate_current.clone(),
        );
        registry.register("sign_ins", "Sign-ins, by how they ended", self.sign_ins.clone());
        registry.register(
            "config_last_reload_success",
            "1: the file could be used when it was last read",
            self.reload_success.clone(),
        );
        registry.register(
            "config_last_reload_success_timestamp_seconds",
            "When the file was last read and could be used",
            self.reloaded_at.clone(),
        );
        registry.register(
            "audit_lines_lost",
            "Audit lines since the start that could not be delivered, by what they were about",
            self.audit_lost.clone(),
        );
        registry.register(
            "replicas",
            "Gateways that the configuration says there are",
            self.replicas.clone(),
        );
        self.http.register(registry);
        self.journey.register(registry);
        self.calls.register(registry);
        self.store.register(registry);
        self.gauges.register(registry);
        self.process.register(&mut self.process_registry, registry);
        self
    }

    /// The same, which asks `budget` who waits for AWS.
    #[must_use]
    pub fn looking_at(self, budget: Arc<dyn CallBudget>) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The same, as one of so many gateways.
    #[must_use]
    pub fn one_of(self, replicas: u32) -> Self {
        self.replicas.set(replicas.into());
        self
    }

    /// Where the audit stream counts the lines that it lost.
    pub fn audit_lost_is(&self, lost: Arc<AuditLost>) {
        // There is one stream, and it says so once.
        let _ = self.lost.set(lost);
    }

    /// What counts AWS calls.
    #[must_use]
    pub fn calls(&self) -> CallNumbers {
        self.calls.clone()
    }

    /// What counts operations of a shared store.
    #[must_use]
    pub fn store(&self) -> StoreNumbers {
        self.store.clone()
    }

    /// A request is under way until the answer is dropped.
    #[must_use]
    pub fn request(&self) -> InFlight {
        self.http.begin()
    }

    /// A request was answered with the status `code`. `method` and `route` are ours, not what the browser wrote.
    pub fn answered(&self, of: (&'static str, &str), code: u16, took: Duration) {
        self.http.answered(of, code, took);
    }

    /// A request was turned away because there were too many of what `scope` names.
    pub fn rate_limited(&self, scope: &'static str) {
        self.http.limited(scope);
    }

    /// Whether the configuration has an instance of this name.
    #[must_use]
    pub fn knows_instance(&self, name: &str) -> bool {
        self.instances.contains(name)
    }

    /// Counts a sign-in: let in, or refused with a code.
    pub fn sign_in(
        &self,
        idp: Option<&IdpName>,
        instance: Option<&InstanceName>,
        refused: Option<&'static Code>,
    ) {
        let ended = SignIn {
            idp: label(&self.idps, idp.map(IdpName::as_str)),
            instance: label(&self.instances, instance.map(InstanceName::as_str)),
            result: refused.map_or("let_in", |code| code.id),
        };
        self.sign_ins.get_or_create(&ended).inc();
    }

    /// Other rules are in force.
    pub fn rules_replaced(&self, now: OffsetDateTime) {
        self.reloads.get_or_create(&REPLACED).inc();
        self.rules_loaded.set(now.unix_timestamp());
        self.reload_success.set(1);
        self.reloaded_at.set(now.unix_timestamp());
    }

    /// A changed file could not be used.
    pub fn rules_kept(&self) {
        self.reloads.get_or_create(&KEPT).inc();
        self.reload_success.set(0);
    }

    /// Whether the certificate of TLS is that of its files.
    pub fn certificate(&self, is_current: bool) {
        self.certificate_current.set(is_current.into());
    }

    /// All of them, in the Prometheus text format.
    ///
    /// # Errors
    /// None that is known: writing to memory does not fail.
    pub fn render(&self, rules: &RulesState, standing: &Standing) -> Result<String, fmt::Error> {
        self.rules_current.set(rules.problems.is_empty().into());
        self.restart_needed.set(rules.needs_restart.into());
        self.gauges.set(standing);
        let (decisions, anonymous) = self.lost.get().map_or((0, 0), |lost| lost.counts());
        for (kind, lost) in [("decision", decisions), ("anonymous", anonymous)] {
            self.audit_lost.get_or_create(&Lost { kind }).set(i64::try_from(lost).unwrap_or(i64::MAX));
        }
        self.process.look();
        if let Some(budget) = &self.budget {
            self.calls.look_at(budget);
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &self.process_registry)?;
        Ok(text)
    }
}

impl SignInObserver for Metrics {
    fn answered(&self, idp: &IdpName, outcome: Result<time::Duration, &'static Code>) {
        self.journey.answered(&self.idps, idp, outcome);
    }

    fn placed(&self, idp: &IdpName, placed: &Placed) {
        self.journey.placed(&self.idps, idp, placed);
    }
}

fn label(known: &BTreeSet<String>, name: Option<&str>) -> String {
    let of = |name: &str| if known.contains(name) { name.to_owned() } else { OTHER.to_owned() };
    name.map_or_else(|| NONE.to_owned(), of)
}

#[cfg(test)]
mod tests;
