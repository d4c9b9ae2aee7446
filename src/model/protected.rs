//! Names that the gateway never signs in as and never grants.

use std::collections::BTreeSet;

/// Whoever may assume the federation role with a free session name can become any Connect user.
/// These names are refused before any such call, whatever the rules say. Compared without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedNames {
    usernames: BTreeSet<String>,
    security_profiles: BTreeSet<String>,
}

impl Default for ProtectedNames {
    /// `Admin`, as a user and as a security profile.
    fn default() -> Self {
        Self::new(["Admin".to_owned()], ["Admin".to_owned()])
    }
}

impl ProtectedNames {
    /// Takes user names and security profile names.
    pub fn new(
        usernames: impl IntoIterator<Item = String>,
        security_profiles: impl IntoIterator<Item = String>,
    ) -> Self {
        let fold = |names: &mut dyn Iterator<Item = String>| names.map(|n| fold(&n)).collect();
        Self {
            usernames: fold(&mut usernames.into_iter()),
            security_profiles: fold(&mut security_profiles.into_iter()),
        }
    }

    /// Whether this user may never be federated.
    #[must_use]
    pub fn is_username(&self, name: &str) -> bool {
        self.usernames.contains(&fold(name))
    }

    /// Whether this security profile may never be granted, nor held by a user that is federated.
    #[must_use]
    pub fn is_security_profile(&self, name: &str) -> bool {
        self.security_profiles.contains(&fold(name))
    }

    /// Users that may never be federated, in lower case.
    pub fn usernames(&self) -> impl Iterator<Item = &str> {
        self.usernames.iter().map(String::as_str)
    }

    /// Whether any security profile is protected at all.
    #[must_use]
    pub fn has_security_profiles(&self) -> bool {
        !self.security_profiles.is_empty()
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_get_around_a_protected_name() {
        let names = ProtectedNames::default();
        for name in ["Admin", "admin", "ADMIN", " aDmin "] {
            assert!(names.is_username(name) && names.is_security_profile(name), "{name}");
        }
        assert!(!names.is_username("administrator") && !names.is_security_profile("Agent"));
    }
}
