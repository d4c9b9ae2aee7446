//! Rules that follow their file: what can be used goes into force, what can't leaves the old ones there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::background::ticks;
use super::{read_config, settings};
use crate::admin::{Console, Follow};
use crate::audit;
use crate::config::{Loaded, Seen};
use crate::mapping::Known;
use crate::metrics::Metrics;
use crate::model::{Clock, Problem, RulesState};
use crate::sign_in::SignIn;

/// How often the files are looked at.
const TICK: Duration = Duration::from_secs(2);

/// What the gateway was started with, as far as rules that follow their file depend on it.
pub(super) struct Started {
    files: Vec<Seen>,
    rest: u64,
    mapping_file: Option<PathBuf>,
    known: Known,
}

impl Started {
    pub(super) fn with(loaded: &Loaded) -> Self {
        Self {
            files: loaded.files.clone(),
            rest: loaded.rest,
            mapping_file: loaded.mapping_file.clone(),
            known: loaded.config.drafts.known().clone(),
        }
    }
}

/// The file that the rules follow, and what became of its last version.
pub(super) struct Reload {
    path: PathBuf,
    rest: u64,
    mapping_file: Option<PathBuf>,
    known: Known,
    sign_in: Arc<SignIn>,
    state: Arc<RwLock<RulesState>>,
    console: Option<Arc<Console>>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    /// Held while files are read and their rules put in force: an older reading must not come last.
    watched: Mutex<Watched>,
}

struct Watched {
    /// As they were when they were read.
    read: Vec<Seen>,
    /// As they were found since, when that is not the same.
    found: Option<Vec<Seen>>,
}

impl Reload {
    /// Follows the file at `path`, and says in `state`, to the `console` and in the `metrics` what became of it.
    pub(super) fn new(
        path: &Path,
        started: Started,
        sign_in: Arc<SignIn>,
        state: Arc<RwLock<RulesState>>,
        console: Option<Arc<Console>>,
        (metrics, clock): (Arc<Metrics>, Arc<dyn Clock>),
    ) -> Self {
        let Started { files, rest, mapping_file, known } = started;
        let watched = Mutex::new(Watched { read: files, found: None });
        let path = path.to_owned();
        Self { path, rest, mapping_file, known, sign_in, state, console, metrics, clock, watched }
    }

    /// Looks at the files now and then.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut ticks = ticks(TICK);
        loop {
            ticks.tick().await;
            let reload = Arc::clone(&self);
            let look = move || {
                if reload.has_changed() {
                    reload.again().ok();
                }
            };
            if spawn_blocking(look).await.is_err() {
                tracing::error!("reading the configuration again stopped unexpectedly: the old rules stay");
            }
        }
    }

    /// Whether the files are others than those that were read, and the same as a look ago: nobody is writing them.
    fn has_changed(&self) -> bool {
        let mut watched = self.watched();
        let now: Vec<Seen> = watched.read.iter().map(Seen::now).collect();
        let is_new = now != watched.read;
        let is_settled = watched.found.as_ref() == Some(&now);
        watched.found = is_new.then_some(now);
        is_new && is_settled
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the rules of this configuration can go into force here, and pass their own tests.
    fn check_rules(&self, loaded: Loaded) -> Result<Loaded, Vec<Problem>> {
        if *loaded.config.drafts.known() != self.known {
            let message = "rules stand on the identity providers' attributes and on the instances' names and destinations, \
                and on what is protected; one of those is another than at start. The rules in force stay until the gateway is restarted";
            return Err(vec![Problem::new("mapping", message)]);
        }
        let failed = loaded.config.rules.failed_tests();
        if failed.is_empty() { Ok(loaded) } else { Err(failed) }
    }
}

impl Follow for Reload {
    fn check(&self, rules: &str) -> Result<(), Vec<Problem>> {
        let instead = self.mapping_file.as_deref().map(|file| (file, rules));
        let loaded = self.check_rules(read_config(&self.path, instead).0?)?;
        if self.mapping_file.is_none() || loaded.mapping_file != self.mapping_file {
            let message = "names another file than at start: restart the gateway before rules are published";
            return Err(vec![Problem::new("mapping_file", message)]);
        }
        Ok(())
    }

    /// Reads the files and puts their rules in force, if they can be used and pass their own tests.
    fn again(&self) -> Result<(), Vec<Problem>> {
        let mut watched = self.watched();
        let (loaded, files) = read_config(&self.path, None);
        *watched = Watched { read: files, found: None };
        let needs_restart = loaded.as_ref().ok().map(|loaded| loaded.rest != self.rest);
        // Before the state is held: requests that tell it must not wait for what rules compute.
        let checked = loaded.and_then(|loaded| self.check_rules(loaded));
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.needs_restart = needs_restart.unwrap_or(state.needs_restart);
        match checked {
            Ok(loaded) => {
                state.problems = Vec::new();
                let rules = &loaded.config.rules;
                audit::rules_replaced(rules.count(), state.needs_restart, rules.warnings());
                self.sign_in.replace_rules(loaded.config.rules);
                self.metrics.rules_replaced(self.clock.now());
                if let Some(console) = &self.console {
                    console.rules_replaced(settings::rows(loaded.config.settings), state.needs_restart);
                }
                Ok(())
            }
            Err(problems) => {
                audit::rules_kept(&problems);
                self.metrics.rules_kept();
                state.problems.clone_from(&problems);
                Err(problems)
            }
        }
    }
}
