//! Names of records: nothing in Redis tells a session, a person or a relay state.

use sha2::{Digest as _, Sha256};

/// The version of everything that is kept. What another version of the gateway can't read has another name.
pub(super) const VERSION: &str = "cg1";

/// The name of one record: `cg1:<prefix>:<kind>:{<tag>}`, then `:<part>` where one thing has several records. A cluster
/// keeps all records with the same tag at the same node, so that one script may use them.
/// <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name(String);

impl Name {
    /// Something that there is once.
    pub(super) fn of_one(prefix: &str, kind: &str) -> Self {
        Self::tagged(prefix, kind, kind)
    }

    /// Something found by an identifier that nobody can guess: a random one of our own making, or a digest of one.
    pub(super) fn of_random(prefix: &str, kind: &str, id: &[u8]) -> Self {
        Self::tagged(prefix, kind, &tag(Sha256::digest(id).into()))
    }

    /// With a tag that tells nothing.
    pub(super) fn tagged(prefix: &str, kind: &str, tag: &str) -> Self {
        Self(format!("{VERSION}:{prefix}:{kind}:{{{tag}}}"))
    }

    /// Another record of the same thing, at the same node.
    pub(super) fn part(&self, part: &str) -> Self {
        Self(format!("{}:{part}", self.0))
    }

    /// As Redis knows it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// 160 bits are more than anybody can search.
pub(super) fn tag(digest: [u8; 32]) -> String {
    hex::encode(&digest[..20])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_version_a_prefix_a_kind_and_a_tag_that_its_parts_share() {
        let name = Name::of_random("prod", "pending", b"id");
        let hash = "{a56145270ce6b3bebd1dd012b73948677dd618d4}";
        assert_eq!(name.as_str(), format!("cg1:prod:pending:{hash}"));
        assert_eq!(name.part("taken").as_str(), format!("cg1:prod:pending:{hash}:taken"));
    }
}
