//! Names and identifiers that must not be confused with one another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// An identity provider's name: the key of its `[idp.<name>]` table.
    IdpName
}
text_id! {
    /// An instance's name: the key of its `[instance.<name>]` table, and the segment in `/go/<name>`.
    InstanceName
}
text_id! {
    /// A destination's name: a key of an instance's `destinations`, and the segment in `/go/<instance>/<name>`.
    Destination
}
text_id! {
    /// The `ID` of one of our requests: `_` and 160 random bits in hex.
    RequestId
}
text_id! {
    /// What a person reads to support so that one sign-in can be found in the audit log.
    SupportId
}
text_id! {
    /// Finds what became of one test sign-in.
    TestId
}
text_id! {
    /// A Connect user's id.
    UserId
}

/// The id of a session of ours: whoever holds it holds the session, so `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// Wraps the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id, for the session store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// A Connect user name, in the spelling it is used with. Case-sensitive in Connect.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

/// Why a text can't be the name of a Connect user that is federated by role session name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUsername {
    /// Shorter than 2 or longer than 64 characters (STS `RoleSessionName`).
    #[error("a user name has 2 to 64 characters")]
    Length,
    /// Something outside what STS and Connect both allow.
    #[error("a user name has only letters, digits and _ . - @")]
    Character,
    /// `@` outside a complete e-mail address.
    #[error("a user name with @ must be a complete e-mail address")]
    Email,
}

impl Username {
    /// Accepts what both `AssumeRole` (`RoleSessionName`: 2-64 of `[\w+=,.@-]`) and `CreateUser` on a
    /// SAML instance (64 of `[a-zA-Z0-9_-.\@]`, `@` only in an e-mail address) accept.
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>,
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/API_CreateUser.html>
    ///
    /// # Errors
    /// [`BadUsername`] says which of the rules is broken.
    pub fn new(text: impl Into<String>) -> Result<Self, BadUsername> {
        let text = text.into();
        if !(2..=64).contains(&text.len()) {
            return Err(BadUsername::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-@".contains(&b)) {
            return Err(BadUsername::Character);
        }
        if text.contains('@') && !is_email(&text) {
            return Err(BadUsername::Email);
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is compared when case must not matter.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// `local@host.tld`: one `@`, and a dot inside the host that is neither first nor last.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    !local.is_empty()
        && !host.contains('@')
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
}

/// A person's name in Connect is personal data: `Debug` does not print it.
impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Username(..)")
    }
}

/// The ARN of a Connect instance: `arn:<partition>:connect:<region>:<account>:instance/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceArn {
    /// `aws` or `aws-us-gov`.
    pub partition: String,
    /// Region code.
    pub region: String,
    /// Account that owns the instance.
    pub account: String,
    /// The instance id.
    pub id: String,
}

/// The text is not the ARN of a Connect instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a Connect instance (arn:aws:connect:<region>:<account>:instance/<id>)")]
pub struct BadInstanceArn;

impl FromStr for InstanceArn {
    type Err = BadInstanceArn;

    fn from_str(text: &str) -> Result<Self, BadInstanceArn> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "connect", region, account, resource] = parts[..] else {
            return Err(BadInstanceArn);
        };
        let id = resource.strip_prefix("instance/").ok_or(BadInstanceArn)?;
        let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !(plain(partition) && plain(region) && account_ok && plain(id) && id.len() <= 100) {
            return Err(BadInstanceArn);
        }
        Ok(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for InstanceArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, id } = self;
        write!(f, "arn:{partition}:connect:{region}:{account}:instance/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_that_sts_and_connect_both_take_are_accepted() {
        for name in ["ab", "alice", "Alice.O-Neil_2", "alice@example.org", &"x".repeat(64)] {
            assert!(Username::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn usernames_that_either_refuses_are_refused() {
        for (name, why) in [
            ("a", BadUsername::Length),
            ("", BadUsername::Length),
            (&*"x".repeat(65), BadUsername::Length),
            ("a+b", BadUsername::Character),
            (r"acme\alice", BadUsername::Character),
            ("al ice", BadUsername::Character),
            ("ünal", BadUsername::Character),
            ("alice@example", BadUsername::Email),
            ("a@b@c.d", BadUsername::Email),
            ("@c.d", BadUsername::Email),
            ("a@c.", BadUsername::Email),
        ] {
            assert_eq!(Username::new(name), Err(why), "{name}");
        }
    }

    #[test]
    fn an_instance_arn_reads_back_as_it_was_written() {
        let text =
            "arn:aws-us-gov:connect:us-gov-west-1:123456789012:instance/10a4c4eb-f57e-4d4c-b602-bf39176ced07";
        assert_eq!(text.parse::<InstanceArn>().map(|arn| arn.to_string()).as_deref(), Ok(text));
        for bad in [
            "",
            "arn:aws:iam::123456789012:role/x",
            "arn:aws:connect:eu-west-2:12:instance/x",
            "arn:aws:connect:eu-west-2:123456789012:instance/a/b",
        ] {
            assert_eq!(bad.parse::<InstanceArn>(), Err(BadInstanceArn), "{bad}");
        }
    }
}
