//! What tells one person from others, on its way to a log.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Random, Secret};

/// Shortest key that is taken, in bytes.
pub const SHORTEST_KEY: usize = 16;

/// What becomes of user names, subjects and client addresses in logs and audit lines.
#[derive(Clone, Default)]
pub struct PersonalData(Policy);

#[derive(Clone, Default)]
enum Policy {
    #[default]
    Drop,
    Hash(Arc<Secret>),
    Plain,
}

impl PersonalData {
    /// They are left out.
    #[must_use]
    pub fn dropped() -> Self {
        Self(Policy::Drop)
    }

    /// They are written as they are.
    #[must_use]
    pub fn plain() -> Self {
        Self(Policy::Plain)
    }

    /// Their HMAC is written: the same person is the same text, and whoever has no key can't try names out.
    #[must_use]
    pub fn hashed(key: Secret) -> Self {
        Self(Policy::Hash(Arc::new(key)))
    }

    /// The same with a key that ends with this process.
    #[must_use]
    pub fn hashed_until_the_end(random: &dyn Random) -> Self {
        let mut key = [0_u8; 32];
        random.fill(&mut key);
        Self::hashed(Secret::new(hex::encode(key)))
    }

    /// What may be written of this value: nothing, the first half of its HMAC-SHA-256 in hex, or itself.
    #[must_use]
    pub fn shown(&self, value: &str) -> Option<String> {
        match &self.0 {
            Policy::Drop => None,
            Policy::Plain => Some(value.to_owned()),
            Policy::Hash(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
                mac.update(value.as_bytes());
                Some(hex::encode(&mac.finalize().into_bytes()[..16]))
            }
        }
    }
}

impl fmt::Debug for PersonalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Policy::Drop => "drop",
            Policy::Hash(_) => "hash",
            Policy::Plain => "plain",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SystemRandom;

    #[test]
    fn a_value_is_dropped_unless_something_else_is_chosen() {
        assert_eq!(PersonalData::default().shown("alice"), None);
        assert_eq!(PersonalData::plain().shown("alice").as_deref(), Some("alice"));
    }

    #[test]
    fn a_hash_is_the_same_for_the_same_person_and_key_alone() {
        let key = || PersonalData::hashed(Secret::new("0123456789abcdef".to_owned()));
        let alice = key().shown("alice").unwrap();
        assert_eq!(key().shown("alice").unwrap(), alice);
        assert!(alice.len() == 32 && alice.bytes().all(|byte| byte.is_ascii_hexdigit()), "{alice}");
        assert_ne!(key().shown("bob").unwrap(), alice);
        assert_ne!(PersonalData::hashed_until_the_end(&SystemRandom).shown("alice").unwrap(), alice);
    }
}
