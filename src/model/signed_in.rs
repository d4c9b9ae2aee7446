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
    /// Whether its authentication was forced for the console.
    #[serde(default)]
    pub forced_for_console: bool,
    /// Where this browser has been handed over to, in this session and in those it replaces, and as whom: what a sign-out
    /// has to end here.
    pub handed_over: BTreeSet<(InstanceName, Username)>,
    /// What of that is this session's own. The rest may be other people's, who used the browser before.
    #[serde(default)]
    pub own: BTreeSet<(InstanceName, Username)>,
    /// When the session that Amazon Connect keeps itself ends, for instances where that is known.
    #[serde(default)]
    pub connect_until: BTreeMap<InstanceName, OffsetDateTime>,
}

impl SignedIn {
    /// Notes that the browser is handed over to `instance` as this user.
    pub fn hand_over(&mut self, instance: &InstanceName, username: &Username) {
        for set in [&mut self.handed_over, &mut self.own] {
            set.insert((instance.clone(), username.clone()));
        }
    }

    /// When the person must have signed in again to go on working in `instance`.
    #[must_use]
    pub fn ends_in(&self, instance: &InstanceName) -> OffsetDateTime {
        self.connect_until.get(instance).map_or(self.until, |connect| self.until.min(*connect))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::IdpName;

    #[test]
    fn a_session_ends_with_the_one_that_amazon_connect_keeps_when_that_is_sooner() {
        let (prod, test) = (InstanceName::new("prod"), InstanceName::new("test"));
        let until = datetime!(2026-11-22 20:00 UTC);
        let sooner = datetime!(2026-11-22 14:00 UTC);
        let identity = Identity {
            idp: IdpName::new("acme"),
            issuer: "https://idp.test".to_owned(),
            name_id: None,
            session_index: None,
            authn_context: None,
            authn_instant: datetime!(2026-11-22 08:00 UTC),
            session_not_on_or_after: None,
            attributes: BTreeMap::new(),
        };
        let mut signed_in = SignedIn {
            since: identity.authn_instant,
            identity,
            until,
            forced_for: None,
            forced_for_console: false,
            handed_over: BTreeSet::new(),
            own: BTreeSet::new(),
            connect_until: BTreeMap::from([(prod.clone(), sooner)]),
        };
        assert_eq!((signed_in.ends_in(&prod), signed_in.ends_in(&test)), (sooner, until));
        signed_in.connect_until.insert(prod.clone(), until + time::Duration::HOUR);
        assert_eq!(signed_in.ends_in(&prod), until, "never later than ours");
    }
}
