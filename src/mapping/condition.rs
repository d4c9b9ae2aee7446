//! When a rule hits.

use std::collections::BTreeSet;

use crate::model::{Identity, IdpName};

/// One thing that must hold for a rule to hit; a rule without conditions always hits.
/// One variant for each kind of condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The person is in at least one of these groups, compared exactly.
    AnyGroup(BTreeSet<String>),
    /// The person comes from one of these identity providers.
    Idp(BTreeSet<IdpName>),
}

impl Condition {
    /// Why it holds, or why it doesn't, in words without any value that is not in the configuration.
    pub(super) fn check(&self, identity: &Identity, groups: &[String]) -> Result<String, String> {
        match self {
            Self::AnyGroup(wanted) => {
                let found = wanted.iter().filter(|group| groups.contains(group)).map(String::as_str);
                match quoted(found) {
                    Some(found) => Ok(format!("in {found}")),
                    None => Err("in none of its groups".to_owned()),
                }
            }
            Self::Idp(wanted) if wanted.contains(&identity.idp) => Ok(format!("from {}", identity.idp)),
            Self::Idp(_) => Err(format!("not for people from {}", identity.idp)),
        }
    }
}

/// `"a", "b"`, or nothing.
fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
