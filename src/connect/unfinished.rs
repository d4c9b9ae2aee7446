//! Users that were created and are not complete yet, because a call after `CreateUser` failed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Their ids. Where existing users are left alone, nothing else tells them from those.
#[derive(Debug, Default)]
pub(super) struct Unfinished(Mutex<BTreeSet<String>>);

impl Unfinished {
    pub(super) fn add(&self, id: &str) {
        self.ids().insert(id.to_owned());
    }

    pub(super) fn remove(&self, id: &str) {
        self.ids().remove(id);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.ids().contains(id)
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
