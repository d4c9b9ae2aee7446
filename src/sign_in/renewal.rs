//! How long a session lasts, for a person who wants to renew it in time.

use time::OffsetDateTime;

use crate::model::SignedIn;

use super::{Ask, SignIn, SignInError};

/// What a person is told who may want to renew a session.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The instance's name on pages.
    pub instance: String,
    /// When the session ends; `None`: there is none that could be renewed.
    pub ends: Option<OffsetDateTime>,
}

impl SignIn {
    /// When `signed_in` ends in that instance.
    ///
    /// # Errors
    /// When there is no such instance or destination.
    pub fn renewal(&self, ask: &Ask, signed_in: Option<&SignedIn>) -> Result<Renewal, SignInError> {
        let instance = self.instance(&ask.instance)?;
        Self::path(instance, ask.destination.as_ref())?;
        let now = self.parts.clock.now();
        let signed_in = signed_in.filter(|session| instance.idps.contains(&session.identity.idp));
        let ends = signed_in.map(|session| session.ends_in(&instance.name)).filter(|ends| *ends > now);
        Ok(Renewal { instance: instance.display_name.clone(), ends })
    }

    /// The same ask, at the identity provider of `signed_in` when none is named and that one serves the instance: who
    /// renews a session does not choose again.
    #[must_use]
    pub fn renewing(&self, ask: Ask, signed_in: &SignedIn) -> Ask {
        let idp = &signed_in.identity.idp;
        let serves = self.instance(&ask.instance).is_ok_and(|instance| instance.idps.contains(idp));
        let idp = ask.idp.or_else(|| serves.then(|| idp.clone()));
        Ask { idp, ..ask }
    }
}
