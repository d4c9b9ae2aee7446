//! Rules that follow their file: what can be used goes into force, what can't leaves the old ones there.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::{read_config, ticks};
use crate::audit;
use crate::metrics::Metrics;
use crate::model::{Clock, RulesState};
use crate::sign_in::SignIn;

/// How often the files are looked at.
const TICK: Duration = Duration::from_secs(2);

/// The file that the rules follow, and what became of its last version.
pub(super) struct Reload {
    path: PathBuf,
    rest: u64,
    files: Mutex<Vec<PathBuf>>,
    state: Arc<RwLock<RulesState>>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Reload {
    /// Follows the file at `path` and the `files` that it names, and says in `state` what became of it.
    pub(super) fn new(
        path: &Path,
        files: Vec<PathBuf>,
        rest: u64,
        state: Arc<RwLock<RulesState>>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { path: path.to_owned(), rest, files: Mutex::new(files), state, metrics, clock }
    }

    /// Looks at the files now and then, and at SIGHUP.
    pub(super) async fn follow(self, sign_in: Arc<SignIn>) {
        let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
        let (reload, mut ticks) = (Arc::new(self), ticks(TICK));
        let mut seen = reload.stamps();
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let now = reload.stamps();
                    if now == seen {
                        continue;
                    }
                    seen = now;
                }
                _ = hang_up.recv() => seen = reload.stamps(),
            }
            let (reload, sign_in) = (Arc::clone(&reload), Arc::clone(&sign_in));
            if spawn_blocking(move || reload.again(&sign_in)).await.is_err() {
                tracing::error!("reading the configuration again stopped unexpectedly: the old rules stay");
            }
        }
    }

    /// What tells one version of the files from another.
    fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let stamp = |metadata: Metadata| Some((metadata.modified().ok()?, metadata.len()));
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().map(|path| std::fs::metadata(path).ok().and_then(stamp)).collect()
    }

    /// Reads the files and puts their rules in force, if they can be used and pass their own tests.
    fn again(&self, sign_in: &SignIn) {
        let verdict = read_config(&self.path).and_then(|loaded| {
            let failed = loaded.config.rules.failed_tests();
            if failed.is_empty() { Ok(loaded) } else { Err(failed) }
        });
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Ok(loaded) => {
                *self.files.lock().unwrap_or_else(PoisonError::into_inner) = loaded.files;
                state.needs_restart = loaded.rest != self.rest;
                state.problems = Vec::new();
                audit::rules_replaced(loaded.config.rules.count(), state.needs_restart);
                sign_in.replace_rules(loaded.config.rules);
                self.metrics.rules_replaced(self.clock.now());
            }
            Err(problems) => {
                audit::rules_kept(&problems);
                self.metrics.rules_kept();
                state.problems = problems;
            }
        }
    }
}
