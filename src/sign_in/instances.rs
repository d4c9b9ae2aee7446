//! What is in the instances and what a sign-in would change there, for the console. Nothing here changes anything.

use std::time::Duration;

use crate::mapping::Rules;
use crate::model::{IdpName, InstanceName, Patience, Placement, Priority, Problem, UserId};

use super::{SignIn, SignInError};
pub use crate::connect::{
    Fate, GroupListing, GroupNode, InUse, Listed, Listings, Preview, Read, Standing, UserView,
};
use crate::saml::MetadataStanding;

/// How long a page of the console may wait for AWS. What is being read goes on after that, for the next try.
const PATIENCE: Duration = Duration::from_secs(5);

/// People who sign in go first.
fn asked() -> Patience {
    Patience::lasting(PATIENCE).as_urgent_as(Priority::Upkeep)
}

/// What is kept of an instance, and how its calls stand.
#[derive(Debug, Clone)]
pub struct InstanceUse {
    /// Its name in paths.
    pub name: InstanceName,
    /// Its name on pages.
    pub display_name: String,
    /// Of its users, and of calls.
    pub connect: InUse,
    /// Federation tokens that are kept.
    pub tokens: usize,
}

impl SignIn {
    /// How each identity provider's metadata stands.
    #[must_use]
    pub fn metadata_standings(&self) -> Vec<(IdpName, MetadataStanding)> {
        self.parts.saml.metadata_standings()
    }

    /// What a sign-in with this placement would find and do.
    ///
    /// # Errors
    /// An unknown instance, or AWS: one that is to be waited for is worth the same request after its `retry_after`.
    pub async fn preview(
        &self,
        instance: &InstanceName,
        placement: &Placement,
    ) -> Result<Preview, SignInError> {
        let instance = self.instance(instance)?;
        Ok(instance.connect.preview(placement, asked()).await?)
    }

    /// Names that these rules write out and that an instance does not have, each with its instance's key; and instances
    /// that could not be asked in time.
    pub async fn unknown_names(&self, rules: &Rules) -> Vec<Problem> {
        let mut problems = Vec::new();
        for instance in &self.parts.instances {
            let key = format!("instance.{}", instance.name);
            let named = rules.named(&instance.name);
            match instance.connect.unknown_names(&named, asked()).await {
                Ok(unknown) => {
                    problems.extend(unknown.iter().map(|name| Problem::new(&key, name.to_string())));
                }
                Err(error) => {
                    let message =
                        format!("nobody could tell whether it has every name of the rules: {error}");
                    problems.push(Problem::new(&key, message));
                }
            }
        }
        problems
    }

    /// Asks AWS, where it is time, whether people can be federated into the instances as they are configured; answers
    /// what has changed.
    pub async fn look_at_instances(&self) -> Vec<(InstanceName, Standing)> {
        let mut changed = Vec::new();
        for instance in &self.parts.instances {
            changed.extend(instance.connect.look().await.map(|standing| (instance.name.clone(), standing)));
        }
        changed
    }

    /// What AWS said last of each instance.
    #[must_use]
    pub fn standings(&self) -> Vec<(InstanceName, Standing)> {
        let standing = |instance: &super::Instance| (instance.name.clone(), instance.connect.standing());
        self.parts.instances.iter().map(standing).collect()
    }

    /// What an instance has; each part with its own error.
    ///
    /// # Errors
    /// An unknown instance.
    pub async fn listings(&self, instance: &InstanceName) -> Result<Listings, SignInError> {
        Ok(self.instance(instance)?.connect.listings(asked()).await)
    }

    /// One user of an instance; none when there is no such user.
    ///
    /// # Errors
    /// An unknown instance, or AWS.
    pub async fn user(&self, instance: &InstanceName, id: &UserId) -> Result<Option<UserView>, SignInError> {
        Ok(self.instance(instance)?.connect.user(id, asked()).await?)
    }

    /// What is kept of each instance, and how its calls stand. Asks nobody.
    pub(super) fn in_use(&self) -> Vec<InstanceUse> {
        let in_use = |instance: &super::Instance| InstanceUse {
            name: instance.name.clone(),
            display_name: instance.display_name.clone(),
            connect: instance.connect.in_use(),
            tokens: instance.federation.tokens_kept(),
        };
        self.parts.instances.iter().map(in_use).collect()
    }
}
