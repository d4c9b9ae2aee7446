//! Sessions by the names that an identity provider has for them: a logout request may come without any cookie.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::{IdpName, NameId, SessionId, StateUnavailable};

/// `Format` when none is sent. SAML core 2.2.2, 8.3.1.
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// One subject of one identity provider: a digest, so that a store holds no name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    /// The subject called `name_id` by `idp`, which calls itself `issuer`, octet for octet. Metadata says what an identity
    /// provider calls itself; our own name for it keeps two apart that say the same. What is absent counts as what it defaults to: the
    /// unspecified format, the issuer as `NameQualifier`, and `ours`, our entity id, as `SPNameQualifier`.
    /// SAML core 2.2.2, 8.3.7.
    #[must_use]
    pub fn new(idp: &IdpName, issuer: &str, name_id: &NameId, ours: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [
            idp.as_str(),
            issuer,
            &name_id.value,
            name_id.format.as_deref().unwrap_or(UNSPECIFIED),
            name_id.name_qualifier.as_deref().unwrap_or(issuer),
            name_id.sp_name_qualifier.as_deref().unwrap_or(ours),
        ] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The key's bytes, for a store that needs them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectKey(..)")
    }
}

/// Shared state: which sessions of ours belong to a subject of an identity provider.
#[async_trait]
pub trait NamedSessions: Send + Sync {
    /// Notes that `session` is `subject`'s, under the identity provider's `session_index`, until it ends.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't keep it; the caller lets nobody in then.
    async fn register(
        &self,
        subject: SubjectKey,
        session_index: Option<String>,
        session: SessionId,
        until: OffsetDateTime,
    ) -> Result<(), StateUnavailable>;

    /// The sessions of `subject` with one of these indexes, or all of them when none is given. A session that was
    /// registered without an index belongs to every index. Some may have ended meanwhile: the session store knows.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store can't tell.
    async fn find(
        &self,
        subject: &SubjectKey,
        session_indexes: &[String],
    ) -> Result<Vec<SessionId>, StateUnavailable>;

    /// Forgets a session that has ended.
    ///
    /// # Errors
    /// [`StateUnavailable`] when the store does not answer; the entry then goes at the session's end.
    async fn remove(&self, subject: &SubjectKey, session: &SessionId) -> Result<(), StateUnavailable>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: &str) -> NameId {
        NameId { value: value.to_owned(), format: None, name_qualifier: None, sp_name_qualifier: None }
    }

    fn key(name: &NameId) -> SubjectKey {
        SubjectKey::new(&IdpName::new("company"), "https://idp.test", name, "https://sp.test")
    }

    #[test]
    fn an_absent_qualifier_or_format_is_its_default() {
        let plain = name("alice");
        let spelled = NameId {
            format: Some(UNSPECIFIED.to_owned()),
            name_qualifier: Some("https://idp.test".to_owned()),
            sp_name_qualifier: Some("https://sp.test".to_owned()),
            ..plain.clone()
        };
        assert_eq!(key(&plain), key(&spelled));
    }

    #[test]
    fn every_part_of_a_name_tells_subjects_apart() {
        let plain = name("alice");
        let other = Some("other".to_owned());
        for different in [
            name("Alice"),
            name("alice "),
            NameId { format: other.clone(), ..plain.clone() },
            NameId { name_qualifier: other.clone(), ..plain.clone() },
            NameId { sp_name_qualifier: other, ..plain.clone() },
        ] {
            assert_ne!(key(&plain), key(&different), "{:?}", different.value);
        }
        let elsewhere =
            SubjectKey::new(&IdpName::new("company"), "https://other.test", &plain, "https://sp.test");
        assert_ne!(key(&plain), elsewhere, "another identity provider's alice is another person");
        let namesake = SubjectKey::new(&IdpName::new("other"), "https://idp.test", &plain, "https://sp.test");
        assert_ne!(key(&plain), namesake, "whatever that one calls itself");
    }
}
