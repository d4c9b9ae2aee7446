//! What the gateway counts, for a monitoring system to read. Each gateway has a registry of its own, handed to whoever
//! counts: nothing is global.
//!
//! A label is a name of the configuration or a code. What requests say becomes no label, so nobody outside decides how
//! many series there are, and no person is in them.

use std::collections::BTreeSet;
use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use crate::model::{Code, IdpName, InstanceName, RulesState};

/// The `Content-Type` of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// What is known by no name yet.
const NONE: &str = "none";
/// A name that the configuration does not have.
const OTHER: &str = "other";

/// One gateway's numbers.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    idps: BTreeSet<String>,
    instances: BTreeSet<String>,
    sign_ins: Family<SignIn, Counter>,
    reloads: Family<Reload, Counter>,
    rules_loaded: Gauge,
    rules_current: Gauge,
    restart_needed: Gauge,
    certificate_current: Gauge,
}

/// How a sign-in ended, and between whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    idp: String,
    instance: String,
    result: &'static str,
}

/// What became of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
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
            registry: Registry::with_prefix("connect_gateway"),
            idps: idps.into_iter().map(ToString::to_string).collect(),
            instances: instances.into_iter().map(ToString::to_string).collect(),
            sign_ins: Family::default(),
            reloads: Family::default(),
            rules_loaded: Gauge::default(),
            rules_current: Gauge::default(),
            restart_needed: Gauge::default(),
            certificate_current: Gauge::default(),
        };
        metrics.rules_loaded.set(now.unix_timestamp());
        metrics.certificate_current.set(1);
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
        self
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
    }

    /// A changed file could not be used.
    pub fn rules_kept(&self) {
        self.reloads.get_or_create(&KEPT).inc();
    }

    /// Whether the certificate of TLS is that of its files.
    pub fn certificate(&self, is_current: bool) {
        self.certificate_current.set(is_current.into());
    }

    /// All of them, in the Prometheus text format.
    ///
    /// # Errors
    /// None that is known: writing to memory does not fail.
    pub fn render(&self, rules: &RulesState) -> Result<String, fmt::Error> {
        self.rules_current.set(rules.problems.is_empty().into());
        self.restart_needed.set(rules.needs_restart.into());
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn label(known: &BTreeSet<String>, name: Option<&str>) -> String {
    let of = |name: &str| if known.contains(name) { name.to_owned() } else { OTHER.to_owned() };
    name.map_or_else(|| NONE.to_owned(), of)
}

#[cfg(test)]
mod tests;
