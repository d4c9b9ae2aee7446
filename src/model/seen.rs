//! Who signed in, to be placed again by other rules.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Attributes, IdpName, InstanceName, NameId, Username};

/// A person's sign-in at an instance: what the identity provider said, so that today's rules can place them. Personal
/// data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// When.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// Where.
    pub instance: InstanceName,
    /// As whom.
    pub username: Username,
    /// The identity provider.
    pub idp: IdpName,
    /// The subject, when one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_id: Option<NameId>,
    /// What was sent.
    pub attributes: Attributes,
}

/// Keeps each person's latest sign-in.
pub trait SeenPeople: Send + Sync {
    /// Notes a sign-in, in its own time: it neither waits nor fails.
    fn saw(&self, sighting: Sighting);
}

/// Keeps nothing.
pub struct Unseen;

impl SeenPeople for Unseen {
    fn saw(&self, _: Sighting) {}
}

impl fmt::Debug for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, instance, idp) = (&self.at, &self.instance, &self.idp);
        f.debug_struct("Sighting")
            .field("at", at)
            .field("instance", instance)
            .field("idp", idp)
            .finish_non_exhaustive()
    }
}
