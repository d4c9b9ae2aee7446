//! Who must act when something goes wrong.

use std::time::Duration;

use super::Code;

/// Who has to act before the same request can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The person at the browser: start again, use one browser, allow cookies.
    Person,
    /// The administrator of the gateway or of the contact centre: rules, configuration, Connect set-up.
    Admin,
    /// Whoever runs the identity provider: its keys, clock, attributes or policy.
    IdpOwner,
    /// Amazon Web Services: an outage or a refused call that nobody here caused.
    Aws,
    /// Nobody: the gateway is waiting its turn and will go on by itself.
    Wait,
    /// The gateway itself, or its operator.
    Gateway,
}

impl Blame {
    /// For logs and commands.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Admin => "admin",
            Self::IdpOwner => "idp_owner",
            Self::Aws => "aws",
            Self::Wait => "wait",
            Self::Gateway => "gateway",
        }
    }
}

/// An error that a page and an audit line can be made from.
pub trait Blamed: std::error::Error {
    /// The stable code, its blame and the words a browser may see.
    fn code(&self) -> &'static Code;

    /// How long to wait before the same request is worth repeating, when the error knows it.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// A sentence written by the administrator for the person, such as a deny rule's message.
    fn message_for_person(&self) -> Option<&str> {
        None
    }
}
