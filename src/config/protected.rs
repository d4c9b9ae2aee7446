//! `[protected]`: names that are never signed in and never granted.

use crate::model::ProtectedNames;

use super::section::Section;

pub(super) fn read(section: &mut Section<'_>) -> ProtectedNames {
    let usernames = names(section, "usernames");
    let security_profiles = names(section, "security_profiles");
    ProtectedNames::new(usernames, security_profiles)
}

/// A list adds to `Admin`; only an empty list protects nothing.
fn names(section: &mut Section<'_>, key: &str) -> Vec<String> {
    let mut names = section.texts(key).unwrap_or_else(|| vec!["Admin".to_owned()]);
    section.usual(key, vec!["Admin"]);
    if names.is_empty() {
        section.warning(key, "is empty: the gateway signs in and grants Admin like any other name");
    } else {
        names.push("Admin".to_owned());
    }
    names
}
