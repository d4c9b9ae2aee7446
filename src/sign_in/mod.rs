//! The journey of one sign-in, with no HTTP, AWS or SAML library word in it.

mod answers;
mod awaited;
mod console;
mod error;
mod instances;
mod logout;
mod people;
mod placing;
mod refresh;
mod renewal;
mod sessions;
mod setup;
mod sighting;
mod test_sign_in;
mod types;
mod unsolicited;
mod verifying;

pub use console::{ConsoleView, IdpView};
pub use error::{Cause, SignInError};
pub use instances::{
    Fate, GroupListing, GroupNode, InUse, InstanceUse, Listed, Listings, Preview, Read, Standing, UserView,
};
pub use logout::{LogoutAnswered, LogoutAsked};
pub use placing::RulesInForce;
pub use renewal::Renewal;
pub use sessions::{Entered, Who};
pub use setup::{IdpSetup, Setup};
pub use test_sign_in::{TestAsk, TestLink, Tested};
pub use types::{
    Answer, Arrived, Ask, Before, Brought, Completed, Confirmation, Entry, Instance, InstanceChoice, Parts,
    SignedOut, Start, Unsolicited,
};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::Instrument as _;
use url::Url;

pub use crate::mapping::NameSources;
pub use crate::saml::{
    Demands, IdpInitiated, LogoutMessage, MetadataStanding, OwnValues, PublishedCertificate, ResponseBinding,
    Usage, WantSigned,
};
use answers::KeptAnswers;
use awaited::Waiting;
use people::{People, Present};

use crate::model::{
    Blamed as _, Destination, HandOff, Identity, IdpChoice, IdpName, InstanceName, PendingKey, PendingSignIn,
    Purpose, RequestOptions, SessionId, SignedIn, Target, Trace, Username, code, spans,
};

/// The journeys.
pub struct SignIn {
    parts: Parts,
    people: People,
    waiting: Waiting,
    answers: KeptAnswers,
}

