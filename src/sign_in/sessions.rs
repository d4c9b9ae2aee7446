//! Who is inside, for whoever runs the gateway, and ending that.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{Identity, InstanceName, Patience, SignedIn, UserId, Username};

use super::{Instance, SignIn, SignInError, SignedOut};

/// How long a person who signs out may wait for AWS.
const SIGN_OUT_PATIENCE: Duration = Duration::from_secs(5);

/// A user whose sessions in Amazon Connect are to end.
struct Ending {
    instance: InstanceName,
    username: Username,
    /// Where it is known without asking.
    id: Option<UserId>,
}

/// A user, in one instance or in all of them.
#[derive(Clone)]
pub struct Who {
    /// The name in Amazon Connect.
    pub username: Username,
    /// `None`: in every instance.
    pub instance: Option<InstanceName>,
}

/// Where a session has been handed over to.
pub struct Entered {
    /// The instance.
    pub instance: InstanceName,
    /// The user's name there.
    pub username: Username,
    /// Whether a federation token of that user is kept.
    pub has_token: bool,
}

impl SignIn {
    /// Checks that there is such an instance, where one is named.
    ///
    /// # Errors
    /// When there is none.
    pub fn check_known(&self, who: &Who) -> Result<(), SignInError> {
        who.instance.as_ref().map_or(Ok(()), |name| self.instance(name).map(drop))
    }

    /// Where each of these sessions has been handed over to, and as whom. Not what its browser was handed over to before.
    pub async fn entered(&self, sessions: &[&SignedIn]) -> Vec<Vec<Entered>> {
        let mut all = Vec::new();
        for signed_in in sessions {
            let mut entered = Vec::new();
            for (instance, username) in &signed_in.own {
                let has_token = match self.instance(instance) {
                    Ok(instance) => instance.federation.has_token(username).await,
                    Err(_) => false,
                };
                entered.push(Entered { instance: instance.clone(), username: username.clone(), has_token });
            }
            all.push(entered);
        }
        all
    }

    /// Whether this session is that user's: handed over as them, or, where it has not got that far, of a person whom the
    /// rules make them. What differs in case only counts there: Connect has not been asked yet whose name it is, and
    /// signing in once more costs a person little.
    pub async fn is_of(&self, signed_in: &SignedIn, who: &Who) -> bool {
        let sections = self.sections_of(who);
        let mut names = sections.iter().flat_map(|section| names_in(signed_in, &section.name));
        let is_spelled_out = names.clone().any(|name| name.folded() == who.username.folded());
        if is_spelled_out {
            return names.any(|name| *name == who.username);
        }
        for section in sections {
            if self.would_be(&signed_in.identity, section, &who.username).await {
                return true;
            }
        }
        false
    }

    async fn would_be(&self, identity: &Identity, instance: &Instance, username: &Username) -> bool {
        instance.idps.contains(&identity.idp)
            && self
                .place(identity, &instance.name)
                .await
                .is_ok_and(|(placement, _)| placement.username.folded() == username.folded())
    }

    /// Forgets what is kept of the user: tokens, and that they were found in place. Whoever comes as them is looked at
    /// anew.
    pub async fn forget_user(&self, who: &Who) {
        for instance in self.sections_of(who) {
            self.drop_token(instance, &who.username).await;
            instance.connect.forget_name(&who.username).await;
        }
    }

    /// Ends the sessions that Amazon Connect keeps of the user, instance by instance: whether there was such a user, or why
    /// it could not be done.
    pub async fn end_in_connect(
        &self,
        who: &Who,
        patience: Patience,
    ) -> Vec<(InstanceName, Result<bool, SignInError>)> {
        let mut ended = Vec::new();
        for instance in self.instances_of(who) {
            let outcome = instance.connect.end_sessions(&who.username, patience).await;
            ended.push((instance.name.clone(), outcome.map_err(SignInError::from)));
        }
        ended
    }

    /// Ends what we can end: tokens here and now, and in Amazon Connect where the instance is configured so. Else each
    /// instance's own session is left to the browser; so are those of people who used it before: they may sit elsewhere.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> SignedOut {
        let ending = self.ending_in_connect(signed_in);
        self.forget(signed_in).await;
        let ended = self.end_entered(ending).await;
        let is_left = |entered: &(InstanceName, Username)| {
            !ended.contains(&entered.0) || !signed_in.own.contains(entered)
        };
        self.ways_out(|name| {
            signed_in.handed_over.iter().any(|entered| entered.0 == *name && is_left(entered))
        })
    }

    /// Whose sessions a sign-out ends in Amazon Connect, with their ids as far as they are known.
    fn ending_in_connect(&self, signed_in: &SignedIn) -> Vec<Ending> {
        let now = self.parts.clock.now();
        let ends = |instance: &Instance| instance.end_connect_sessions;
        let ending = |(instance, username): &(InstanceName, Username)| {
            self.instance(instance).ok().filter(|instance| ends(instance))?;
            let present = self.people.find(instance, username, now);
            Some(Ending {
                instance: instance.clone(),
                username: username.clone(),
                id: present.map(|present| present.user.id),
            })
        };
        signed_in.own.iter().filter_map(ending).collect()
    }

    /// Ends them, and says in which instances that was done. What fails is logged: the sign-out itself is none the worse.
    async fn end_entered(&self, ending: Vec<Ending>) -> BTreeSet<InstanceName> {
        let (mut ended, mut failed) = (BTreeSet::new(), BTreeSet::new());
        for Ending { instance: name, username, id } in ending {
            let Ok(instance) = self.instance(&name) else { continue };
            let patience = Patience::lasting(SIGN_OUT_PATIENCE);
            let outcome = match &id {
                Some(id) => instance.connect.end_sessions_of(id, patience).await,
                None => instance.connect.end_sessions(&username, patience).await,
            };
            match outcome {
                Ok(true) => _ = ended.insert(name),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(instance = %name, cause = %error, "a session in Amazon Connect may live on");
                    failed.insert(name);
                }
            }
        }
        &ended - &failed
    }

    /// Every section of the instance that is meant: each is a way in to the same users.
    fn sections_of(&self, who: &Who) -> Vec<&Instance> {
        let meant = self.instances_of(who);
        let is_one = |section: &&Instance| meant.iter().any(|one| one.connect.is_same(&section.connect));
        self.parts.instances.iter().filter(is_one).collect()
    }

    fn instances_of(&self, who: &Who) -> Vec<&Instance> {
        let is_meant = |name: &InstanceName| who.instance.as_ref().is_none_or(|wanted| wanted == name);
        self.parts.instances.iter().filter(|instance| is_meant(&instance.name)).collect()
    }
}

/// As whom a session has been handed over to this instance.
fn names_in<'s>(
    signed_in: &'s SignedIn,
    instance: &'s InstanceName,
) -> impl Iterator<Item = &'s Username> + Clone {
    signed_in.own.iter().filter(move |(name, _)| name == instance).map(|(_, username)| username)
}
