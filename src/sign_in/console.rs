//! The way to the administrators' console, and what it shows of this room.

use std::time::Duration;

use time::OffsetDateTime;

use crate::model::{
    ConsolePath, Identity, IdpChoice, IdpName, InstanceName, Problem, Purpose, RequestOptions, SignedIn,
    Target,
};

use super::{Before, Cause, InstanceChoice, InstanceUse, SignIn, SignInError, Standing, Start};

/// For how long an authentication that was forced for the console opens it.
const FORCED_CONSOLE_LASTS: Duration = Duration::from_hours(1);

/// What an administrator sees first.
#[derive(Debug, Clone)]
pub struct ConsoleView {
    /// The instances, in the order of the start page.
    pub instances: Vec<InstanceChoice>,
    /// The identity providers.
    pub idps: Vec<IdpView>,
    /// What is kept of each instance, and how its calls stand.
    pub in_use: Vec<InstanceUse>,
    /// What ends soon or can't work, each with the key that it is about.
    pub warnings: Vec<Problem>,
}

/// One identity provider.
#[derive(Debug, Clone)]
pub struct IdpView {
    /// Its names.
    pub idp: IdpChoice,
    /// Whether its metadata is there.
    pub has_metadata: bool,
    /// Until when that may be used, when it says so.
    pub metadata_until: Option<OffsetDateTime>,
    /// When the last of its signing certificates ends, when that is known.
    pub keys_end: Option<OffsetDateTime>,
    /// When its metadata was last read from its URL, or found unchanged; `None`: never, or it is a file's.
    pub read_at: Option<OffsetDateTime>,
}

impl SignIn {
    /// Whether this person is an administrator, by the conditions in force.
    ///
    /// # Errors
    /// [`Cause::NotAdmin`], with a reason for the audit line.
    pub async fn check_admin(&self, identity: &Identity) -> Result<(), SignInError> {
        let admins = self.parts.admins.clone();
        let admins = admins.ok_or_else(|| Cause::NotAdmin("there is no console".to_owned()))?;
        let checked = if admins.has_expressions() {
            let identity = identity.clone();
            self.parts.rules.compute(move |rules| admins.check(&identity, rules)).await?
        } else {
            admins.check(identity, &self.rules())
        };
        Ok(checked.map_err(Cause::NotAdmin)?)
    }

    /// Whether this session is as good as the identity provider's own settings want it for the console: one that was
    /// good enough for an instance need not be.
    #[must_use]
    pub fn may_see_console(&self, signed_in: &SignedIn) -> bool {
        let identity = &signed_in.identity;
        let Ok(requested) = self.parts.saml.requested(&identity.idp, &RequestOptions::default()) else {
            return false;
        };
        let is_fresh = || {
            signed_in.forced_for_console && self.parts.clock.now() < signed_in.since + FORCED_CONSOLE_LASTS
        };
        requested.accepts(identity) && (!requested.force_authn || is_fresh())
    }

    /// Sends a browser to an identity provider of administrators, from where it comes back to `page`.
    ///
    /// # Errors
    /// Unknown names, metadata that is not there yet, or a store that can't remember the request.
    pub async fn start_console(
        &self,
        page: ConsolePath,
        idp: Option<&IdpName>,
        browser_secret: &str,
        before: Before<'_>,
    ) -> Result<Start, SignInError> {
        let may =
            |name: &IdpName| self.parts.admins.as_ref().is_some_and(|admins| admins.may_come_from(name));
        let idps: Vec<IdpName> =
            self.parts.idps.iter().map(|idp| idp.name.clone()).filter(|name| may(name)).collect();
        let options = RequestOptions::default();
        let purpose = Purpose::SignIn(Target::Console(page));
        self.leave_for(purpose, (&idps, idp), &options, browser_secret, before).await
    }

    /// What an administrator sees first.
    #[must_use]
    pub fn console_view(&self) -> ConsoleView {
        let idp = |choice: &IdpChoice| {
            let ends = self.parts.saml.metadata_ends(&choice.name);
            IdpView {
                idp: choice.clone(),
                has_metadata: ends.is_some(),
                metadata_until: ends.and_then(|(until, _)| until),
                keys_end: ends.and_then(|(_, keys)| keys),
                read_at: self.parts.saml.metadata_read_at(&choice.name),
            }
        };
        let told = |(name, standing): (InstanceName, Standing)| {
            Some(Problem::new(format!("instance.{name}"), standing.warning()?))
        };
        let instances = self.standings().into_iter().filter_map(told);
        ConsoleView {
            instances: self.choices(),
            idps: self.parts.idps.iter().map(idp).collect(),
            in_use: self.in_use(),
            warnings: self.parts.saml.warnings().into_iter().chain(instances).collect(),
        }
    }
}
