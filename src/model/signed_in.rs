//! A live session of the gateway.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Identity, InstanceName, Username};

/// What a session remembers. Stored on the server; the browser holds only an opaque id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who the identity provider said it is. Placed again at every use.
    pub identity: Identity,
    /// When the session began.
    #[serde(with = "time::serde::timestamp")]
    pub since: OffsetDateTime,
    /// When the session ends, whatever happens: the earliest of our maximum and the identity provider's.
    #[serde(with = "time::serde::timestamp")]
    pub until: OffsetDateTime,
    /// The instance that this session's authentication was forced for and that has not been entered yet.
    pub forced_for: Option<InstanceName>,
    /// Where this session has been handed over to, and as whom: what a sign-out has to end.
    pub handed_over: BTreeSet<(InstanceName, Username)>,
    /// When the session that Amazon Connect keeps itself ends, for instances where that is known.
    #[serde(default)]
    pub connect_until: BTreeMap<InstanceName, OffsetDateTime>,
}

impl SignedIn {
    /// When the person must have signed in again to go on working in `instance`.
    #[must_use]
    pub fn ends_in(&self, instance: &InstanceName) -> OffsetDateTime {
        self.connect_until.get(instance).map_or(self.until, |connect| self.until.min(*connect))
    }
}
