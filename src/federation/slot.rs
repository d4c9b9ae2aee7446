//! What is kept of one user: the token, or why there is none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use super::Error;
use crate::model::{FederationToken, UserId};

/// What a request came to.
pub(super) type Outcome = Result<Arc<FederationToken>, Error>;

/// One user's place. Purging takes the place away: a request that is under way still answers those who
/// wait for it, and what it brings is not kept for anybody else.
#[derive(Default)]
pub(super) struct Slot {
    kept: Mutex<Option<Kept>>,
    refused: Mutex<Option<Refused>>,
    last: Mutex<Last>,
    pub(super) flight: tokio::sync::Mutex<()>,
}

/// The request that ended last. A user that was created anew has the name of the old one and another id.
#[derive(Clone, Default)]
pub(super) struct Last {
    pub(super) count: u64,
    pub(super) outcome: Option<(UserId, Outcome)>,
}

/// What AWS said no to, for the moment.
pub(super) struct Refused {
    pub(super) user: UserId,
    pub(super) error: Error,
    pub(super) until: OffsetDateTime,
}

pub(super) struct Kept {
    pub(super) token: Arc<FederationToken>,
    pub(super) serve_until: OffsetDateTime,
}

impl Slot {
    /// The kept token, dropped once it is no longer to be served.
    pub(super) fn served(&self, now: OffsetDateTime) -> Option<Arc<FederationToken>> {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|kept| kept.serve_until <= now) {
            *kept = None;
            self.last().outcome = None;
        }
        kept.as_ref().map(|kept| Arc::clone(&kept.token))
    }

    pub(super) fn refusal(&self, id: &UserId, now: OffsetDateTime) -> Option<Error> {
        self.refused().as_ref().filter(|no| no.user == *id && now < no.until).map(|no| no.error.clone())
    }

    pub(super) fn refused(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
