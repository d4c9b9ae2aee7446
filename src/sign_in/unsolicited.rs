//! Sign-ins that begin at the identity provider.

use std::time::Duration;

use super::{Ask, Cause, Completed, Confirmation, Instance, SignIn, SignInError, Unsolicited};
use crate::model::{Destination, IdpName, PendingConfirmation, PendingKey, Placement, SignedIn, Target};
use crate::saml::IdpInitiated;

/// How long a person may take to say that it is them.
const CONFIRM_WITHIN: Duration = Duration::from_mins(3);

impl SignIn {
    /// Takes an answer that nobody asked for. It signs nobody in: the person is asked, or we ask the identity provider.
    /// `relay_state` counts when it is the name of an instance, or of one and a destination in it (`prod/ccp`).
    ///
    /// # Errors
    /// An identity provider that may not do this, or not for that instance; an answer that fails a check, or rules
    /// that refuse the person.
    pub async fn unsolicited(
        &self,
        saml_response: String,
        relay_state: Option<&str>,
        browser_secret: &str,
    ) -> Result<Unsolicited, SignInError> {
        let (idp, may) = self.parts.saml.unsolicited_sender(&saml_response).await?;
        let to = self.target(relay_state, &idp);
        let outcome = match may {
            // Such an instance takes nothing but a forced authentication, and only a request can force one.
            _ if self.forces_authn(&idp, to.as_ref()) => Ok(Unsolicited::Restart { idp, to: to.clone() }),
            // AWS is shown answers that we asked for, and no others.
            _ if self.needs_answers(to.as_ref()) => Ok(Unsolicited::Restart { idp, to: to.clone() }),
            IdpInitiated::Restart => Ok(Unsolicited::Restart { idp, to: to.clone() }),
            _ => self.question(saml_response, &idp, to.as_ref(), browser_secret).await,
        };
        match to {
            Some(ask) => outcome.map_err(|error| error.on_the_way_to(ask)),
            None => outcome,
        }
    }

    /// Signs in the person who has said that it is them. `before` is the session that this browser still has.
    ///
    /// # Errors
    /// No such question in this browser, or rules that refuse the person.
    pub async fn confirm(
        &self,
        token: &str,
        browser_secret: &str,
        before: Option<&SignedIn>,
    ) -> Result<Completed, SignInError> {
        let key = PendingKey::new(token, browser_secret);
        let confirmed = self.parts.confirmations.take(&key).await?.ok_or(Cause::NotPending)?;
        let PendingConfirmation { identity, instance, destination } = confirmed;
        let placed = self.place_anywhere(&identity, instance.as_ref()).await;
        let (_, trace) = placed.map_err(|error| error.about(&identity))?;
        let mut signed_in = self.signed_in(identity);
        signed_in.handed_over = before.map(|before| before.handed_over.clone()).unwrap_or_default();
        let target = instance.map(|instance| Target::Instance(instance, destination));
        Ok(Completed { signed_in, target, trace, replaces: None, answer: None })
    }

    async fn question(
        &self,
        saml_response: String,
        idp: &IdpName,
        to: Option<&Ask>,
        browser_secret: &str,
    ) -> Result<Unsolicited, SignInError> {
        self.check_serves(idp, to)?;
        let verified = self.parts.saml.verify_unsolicited(saml_response, idp);
        let identity = self.observed(idp, verified).await?.into_identity();
        let placed = self.place_anywhere(&identity, to.map(|to| &to.instance)).await;
        let (placement, _) = placed.map_err(|error| error.about(&identity))?;
        let token = self.parts.random.token();
        let pending = PendingConfirmation {
            identity,
            instance: to.map(|to| to.instance.clone()),
            destination: to.and_then(|to| to.destination.clone()),
        };
        let until = self.parts.clock.now() + CONFIRM_WITHIN;
        self.parts.confirmations.put(PendingKey::new(&token, browser_secret), pending, until).await?;
        let choice = self.parts.idps.iter().find(|choice| choice.name == *idp);
        Ok(Unsolicited::Confirm(Confirmation {
            token,
            idp: choice.map_or_else(|| idp.to_string(), |choice| choice.display_name.clone()),
            username: placement.username.as_str().to_owned(),
            name: full_name(&placement),
        }))
    }

    /// What `RelayState` names, or the only instance that `idp` serves. Anything else in `RelayState` is passed over:
    /// identity providers put addresses there, and none of them is ever followed.
    fn target(&self, relay_state: Option<&str>, idp: &IdpName) -> Option<Ask> {
        let ask = |instance: &Instance, destination| Ask {
            instance: instance.name.clone(),
            destination,
            idp: Some(idp.clone()),
        };
        if let Some((instance, destination)) = relay_state.and_then(|text| self.named(text)) {
            return Some(ask(instance, destination));
        }
        let mut served = self.parts.instances.iter().filter(|instance| instance.idps.contains(idp));
        match (served.next(), served.next()) {
            (Some(only), None) => Some(ask(only, None)),
            _ => None,
        }
    }

    /// The instance, and the destination in it, of exactly this name: `prod` or `prod/ccp`.
    fn named(&self, text: &str) -> Option<(&Instance, Option<Destination>)> {
        let (name, destination) = match text.split_once('/') {
            Some((name, destination)) => (name, Some(Destination::new(destination))),
            None => (text, None),
        };
        let instance = self.parts.instances.iter().find(|instance| instance.name.as_str() == name)?;
        let known = destination.iter().all(|name| instance.destinations.contains_key(name));
        known.then_some((instance, destination))
    }

    fn forces_authn(&self, idp: &IdpName, to: Option<&Ask>) -> bool {
        let instance = to.and_then(|to| self.instance(&to.instance).ok());
        let requested = instance.and_then(|instance| self.parts.saml.requested(idp, &instance.request).ok());
        requested.is_some_and(|requested| requested.force_authn)
    }

    fn needs_answers(&self, to: Option<&Ask>) -> bool {
        let instance = to.and_then(|to| self.instance(&to.instance).ok());
        instance.is_some_and(|instance| instance.federation.needs_answers())
    }

    /// An identity provider signs people in to the instances that list it, whoever begins.
    fn check_serves(&self, idp: &IdpName, to: Option<&Ask>) -> Result<(), SignInError> {
        let serves = |instance: &Instance| instance.idps.contains(idp);
        match to {
            Some(to) if !serves(self.instance(&to.instance)?) => Err(Cause::UnknownIdp.into()),
            _ => Ok(()),
        }
    }
}

fn full_name(placement: &Placement) -> Option<String> {
    let parts: Vec<&str> =
        [&placement.first_name, &placement.last_name].into_iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