impl SignIn {
    /// Composes the rooms.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            people: People::default(),
            waiting: Waiting::default(),
            answers: KeptAnswers::default(),
        }
    }

    /// The start page's entries.
    #[must_use]
    pub fn choices(&self) -> Vec<InstanceChoice> {
        let choice = |instance: &Instance| InstanceChoice {
            name: instance.name.clone(),
            display_name: instance.display_name.clone(),
            destinations: instance.destinations.keys().cloned().collect(),
        };
        self.parts.instances.iter().map(choice).collect()
    }

    /// The identity providers that may sign people in to an instance.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn idps(&self, instance: &InstanceName) -> Result<Vec<IdpChoice>, SignInError> {
        Ok(self.idp_choices(&self.instance(instance)?.idps))
    }

    /// Whether there are several identity providers at all.
    #[must_use]
    pub fn has_several_idps(&self) -> bool {
        self.parts.idps.len() > 1
    }

    /// The identity provider with that entity id.
    #[must_use]
    pub fn idp_with(&self, entity_id: &str) -> Option<IdpName> {
        self.parts.saml.idp_with(entity_id)
    }

    /// Where a browser chooses an identity provider, if that is elsewhere; it comes back with these names.
    #[must_use]
    pub fn discovery(&self, ask: &Ask) -> Option<Url> {
        let destination = ask.destination.as_ref().map(|name| ("destination", name.as_str()));
        let names: Vec<_> = [("instance", ask.instance.as_str())].into_iter().chain(destination).collect();
        self.parts.saml.discovery(&names)
    }

    /// Our SAML metadata.
    #[must_use]
    pub fn metadata(&self) -> Arc<str> {
        self.parts.saml.metadata()
    }

    /// Sends a browser to the identity provider. `browser_secret` is the pre-login cookie's content; `before` is
    /// what the browser still has, which can't go where it wants.
    ///
    /// # Errors
    /// Unknown names, metadata that is not there yet, or a store that can't remember the request.
    pub async fn start(
        &self,
        ask: &Ask,
        browser_secret: &str,
        before: Before<'_>,
    ) -> Result<Start, SignInError> {
        self.depart(ask, browser_secret, before).await.map_err(|error| error.on_the_way_to(ask.clone()))
    }

    async fn depart(
        &self,
        ask: &Ask,
        browser_secret: &str,
        before: Before<'_>,
    ) -> Result<Start, SignInError> {
        let instance = self.instance(&ask.instance)?;
        Self::path(instance, ask.destination.as_ref())?;
        let purpose = Purpose::SignIn(Target::Instance(ask.instance.clone(), ask.destination.clone()));
        let (idps, options) = (&instance.idps, &instance.request);
        self.leave_for(purpose, (idps, ask.idp.as_ref()), options, browser_secret, before).await
    }

    /// Sends a browser to the chosen one of `idps`, or to the only one.
    async fn leave_for(
        &self,
        purpose: Purpose,
        (idps, chosen): (&[IdpName], Option<&IdpName>),
        options: &RequestOptions,
        browser_secret: &str,
        before: Before<'_>,
    ) -> Result<Start, SignInError> {
        let idp = match (chosen, idps) {
            (Some(idp), idps) if idps.contains(idp) => idp,
            (Some(_), _) => return Err(Cause::UnknownIdp.into()),
            (None, [only]) => only,
            (None, several) => return Ok(Start::ChooseIdp(self.idp_choices(several))),
        };
        let relay_state = self.parts.random.token();
        let requested = self.parts.saml.requested(idp, options)?;
        let made = self.parts.saml.authn_request(idp, &requested, &relay_state);
        let request = made.instrument(spans::authn_request(idp)).await?;
        self.parts.pending.ready().await?;
        let now = self.parts.clock.now();
        let pending = PendingSignIn {
            request_id: request.id,
            idp: idp.clone(),
            purpose,
            requested,
            started_at: now,
            handed_over: before.signed_in.map(|session| session.handed_over.clone()).unwrap_or_default(),
            session: before.session,
        };
        let key = PendingKey::new(&relay_state, browser_secret);
        self.parts.pending.put(key, pending, now + self.parts.pending_for).await?;
        Ok(Start::Depart(request.departure))
    }

    /// Takes the identity provider's answer: the request it answers is used up, whatever follows.
    ///
    /// # Errors
    /// No such request in this browser, an answer that fails a check, or rules that refuse the person.
    /// A test takes none of these: it ends with what a sign-in would have met.
    pub async fn complete(&self, answer: Answer) -> Result<Arrived, SignInError> {
        let key = PendingKey::new(&answer.relay_state, &answer.browser_secret);
        let pending = self.parts.pending.take(&key).await?.ok_or(Cause::NotPending)?;
        let target = match pending.purpose.clone() {
            Purpose::SignIn(target) => target,
            Purpose::Test(test) => {
                return Ok(Arrived::Tested(Box::new(self.tested(answer.brought, pending, test).await)));
            }
        };
        let ask = match target.clone() {
            Target::Instance(instance, destination) => {
                Some(Ask { instance, destination, idp: Some(pending.idp.clone()) })
            }
            Target::Console(_) => None,
        };
        let completed = self.arrive(answer.brought, pending, target).await;
        completed.map(|completed| Arrived::SignedIn(Box::new(completed))).map_err(|error| match ask {
            Some(ask) => error.on_the_way_to(ask),
            None => error,
        })
    }

    async fn arrive(
        &self,
        brought: Brought,
        pending: PendingSignIn,
        target: Target,
    ) -> Result<Completed, SignInError> {
        let (identity, answer) = self.verified(brought, &pending).await?.into_parts();
        let answer = self.for_aws(&target, answer)?;
        let trace = self.admit(&identity, &target).await.map_err(|error| error.about(&identity))?;
        let mut signed_in = self.signed_in(identity);
        let forced = target.instance().filter(|_| pending.requested.force_authn);
        signed_in.forced_for = forced.cloned();
        signed_in.forced_for_console = target.instance().is_none() && pending.requested.force_authn;
        signed_in.handed_over = pending.handed_over;
        Ok(Completed { signed_in, target: Some(target), trace, replaces: pending.session, answer })
    }

    /// Whether this person may go there, and why.
    async fn admit(&self, identity: &Identity, target: &Target) -> Result<Trace, SignInError> {
        match target {
            Target::Instance(instance, _) => self.place(identity, instance).await.map(|(_, trace)| trace),
            Target::Console(_) => self.check_admin(identity).await.map(|()| Trace::default()),
        }
    }

    /// The session of someone who is about to be signed in.
    fn signed_in(&self, identity: Identity) -> SignedIn {
        let since = self.parts.clock.now();
        let longest = since + self.parts.session_max;
        let until = identity.session_not_on_or_after.map_or(longest, |theirs| theirs.min(longest));
        SignedIn {
            identity,
            since,
            until,
            forced_for: None,
            forced_for_console: false,
            handed_over: BTreeSet::new(),
            own: BTreeSet::new(),
            connect_until: BTreeMap::new(),
        }
    }

    /// Whether this session may enter `instance` without going to the identity provider (again).
    #[must_use]
    pub fn may_enter(&self, signed_in: &SignedIn, instance: &InstanceName) -> bool {
        let Ok(instance) = self.instance(instance) else { return false };
        let identity = &signed_in.identity;
        let Ok(requested) = self.parts.saml.requested(&identity.idp, &instance.request) else { return false };
        self.parts.clock.now() < signed_in.until
            && instance.idps.contains(&identity.idp)
            && (!requested.force_authn || self.is_forced_for(signed_in, &instance.name))
            && requested.accepts(identity)
    }

    /// Whether the authentication was forced for this instance, just now. One that was never used to enter does not
    /// wait for whoever comes to that desk later.
    fn is_forced_for(&self, signed_in: &SignedIn, instance: &InstanceName) -> bool {
        signed_in.forced_for.as_ref() == Some(instance)
            && self.parts.clock.now() < signed_in.since + self.parts.pending_for
    }

    /// Puts the user in place, and notes in `signed_in` where the browser is about to be handed over to. The caller
    /// stores that before it goes on: whatever is opened from here on, a sign-out finds.
    ///
    /// # Errors
    /// See [`Cause`]; one that is to be waited for is worth the same request again after its `retry_after`.
    pub async fn prepare(&self, signed_in: &mut SignedIn, ask: &Ask) -> Result<Entry, SignInError> {
        let prepared = self.put_in_place(signed_in, ask).await;
        if prepared.as_ref().is_err_and(SignInError::ends_session) {
            self.forget(signed_in).await;
        }
        prepared.map_err(|error| error.about(&signed_in.identity).on_the_way_to(ask.clone()))
    }

    async fn put_in_place(&self, signed_in: &mut SignedIn, ask: &Ask) -> Result<Entry, SignInError> {
        let instance = self.instance(&ask.instance)?;
        Self::path(instance, ask.destination.as_ref())?;
        let (placement, trace) = self.place(&signed_in.identity, &instance.name).await?;
        let user = instance.connect.ensure(&placement).await;
        if user.as_ref().is_err_and(|error| *error.code() == code::BUSY) {
            self.go_on_for(signed_in, instance, &placement);
        }
        let user = user.map_err(|error| SignInError::from(error).with_trace(trace))?;
        signed_in.hand_over(&instance.name, &user.username);
        Ok(Entry { ask: ask.clone(), placement, user })
    }

    /// Gets the token and says how the browser enters. The caller looks once more whether the session is still
    /// there before it gives that to anybody, and else calls [`Self::forget`].
    ///
    /// # Errors
    /// See [`Cause`]; one that is to be waited for is worth the same request again after its `retry_after`.
    /// `session` is the id of this session.
    pub async fn hand_off(
        &self,
        signed_in: &mut SignedIn,
        session: Option<&SessionId>,
        entry: Entry,
    ) -> Result<HandOff, SignInError> {
        let ask = entry.ask.clone();
        let entered = self.enter(signed_in, session, entry).await;
        entered.map_err(|error| error.about(&signed_in.identity).on_the_way_to(ask))
    }

    async fn enter(
        &self,
        signed_in: &mut SignedIn,
        session: Option<&SessionId>,
        entry: Entry,
    ) -> Result<HandOff, SignInError> {
        let Entry { ask, placement, user } = entry;
        let instance = self.instance(&ask.instance)?;
        let path = Self::path(instance, ask.destination.as_ref().or(placement.landing.as_ref()))?;
        let (identity, until) = (signed_in.identity.clone(), signed_in.until);
        self.waiting.end(&instance.name, &placement.username);
        let sighting = self.sighting(&identity, &user);
        let moved = self.people.arrive(Present { identity, placement, user: user.clone(), until });
        if moved {
            instance.federation.purge(&user.username).await;
        }
        self.present(instance, session, &user, until).await?;
        let is_refused = instance.federation.is_refused(&user).await;
        let hand_off = match instance.federation.hand_off(&user, path, until).await {
            Ok(hand_off) => hand_off,
            Err(error) => {
                if *error.code() == code::FEDERATION_NO_USER && !is_refused {
                    // Deleted behind our back: the next try looks again.
                    instance.connect.forget(&user.id, &user.username).await;
                }
                return Err(error.into());
            }
        };
        self.parts.seen.saw(sighting);
        signed_in.forced_for = None;
        signed_in.connect_until.remove(&instance.name);
        if let HandOff::Form { ends, .. } = &hand_off {
            signed_in.connect_until.insert(instance.name.clone(), *ends);
        }
        Ok(hand_off)
    }

    /// Fetches identity provider metadata that is due.
    pub async fn refresh_metadata(&self) {
        self.parts.saml.refresh_metadata().await;
    }

    /// Drops every token of this session, and stops refreshing them.
    pub async fn forget(&self, signed_in: &SignedIn) {
        self.drop_tokens(self.waiting.stop(&signed_in.identity)).await;
        self.stop_elsewhere(&signed_in.identity).await;
        self.drop_tokens(signed_in.handed_over.iter().cloned()).await;
    }

    async fn drop_tokens(&self, of: impl IntoIterator<Item = (InstanceName, Username)>) {
        for (name, username) in of {
            if let Ok(instance) = self.instance(&name) {
                self.drop_token(instance, &username).await;
            }
        }
    }

    async fn drop_token(&self, instance: &Instance, username: &Username) {
        self.waiting.end(&instance.name, username);
        self.people.leave(&instance.name, username);
        instance.federation.purge(username).await;
    }

    fn instance(&self, name: &InstanceName) -> Result<&Instance, SignInError> {
        let found = self.parts.instances.iter().find(|instance| instance.name == *name);
        found.ok_or_else(|| Cause::UnknownInstance.into())
    }

    fn path<'a>(instance: &'a Instance, destination: Option<&Destination>) -> Result<&'a str, SignInError> {
        let Some(name) = destination else { return Ok(&instance.default_destination) };
        let path = instance.destinations.get(name).ok_or(Cause::UnknownDestination)?;
        Ok(path)
    }

    fn idp_choices(&self, names: &[IdpName]) -> Vec<IdpChoice> {
        self.parts.idps.iter().filter(|idp| names.contains(&idp.name)).cloned().collect()
    }
}
