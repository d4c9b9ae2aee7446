//! What the administrators of identity providers enter there.

use crate::mapping::NameSources;
use crate::model::{IdpChoice, IdpName};
use crate::saml::{Demands, OwnValues};

use super::{Cause, SignIn, SignInError};

/// Our side, and what we look for at each identity provider. Nothing in it is secret or personal.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is entered there.
    pub own: OwnValues,
    /// Each identity provider.
    pub idps: Vec<IdpSetup>,
}

/// One identity provider.
#[derive(Debug, Clone)]
pub struct IdpSetup {
    /// Its name.
    pub idp: IdpChoice,
    /// The page of `docs/` for its administrator.
    pub guide: String,
    /// What its answers must be like.
    pub demands: Demands,
    /// The names of the attributes that are looked for, or `name_id`, in the order they are tried.
    pub sources: NameSources,
}

impl SignIn {
    /// What the administrator of `idp`, or of every identity provider, enters there.
    ///
    /// # Errors
    /// When there is no such identity provider.
    pub fn setup(&self, idp: Option<&IdpName>) -> Result<Setup, SignInError> {
        let wanted = |choice: &&IdpChoice| idp.is_none_or(|name| choice.name == *name);
        let idps = self.parts.idps.iter().filter(wanted).map(|choice| self.idp_setup(choice));
        let idps = idps.collect::<Result<Vec<_>, _>>()?;
        if idps.is_empty() {
            return Err(Cause::UnknownIdp.into());
        }
        Ok(Setup { own: self.parts.saml.own_values()?, idps })
    }

    fn idp_setup(&self, choice: &IdpChoice) -> Result<IdpSetup, SignInError> {
        let served = self.parts.instances.iter().filter(|instance| instance.idps.contains(&choice.name));
        let names = self.parts.names.get(&choice.name).cloned().unwrap_or_default();
        Ok(IdpSetup {
            idp: choice.clone(),
            guide: names.preset.guide(),
            demands: self.parts.saml.demands(&choice.name, served.map(|instance| &instance.request))?,
            sources: names.sources(),
        })
    }
}
