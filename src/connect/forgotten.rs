//! Users who were removed, or whose sessions ended: what is under way for them changes nothing any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Patience, Username};

/// How often each name was forgotten, by the name without its case.
#[derive(Default)]
pub(super) struct Forgotten(Mutex<HashMap<String, u64>>);

impl Forgotten {
    /// Forgets the user of this name, in whatever case.
    pub(super) fn forget(&self, username: &Username) {
        *self.lock().entry(username.folded()).or_default() += 1;
    }

    /// What work that begins now goes by.
    pub(super) fn remembered(self: &Arc<Self>, username: &Username) -> Remembered {
        let name = username.folded();
        let times = self.times(&name);
        Remembered { forgotten: Arc::clone(self), name, times }
    }

    fn times(&self, name: &str) -> u64 {
        self.lock().get(name).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A user as work about them began.
#[derive(Clone)]
pub(super) struct Remembered {
    forgotten: Arc<Forgotten>,
    name: String,
    /// How often the name had been forgotten then.
    pub(super) times: u64,
}

/// How long calls may wait for their turns, and whether they are still wanted when those come.
#[derive(Clone, Copy)]
pub(super) struct Turns<'r> {
    pub(super) patience: Patience,
    remembered: Option<&'r Remembered>,
}

impl<'r> Turns<'r> {
    /// As long as nobody forgets the user.
    pub(super) fn while_remembered(patience: Patience, remembered: &'r Remembered) -> Self {
        Self { patience, remembered: Some(remembered) }
    }

    /// The same for other calls.
    pub(super) fn lasting(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Whether the calls are still to be made.
    pub(super) fn are_wanted(self) -> bool {
        self.remembered.is_none_or(|one| one.forgotten.times(&one.name) == one.times)
    }
}

/// Whatever happens.
impl From<Patience> for Turns<'_> {
    fn from(patience: Patience) -> Self {
        Self { patience, remembered: None }
    }
}
