//! Who calls.

use time::OffsetDateTime;

use super::policy::{Policy, Wish};

/// An access key and whose it is.
#[derive(Debug, Clone)]
pub(super) struct AccessKey {
    pub(super) secret: String,
    /// Sent along with temporary keys.
    pub(super) session_token: Option<String>,
    /// End of temporary keys.
    pub(super) expires: Option<OffsetDateTime>,
    pub(super) principal: Principal,
}

/// An identity.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) account: String,
    pub(super) arn: String,
    /// Value of `aws:userid`.
    pub(super) user_id: String,
    pub(super) root: bool,
    /// All of them must allow a call: a role's own policy and the session policy.
    pub(super) policies: Vec<Policy>,
    /// Present when the identity is a role session.
    pub(super) session: Option<RoleSession>,
}

/// A role session.
#[derive(Debug, Clone)]
pub(super) struct RoleSession {
    pub(super) role_arn: String,
    pub(super) name: String,
    pub(super) source_identity: Option<String>,
}

impl Principal {
    /// Whether every policy allows it.
    pub(super) fn may(&self, action: &str, resource: &str, instance_id: Option<&str>) -> bool {
        let wish = Wish { action, resource, instance_id, user_id: &self.user_id };
        self.root || self.policies.iter().all(|policy| policy.allows(&wish))
    }

    /// ARN of the user, or of the role whose session it is.
    pub(super) fn own_arn(&self) -> &String {
        self.session.as_ref().map_or(&self.arn, |session| &session.role_arn)
    }

    /// The sentence IAM refuses with.
    pub(super) fn refusal(&self, action: &str, resource: &str) -> String {
        format!("User: {} is not authorized to perform: {action} on resource: {resource}", self.arn)
    }

    /// Session name, or the ARN of a base identity.
    pub(super) fn label(&self) -> &str {
        self.session.as_ref().map_or(&self.arn, |session| &session.name)
    }
}
