//! Changes, one call each.

use super::{Calls, Error};
use crate::connect::forgotten::Turns;
use crate::connect::plan::{Change, ChannelConfigs, NewUser};
use crate::connect::wire;

impl Calls {
    /// Creates the user and returns its id. Never sends `Password` or `DirectoryUserId`, which instances
    /// that use SAML refuse. Needs `connect:CreateUser`, and `connect:TagResource` where there are tags.
    pub(in crate::connect) async fn create_user(
        &self,
        user: &NewUser,
        turns: Turns<'_>,
    ) -> Result<Option<String>, Error> {
        let tags = (!user.tags.is_empty()).then(|| user.tags.clone().into_iter().collect());
        let request = self
            .client
            .create_user()
            .instance_id(&self.arn.id)
            .username(user.username.as_str())
            .identity_info(wire::identity_info(&user.identity))
            .set_phone_config(user.phone.as_ref().map(wire::phone_config))
            .set_security_profile_ids(Some(user.security_profiles.iter().cloned().collect()))
            .routing_profile_id(&user.routing_profile)
            .set_hierarchy_group_id(user.hierarchy_group.clone())
            .set_auto_accept_configs(wire::channels::auto_accept(&user.channels))
            .set_after_contact_work_configs(wire::channels::after_contact_work(&user.channels))
            .set_phone_number_configs(wire::channels::phone_number(&user.channels))
            .set_persistent_connection_configs(wire::channels::persistent_connection(&user.channels))
            .set_voice_enhancement_configs(wire::channels::voice_enhancement(&user.channels))
            .set_tags(tags);
        let answer = self.call("CreateUser", turns, || request.clone().send()).await?;
        Ok(answer.user_id)
    }

    /// Makes one change. Each needs the permission named like its operation.
    pub(in crate::connect) async fn apply(
        &self,
        id: &str,
        change: &Change,
        turns: impl Into<Turns<'_>>,
    ) -> Result<(), Error> {
        let turns = turns.into();
        let (instance, operation) = (&self.arn.id, change.operation());
        match change {
            Change::SecurityProfiles(ids) => {
                let request = self.client.update_user_security_profiles().instance_id(instance).user_id(id);
                let request = request.set_security_profile_ids(Some(ids.iter().cloned().collect()));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::RoutingProfile(profile) => {
                let request = self.client.update_user_routing_profile().instance_id(instance).user_id(id);
                let request = request.routing_profile_id(profile);
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::Hierarchy(group) => {
                let request = self.client.update_user_hierarchy().instance_id(instance).user_id(id);
                let request = request.hierarchy_group_id(group);
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::IdentityInfo(identity) => {
                let request = self.client.update_user_identity_info().instance_id(instance).user_id(id);
                let request = request.identity_info(wire::identity_info(identity));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::PhoneConfig(phone) => {
                let request = self.client.update_user_phone_config().instance_id(instance).user_id(id);
                let request = request.phone_config(wire::phone_config(phone));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::ChannelConfigs(configs) => self.update_config(id, configs, turns).await?,
            Change::Tags(tags) => {
                let arn = format!("{}/agent/{id}", self.arn);
                let request = self.client.tag_resource().resource_arn(arn);
                let request = request.set_tags(Some(tags.clone().into_iter().collect()));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::Disassociate(gone) => {
                let request = self.client.disassociate_user_proficiencies().instance_id(instance).user_id(id);
                let request = request.set_user_proficiencies(Some(wire::disassociated(gone)));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::UpdateProficiencies(held) => {
                let request = self.client.update_user_proficiencies().instance_id(instance).user_id(id);
                let request = request.set_user_proficiencies(Some(wire::user_proficiencies(held)));
                self.call(operation, turns, || request.clone().send()).await?;
            }
            Change::Associate(missing) => {
                let request = self.client.associate_user_proficiencies().instance_id(instance).user_id(id);
                let request = request.set_user_proficiencies(Some(wire::user_proficiencies(missing)));
                self.call(operation, turns, || request.clone().send()).await?;
            }
        }
        Ok(())
    }

    async fn update_config(&self, id: &str, configs: &ChannelConfigs, turns: Turns<'_>) -> Result<(), Error> {
        let request = self
            .client
            .update_user_config()
            .instance_id(&self.arn.id)
            .user_id(id)
            .set_auto_accept_configs(wire::channels::auto_accept(configs))
            .set_after_contact_work_configs(wire::channels::after_contact_work(configs))
            .set_phone_number_configs(wire::channels::phone_number(configs))
            .set_persistent_connection_configs(wire::channels::persistent_connection(configs))
            .set_voice_enhancement_configs(wire::channels::voice_enhancement(configs));
        self.call("UpdateUserConfig", turns, || request.clone().send()).await.map(drop)
    }
}
