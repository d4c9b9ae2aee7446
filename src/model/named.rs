//! What rules name of an instance.

use std::collections::BTreeSet;

use super::HierarchyPath;

/// Names of an instance's objects that are written out in rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedObjects {
    /// Security profiles.
    pub security_profiles: BTreeSet<String>,
    /// Routing profiles.
    pub routing_profiles: BTreeSet<String>,
    /// Hierarchy groups, by path.
    pub hierarchies: BTreeSet<HierarchyPath>,
}
