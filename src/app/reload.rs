//! Rules that follow their file: what can be used goes into force, what can't leaves the old ones there.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::{read_config, settings, ticks};
use crate::admin::{Console, Follow};
use crate::audit;
use crate::config::Loaded;
use crate::model::{Problem, RulesState};
use crate::sign_in::SignIn;

/// How often the files are looked at.
const TICK: Duration = Duration::from_secs(2);

/// What tells one version of a file from another.
type Stamp = Option<(SystemTime, u64, u64)>;

/// The file that the rules follow, and what became of its last version.
pub(super) struct Reload {
    path: PathBuf,
    rest: u64,
    mapping_file: Option<PathBuf>,
    sign_in: Arc<SignIn>,
    state: Arc<RwLock<RulesState>>,
    console: Option<Arc<Console>>,
    /// Held while files are read and their rules put in force: an older reading must not come last.
    watched: Mutex<Watched>,
}

struct Watched {
    files: Vec<PathBuf>,
    seen: Vec<Stamp>,
}

impl Reload {
    /// Follows the file at `path`, which was `loaded` a moment ago, and says in `state` and to the `console` what became of it.
    pub(super) fn new(
        path: &Path,
        (files, rest, mapping_file): (Vec<PathBuf>, u64, Option<PathBuf>),
        sign_in: Arc<SignIn>,
        state: Arc<RwLock<RulesState>>,
        console: Option<Arc<Console>>,
    ) -> Self {
        let watched = Mutex::new(Watched { seen: stamps(&files), files });
        Self { path: path.to_owned(), rest, mapping_file, sign_in, state, console, watched }
    }

    /// Looks at the files now and then, and at SIGHUP.
    pub(super) async fn follow(self: Arc<Self>) {
        let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
        let mut ticks = ticks(TICK);
        loop {
            let is_told = tokio::select! {
                _ = ticks.tick() => false,
                _ = hang_up.recv() => true,
            };
            let reload = Arc::clone(&self);
            let look = move || {
                if is_told || reload.has_changed() {
                    reload.again().ok();
                }
            };
            if spawn_blocking(look).await.is_err() {
                tracing::error!("reading the configuration again stopped unexpectedly: the old rules stay");
            }
        }
    }

    fn has_changed(&self) -> bool {
        let watched = self.watched();
        stamps(&watched.files) != watched.seen
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration as the files have it, or as they would with `rules` for those in the file of the rules; its
    /// rules pass their own tests.
    fn read(&self, rules: Option<&str>) -> Result<Loaded, Vec<Problem>> {
        let loaded = read_config(&self.path, self.mapping_file.as_deref().zip(rules))?;
        let failed = loaded.config.rules.failed_tests();
        if failed.is_empty() { Ok(loaded) } else { Err(failed) }
    }
}

impl Follow for Reload {
    fn check(&self, rules: &str) -> Result<(), Vec<Problem>> {
        let loaded = self.read(Some(rules))?;
        if self.mapping_file.is_none() || loaded.mapping_file != self.mapping_file {
            let message = "names another file than at start: restart the gateway before rules are published";
            return Err(vec![Problem::new("mapping_file", message)]);
        }
        Ok(())
    }

    /// Reads the files and puts their rules in force, if they can be used and pass their own tests.
    fn again(&self) -> Result<(), Vec<Problem>> {
        let mut watched = self.watched();
        watched.seen = stamps(&watched.files);
        let verdict = self.read(None);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Ok(loaded) => {
                watched.files = loaded.files;
                state.needs_restart = loaded.rest != self.rest;
                state.problems = Vec::new();
                audit::rules_replaced(loaded.config.rules.count(), state.needs_restart);
                self.sign_in.replace_rules(loaded.config.rules);
                if let Some(console) = &self.console {
                    console.rules_replaced(settings::rows(loaded.config.settings), state.needs_restart);
                }
                Ok(())
            }
            Err(problems) => {
                audit::rules_kept(&problems);
                state.problems.clone_from(&problems);
                Err(problems)
            }
        }
    }
}

/// A replaced file has another inode, even when its time and length are the same.
fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |metadata: Metadata| Some((metadata.modified().ok()?, metadata.len(), metadata.ino()));
    files.iter().map(|path| std::fs::metadata(path).ok().and_then(stamp)).collect()
}
