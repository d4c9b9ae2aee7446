//! The identity provider's answer as AWS must see it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use time::{Duration, OffsetDateTime};

use super::{Identity, Secret, Username};

/// The attribute with the pairs of role and provider.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html>
const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
/// The attribute with the name of the role session.
const ROLE_SESSION_NAME: &str = "https://aws.amazon.com/SAML/Attributes/RoleSessionName";
/// AWS takes an answer for five minutes after it was issued.
const GOOD_FOR: Duration = Duration::minutes(5);

/// A verified answer, with what its verified bytes say for AWS. Whoever holds one can get the person's credentials: it
/// can't be copied or written down, `Debug` prints nothing of it, and it is wiped when dropped.
pub struct OriginalAnswer {
    saml_response: Secret,
    issued: OffsetDateTime,
    session_end: Option<OffsetDateTime>,
    roles: Vec<String>,
    session_names: Vec<String>,
    is_used: AtomicBool,
}

/// Why AWS can't read an answer that we can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It was encrypted for us.
    #[error("its assertion is encrypted for the gateway, and AWS has no key for it")]
    Encrypted,
    /// It came by artifact, and nothing inside the envelope is signed.
    #[error("nothing but the ArtifactResponse around it is signed, and AWS never sees that")]
    Unsigned,
}

impl OriginalAnswer {
    /// `saml_response` is the base64 of the answer that `identity` was read from; line breaks in it don't count.
    #[must_use]
    pub fn new(saml_response: &Secret, issued: OffsetDateTime, identity: &Identity) -> Self {
        let values = |name| identity.attributes.get(name).cloned().unwrap_or_default();
        let whole = saml_response.expose().split_ascii_whitespace();
        Self {
            saml_response: Secret::new(whole.collect::<String>()),
            issued,
            session_end: identity.session_not_on_or_after,
            roles: values(ROLE),
            session_names: values(ROLE_SESSION_NAME),
            is_used: AtomicBool::new(false),
        }
    }

    /// `SAMLAssertion` of `AssumeRoleWithSAML`, for that one call.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.saml_response.expose()
    }

    /// Uses it, for the one time that it is good for. `false` when it was used before.
    #[must_use]
    pub fn begin_use(&self) -> bool {
        !self.is_used.swap(true, Ordering::SeqCst)
    }

    /// It was not shown to anybody after all.
    pub fn stay_unused(&self) {
        self.is_used.store(false, Ordering::SeqCst);
    }

    /// Until when AWS takes it.
    #[must_use]
    pub fn good_until(&self) -> OffsetDateTime {
        self.issued + GOOD_FOR
    }

    /// When the identity provider ends the session that it speaks of, if it says so.
    #[must_use]
    pub fn session_end(&self) -> Option<OffsetDateTime> {
        self.session_end
    }

    /// Whether it lets this role be assumed through this provider.
    #[must_use]
    pub fn names_role(&self, role_arn: &str, provider_arn: &str) -> bool {
        self.roles.iter().any(|pair| pair.split_once(',') == Some((role_arn, provider_arn)))
    }

    /// Whether it names the role session exactly so, and nothing else.
    #[must_use]
    pub fn names_session(&self, username: &Username) -> bool {
        matches!(&self.session_names[..], [only] if only == username.as_str())
    }
}

impl Drop for OriginalAnswer {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.session_names.zeroize();
    }
}

impl fmt::Debug for OriginalAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginalAnswer(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::IdpName;

    const ARNS: (&str, &str) =
        ("arn:aws:iam::123456789012:role/connect", "arn:aws:iam::123456789012:saml-provider/idp");

    fn answer(attribute: &str, values: &[&str]) -> OriginalAnswer {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let identity = Identity {
            idp: IdpName::new("acme"),
            issuer: "https://idp.test".to_owned(),
            name_id: None,
            session_index: None,
            authn_context: None,
            authn_instant: OffsetDateTime::UNIX_EPOCH,
            session_not_on_or_after: None,
            attributes: BTreeMap::from([(attribute.to_owned(), values)]),
        };
        OriginalAnswer::new(&Secret::new("the answer"), OffsetDateTime::UNIX_EPOCH, &identity)
    }

    #[test]
    fn it_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", answer(ROLE_SESSION_NAME, &["ada"])), "OriginalAnswer(..)");
    }

    #[test]
    fn exactly_one_session_name_that_is_the_users_own_is_taken() {
        let ada = Username::new("ada").unwrap();
        assert!(answer(ROLE_SESSION_NAME, &["ada"]).names_session(&ada));
        for names in [&[][..], &["Ada"], &["ada "], &["ada", "ada"], &["ada", "root.ish"], &["root.ish"]] {
            assert!(!answer(ROLE_SESSION_NAME, names).names_session(&ada), "{names:?}");
        }
        let elsewhere = answer("https://aws.amazon.com/SAML/Attributes/rolesessionname", &["ada"]);
        assert!(!elsewhere.names_session(&ada));
    }

    #[test]
    fn a_role_counts_with_its_provider_only() {
        let (role, provider) = ARNS;
        let pair = format!("{role},{provider}");
        assert!(answer(ROLE, &["arn:x,arn:y", &pair]).names_role(role, provider));
        let others =
            [role.to_owned(), provider.to_owned(), format!("{provider},{role}"), format!("{pair},{pair}")];
        for other in others.into_iter().chain([format!("{role}s,{provider}"), format!("{role},{provider}s")])
        {
            assert!(!answer(ROLE, &[&other]).names_role(role, provider), "{other}");
        }
    }
}
