//! Requests of browsers.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// From a page of ours to a wait for AWS, in seconds.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    scope: &'static str,
}

/// What is counted of them.
#[derive(Debug, Default)]
pub(super) struct Http {
    requests: Family<Answered, Counter>,
    durations: Durations,
    in_flight: Gauge,
    limited: Family<Limited, Counter>,
}

/// By route.
#[derive(Debug)]
struct Durations(Family<Route, Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(SECONDS)))
    }
}

impl Http {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_requests",
            "Requests that were answered, by route and status",
            self.requests.clone(),
        );
        registry.register("http_request_duration_seconds", "How long answers took", self.durations.0.clone());
        registry.register("http_requests_in_flight", "Requests under way", self.in_flight.clone());
        registry.register(
            "rate_limited",
            "Requests and connections turned away because they were too many, by what was limited",
            self.limited.clone(),
        );
    }

    /// What alerts look for is there from the start, so that the first one is seen as a rise.
    pub(super) fn start(&self) {
        for scope in ["address", "idp", "connections"] {
            self.limited.get_or_create_owned(&Limited { scope });
        }
    }

    pub(super) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub(super) fn answered(&self, (method, route): (&'static str, &str), code: u16, took: Duration) {
        let route = route.to_owned();
        self.durations.0.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { route, method, code }).inc();
    }

    pub(super) fn limited(&self, scope: &'static str) {
        self.limited.get_or_create(&Limited { scope }).inc();
    }
}

/// A request under way, until it is dropped: one that its browser gave up is over, too.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
