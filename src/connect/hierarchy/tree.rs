//! An instance's hierarchy as it is.

use std::collections::BTreeMap;

use crate::model::HierarchyPath;

/// An instance's levels and groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Names of the levels, top first.
    pub levels: Vec<String>,
    /// Groups by id.
    pub groups: BTreeMap<String, Group>,
}

/// A hierarchy group. Its parent never changes: Connect has no operation for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Id of the group above it; `None` at the top.
    pub parent: Option<String>,
}

impl Tree {
    /// The names from the top down to this group; empty when there is none.
    #[must_use]
    pub fn path(&self, id: &str) -> HierarchyPath {
        let above = |group: &&Group| group.parent.as_ref().and_then(|parent| self.groups.get(parent));
        let lineage = std::iter::successors(self.groups.get(id), above).take(HierarchyPath::DEEPEST);
        let mut names: Vec<String> = lineage.map(|group| group.name.clone()).collect();
        names.reverse();
        HierarchyPath(names)
    }

    /// Every group with its path: parents before children, siblings by name.
    #[must_use]
    pub fn in_order(&self) -> Vec<(HierarchyPath, &str)> {
        let mut groups: Vec<_> = self.groups.keys().map(|id| (self.path(id), id.as_str())).collect();
        groups.sort();
        groups
    }

    /// The group of this name below `parent`, or at the top.
    pub(super) fn child(&self, parent: Option<&str>, name: &str) -> Option<&str> {
        let mut groups = self.groups.iter();
        let found = groups.find(|(_, group)| group.parent.as_deref() == parent && group.name == name);
        found.map(|(id, _)| id.as_str())
    }

    /// Ids of the groups right below this one.
    pub(super) fn children<'t>(&'t self, id: &'t str) -> impl Iterator<Item = &'t str> {
        let below = self.groups.iter().filter(move |(_, group)| group.parent.as_deref() == Some(id));
        below.map(|(id, _)| id.as_str())
    }
}
