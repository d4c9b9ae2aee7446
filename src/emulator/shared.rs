//! What all listeners share.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clock::{Clock, random_hex};
use super::faults::Faults;
use super::federation::Tokens;
use super::history::{History, HistoryEntry};
use super::idp::Idp;
use super::options::{Behaviour, Options};
use super::signin::Console;
use super::state::World;
use super::throttle::Throttle;

/// What all listeners share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) history: History,
    pub(super) urls: Urls,
    pub(super) page_key: String,
    pub(super) idp: Idp,
    inner: Mutex<Inner>,
}

/// What changes; one lock holds it together.
pub(super) struct Inner {
    pub(super) world: World,
    pub(super) behaviour: Behaviour,
    pub(super) throttle: Throttle,
    pub(super) faults: Faults,
    pub(super) tokens: Tokens,
    /// Access tokens by the one-time code that brings a browser from the console to the site.
    pub(super) arrivals: HashMap<String, String>,
    pub(super) console: Console,
}

/// Base URLs as browsers see them, without a trailing slash.
#[derive(Debug, Clone)]
pub(super) struct Urls {
    pub(super) api: String,
    pub(super) sites: BTreeMap<String, String>,
    pub(super) signin: String,
    pub(super) console: String,
    pub(super) idp: String,
}

impl Urls {
    /// The site of the instance with this alias.
    pub(super) fn site(&self, alias: &str) -> String {
        self.sites.get(alias).cloned().unwrap_or_default()
    }
}

impl Shared {
    pub(super) fn new(options: &Options, world: World, urls: Urls, idp: Idp) -> Self {
        let inner = Inner {
            world,
            throttle: Throttle::default(),
            faults: Faults::new(options.behaviour.fault_seed),
            behaviour: options.behaviour.clone(),
            tokens: Tokens::new(),
            arrivals: HashMap::new(),
            console: Console::default(),
        };
        Self {
            clock: Clock::default(),
            history: History::default(),
            urls,
            page_key: random_hex(32),
            idp,
            inner: Mutex::new(inner),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the behaviour; a new fault seed or rate starts its generator or buckets afresh.
    pub(super) fn adjust(&self, change: impl FnOnce(&mut Behaviour)) {
        let inner = &mut *self.lock();
        let before = inner.behaviour.clone();
        change(&mut inner.behaviour);
        if inner.behaviour.fault_seed != before.fault_seed {
            inner.faults = Faults::new(inner.behaviour.fault_seed);
        }
        if inner.behaviour.outage != before.outage {
            inner.faults.count_anew();
        }
        if inner.behaviour.throttle != before.throttle {
            inner.throttle.refill();
        }
    }

    /// Notes what happened in a browser's visit.
    pub(super) fn note(&self, service: &'static str, operation: &str, status: u16, username: Option<&str>) {
        self.history.record(HistoryEntry {
            time: self.clock.now(),
            service,
            operation: operation.to_owned(),
            status,
            error: None,
            principal: None,
            username: username.map(str::to_owned),
            request_id: super::clock::random_id(),
        });
    }
}
