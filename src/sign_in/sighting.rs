//! What is kept of a sign-in.

use crate::model::{ConnectUser, Identity, Sighting};

use super::SignIn;

impl SignIn {
    /// This person, as whom they are about to enter.
    pub(super) fn sighting(&self, identity: &Identity, user: &ConnectUser) -> Sighting {
        Sighting {
            at: self.parts.clock.now(),
            instance: user.instance.clone(),
            username: user.username.clone(),
            idp: identity.idp.clone(),
            name_id: identity.name_id.clone(),
            attributes: identity.attributes.clone(),
        }
    }
}
