//! A user as changes leave it. Pure.

use super::{Change, NewUser, UserFields};

impl UserFields {
    /// The same user after `changes`, as the API describes what each of their calls does.
    pub(in crate::connect) fn after(mut self, changes: Vec<Change>) -> Self {
        for change in changes {
            match change {
                Change::SecurityProfiles(ids) => self.security_profiles = ids,
                Change::RoutingProfile(id) => self.routing_profile = Some(id),
                Change::Hierarchy(id) => self.hierarchy_group = Some(id),
                // An address that is not sent because instances that use SAML refuse it is none of theirs.
                Change::IdentityInfo(identity) => self.identity = self.identity.overlaid(identity),
                Change::PhoneConfig(phone) => self.phone = Some(phone),
                Change::ChannelConfigs(lists) => self.channels = self.channels.replaced(lists),
                Change::Tags(tags) => self.tags.extend(tags),
                Change::Disassociate(gone) => self.proficiencies.retain(|held, _| !gone.contains(held)),
                Change::UpdateProficiencies(levels) | Change::Associate(levels) => {
                    self.proficiencies.extend(levels);
                }
            }
        }
        self
    }
}

impl From<NewUser> for UserFields {
    fn from(user: NewUser) -> Self {
        Self {
            identity: user.identity,
            security_profiles: user.security_profiles,
            routing_profile: Some(user.routing_profile),
            hierarchy_group: user.hierarchy_group,
            phone: user.phone,
            channels: user.channels,
            tags: user.tags,
            proficiencies: user.proficiencies,
        }
    }
}
