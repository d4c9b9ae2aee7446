//! What AWS says about an instance, for a check before deployment.

use aws_sdk_connect::types::{DirectoryType, Instance, InstanceStatus};

/// An instance as `DescribeInstance` tells it.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstance.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceReport {
    /// `InstanceAlias`.
    pub alias: Option<String>,
    /// `InstanceAccessUrl`: what an instance's `url` in the configuration should be.
    pub access_url: Option<String>,
    /// `IdentityManagementType`: must be `SAML`.
    pub identity_management: Option<String>,
    /// `InstanceStatus`: must be `ACTIVE`.
    pub status: Option<String>,
}

impl InstanceReport {
    pub(super) fn of(instance: Option<Instance>) -> Self {
        let Some(instance) = instance else {
            return Self { alias: None, access_url: None, identity_management: None, status: None };
        };
        Self {
            alias: instance.instance_alias,
            access_url: instance.instance_access_url,
            identity_management: instance.identity_management_type.map(|kind| kind.as_str().to_owned()),
            status: instance.instance_status.map(|status| status.as_str().to_owned()),
        }
    }

    /// What keeps people from being federated into this instance, in words for its administrator.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let expected = [
            ("identity management type", &self.identity_management, DirectoryType::Saml.as_str().to_owned()),
            ("status", &self.status, InstanceStatus::Active.as_str().to_owned()),
        ];
        expected
            .into_iter()
            .filter(|(_, found, wanted)| found.as_ref() != Some(wanted))
            .map(|(what, found, wanted)| {
                let found = found.as_deref().unwrap_or("not given");
                format!("the instance's {what} is {found}, but must be {wanted}")
            })
            .collect()
    }
}
