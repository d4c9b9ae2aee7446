//! What answers and rules came to.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::label;
use crate::model::{Code, IdpName, Placed, RuleOutcome, code};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Response {
    idp: String,
    result: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Idp {
    idp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Evaluation {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rule {
    rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Missing {
    idp: String,
    attribute: &'static str,
}

/// What is counted of them.
#[derive(Debug, Default)]
pub(super) struct Journey {
    responses: Family<Response, Counter>,
    replays: Family<Idp, Counter>,
    clock_skew: Family<Idp, Gauge<f64, AtomicU64>>,
    evaluations: Family<Evaluation, Counter>,
    matches: Family<Rule, Counter>,
    missing: Family<Missing, Counter>,
    overage: Family<Idp, Counter>,
}

impl Journey {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "saml_responses",
            "Identity providers' answers, by what checking them came to",
            self.responses.clone(),
        );
        registry.register("saml_replays", "Answers that were used before", self.replays.clone());
        registry.register(
            "saml_clock_skew_seconds",
            "How far the identity provider's clock was ahead of ours at its last good answer",
            self.clock_skew.clone(),
        );
        registry.register(
            "mapping_evaluations",
            "Decisions of the rules, by how they ended",
            self.evaluations.clone(),
        );
        registry.register("mapping_rule_matches", "How often each rule hit", self.matches.clone());
        registry.register(
            "mapping_missing_attribute",
            "Decisions that lacked what the identity provider did not send",
            self.missing.clone(),
        );
        registry.register(
            "groups_overage",
            "Sign-ins without groups, because the person is in more than the identity provider sends",
            self.overage.clone(),
        );
    }

    /// What alerts look for is there from the start, so that the first one is seen as a rise.
    pub(super) fn begin(&self, idps: &BTreeSet<String>) {
        for idp in idps {
            self.replays.get_or_create_owned(&Idp { idp: idp.clone() });
            self.overage.get_or_create_owned(&Idp { idp: idp.clone() });
            for attribute in ["groups", "username"] {
                self.missing.get_or_create_owned(&Missing { idp: idp.clone(), attribute });
            }
        }
    }

    pub(super) fn answered(
        &self,
        known: &BTreeSet<String>,
        idp: &IdpName,
        outcome: Result<time::Duration, &'static Code>,
    ) {
        let idp = label(known, Some(idp.as_str()));
        match outcome {
            Ok(offset) => {
                self.clock_skew.get_or_create(&Idp { idp: idp.clone() }).set(offset.as_seconds_f64());
                self.responses.get_or_create(&Response { idp, result: "accepted", reason: "none" }).inc();
            }
            Err(code) => {
                if *code == code::SAML_REPLAY {
                    self.replays.get_or_create(&Idp { idp: idp.clone() }).inc();
                }
                self.responses.get_or_create(&Response { idp, result: "refused", reason: code.id }).inc();
            }
        }
    }

    pub(super) fn placed(&self, known: &BTreeSet<String>, idp: &IdpName, placed: &Placed) {
        let refused = placed.outcome.as_ref().err().map(|denial| denial.code);
        let result = refused.map_or("placed", |code| code.id);
        self.evaluations.get_or_create(&Evaluation { result }).inc();
        for entry in placed.trace.0.iter().filter(|entry| entry.outcome == RuleOutcome::Hit) {
            self.matches.get_or_create(&Rule { rule: entry.rule.clone() }).inc();
        }
        let idp = || label(known, Some(idp.as_str()));
        match refused {
            Some(code) if *code == code::MAPPING_GROUPS_OVERAGE => {
                self.overage.get_or_create(&Idp { idp: idp() }).inc();
            }
            Some(code) if *code == code::MAPPING_NO_GROUPS => self.missing(idp(), "groups"),
            Some(code) if *code == code::MAPPING_MISSING_ATTRIBUTE => self.missing(idp(), "username"),
            _ => {}
        }
    }

    fn missing(&self, idp: String, attribute: &'static str) {
        self.missing.get_or_create(&Missing { idp, attribute }).inc();
    }
}
