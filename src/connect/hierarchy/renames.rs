//! An order of renames in which each name is free when its turn comes.

use std::collections::BTreeMap;

use super::step::Step;
use super::tree::Tree;
use crate::model::HierarchyPath;

/// A group by its parent's id and its name.
type Place = (Option<String>, String);

/// The steps, parents before children. Names that go round in a circle need one more step: a group stands under its own
/// id for a moment. `gone` are groups that are deleted before.
pub(super) fn steps(tree: &Tree, renamed: &[(String, HierarchyPath)], gone: &[String]) -> Vec<Step> {
    let mut places = Places::of(tree, gone);
    let mut waiting: Vec<Rename> =
        renamed.iter().filter_map(|(id, to)| Rename::new(tree, id, to.clone())).collect();
    waiting.sort_by_key(|rename| rename.to.0.len());
    let mut steps = Vec::new();
    while !waiting.is_empty() {
        if let Some(ready) = waiting.iter().position(|rename| places.holder(rename).is_none()) {
            steps.push(places.put(waiting.remove(ready)));
        } else if let Some(never) = waiting.iter().position(|rename| !places.waits(rename, &waiting)) {
            // The name stays with a group that keeps it: told as a conflict.
            waiting.remove(never);
        } else {
            // No two want one name, so all that wait go round in circles.
            let on_the_way = places.on_the_way(&waiting[0]);
            waiting[0].from = on_the_way.to.clone();
            steps.push(places.put(on_the_way));
        }
    }
    steps
}

#[derive(Clone)]
struct Rename {
    id: String,
    parent: Option<String>,
    from: HierarchyPath,
    to: HierarchyPath,
}

impl Rename {
    fn new(tree: &Tree, id: &str, to: HierarchyPath) -> Option<Self> {
        let parent = tree.groups.get(id)?.parent.clone();
        Some(Self { id: id.to_owned(), parent, from: tree.path(id), to })
    }

    fn place(&self) -> Place {
        (self.parent.clone(), self.to.0.last().cloned().unwrap_or_default())
    }
}

/// Who stands where.
struct Places(BTreeMap<Place, String>);

impl Places {
    fn of(tree: &Tree, gone: &[String]) -> Self {
        let there = tree.groups.iter().filter(|(id, _)| !gone.contains(id));
        Self(there.map(|(id, group)| ((group.parent.clone(), group.name.clone()), id.clone())).collect())
    }

    fn holder(&self, rename: &Rename) -> Option<&String> {
        self.0.get(&rename.place())
    }

    /// Whether who has the name waits for another one.
    fn waits(&self, rename: &Rename, waiting: &[Rename]) -> bool {
        waiting.iter().any(|other| self.holder(rename) == Some(&other.id))
    }

    fn on_the_way(&self, rename: &Rename) -> Rename {
        let mut between = rename.clone();
        for name in
            std::iter::once(rename.id.clone()).chain((1..).map(|number| format!("{}-{number}", rename.id)))
        {
            if let Some(last) = between.to.0.last_mut() {
                *last = name;
            }
            if self.holder(&between).is_none() {
                break;
            }
        }
        between
    }

    fn put(&mut self, rename: Rename) -> Step {
        self.0.retain(|_, id| *id != rename.id);
        self.0.insert(rename.place(), rename.id.clone());
        Step::Rename { id: rename.id, from: rename.from, to: rename.to }
    }
}
