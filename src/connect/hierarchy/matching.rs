//! Which group of the instance is which group of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::step::Conflict;
use super::tree::Tree;
use super::wanted::{Wanted, WantedGroup};
use crate::model::HierarchyPath;

/// Who is who.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// Ids of the file's groups that are there, by the file's path.
    pub(super) ids: BTreeMap<HierarchyPath, String>,
    /// Groups that are to have another name: the id and the file's path, parents before children.
    pub(super) renamed: Vec<(String, HierarchyPath)>,
    /// Groups that are not there, parents before children.
    pub(super) missing: Vec<HierarchyPath>,
    pub(super) conflicts: Vec<Conflict>,
}

/// What stands above a group of the file.
#[derive(PartialEq, Eq)]
enum Above {
    /// A group that is to be created.
    NotThere,
    /// A group by its id, or the top.
    There(Option<String>),
}

impl Matching {
    /// A group is known by its id, or else by its name below the same parent.
    pub(super) fn of(tree: &Tree, wanted: &Wanted) -> Self {
        let claimed = wanted.ids();
        let mut matching = Self::default();
        for group in &wanted.groups {
            matching.add(tree, group, &claimed);
        }
        matching
    }

    /// Ids of the instance's groups that are not in the file.
    pub(super) fn unlisted(&self, tree: &Tree) -> BTreeSet<String> {
        let listed: BTreeSet<&String> = self.ids.values().collect();
        tree.groups.keys().filter(|id| !listed.contains(id)).cloned().collect()
    }

    fn add(&mut self, tree: &Tree, wanted: &WantedGroup, claimed: &BTreeSet<String>) {
        let Some((name, above)) = wanted.path.0.split_last() else { return };
        let above = self.above(above);
        let found = match (&wanted.id, &above) {
            (Some(id), above) => self.by_id(tree, wanted, id, above),
            (None, Above::NotThere) => None,
            (None, Above::There(parent)) => {
                let found = tree.child(parent.as_deref(), name);
                found.filter(|id| !claimed.contains(*id)).map(str::to_owned)
            }
        };
        let Some(id) = found else { return self.missing.push(wanted.path.clone()) };
        if tree.groups.get(&id).is_some_and(|group| group.name != *name) {
            self.renamed.push((id.clone(), wanted.path.clone()));
        }
        self.ids.insert(wanted.path.clone(), id);
    }

    fn above(&self, names: &[String]) -> Above {
        if names.is_empty() {
            return Above::There(None);
        }
        let id = self.ids.get(&HierarchyPath(names.to_vec()));
        id.map_or(Above::NotThere, |id| Above::There(Some(id.clone())))
    }

    fn by_id(&mut self, tree: &Tree, wanted: &WantedGroup, id: &str, above: &Above) -> Option<String> {
        let (id, path) = (id.to_owned(), wanted.path.clone());
        let Some(group) = tree.groups.get(&id) else {
            self.conflicts.push(Conflict::UnknownId { id, path });
            return None;
        };
        if *above != Above::There(group.parent.clone()) {
            self.conflicts.push(Conflict::Move { id: id.clone(), from: tree.path(&id), to: path });
        }
        Some(id)
    }
}
