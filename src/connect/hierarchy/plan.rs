//! What has to change so that an instance's hierarchy is as a file wants it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::GROUP_QUOTA;
use super::levels::{self, Depth};
use super::matching::Matching;
use super::renames;
use super::step::{Allowed, Conflict, Note, Plan, Step};
use super::tree::Tree;
use super::wanted::Wanted;
use crate::model::HierarchyPath;

/// How many people are in a group, by its id. Groups without any may be left out.
pub(super) type People = BTreeMap<String, usize>;

/// Levels first; then names that get free, new names, new groups, what may go; levels that may go at last. Whatever
/// remains of a plan that was broken off is the plan of what is there then.
pub(super) fn plan(tree: &Tree, wanted: &Wanted, people: &People, allowed: Allowed) -> Plan {
    let mut matching = Matching::of(tree, wanted);
    let unlisted = Unlisted::of(tree, &matching, people, allowed);
    let (first_gone, last_gone) = unlisted.in_two(tree, &matching.renamed);
    matching.conflicts.extend(taken_names(tree, &matching, &unlisted));
    let deepest = |gone: &[String]| {
        let staying = tree.groups.keys().filter(|id| !gone.contains(id));
        staying.map(|id| tree.path(id).0.len()).max().unwrap_or_default()
    };
    let depth = Depth { now: deepest(&[]), later: deepest(&unlisted.going) };
    let levels = levels::plan(&tree.levels, &wanted.levels, depth, allowed);
    let delete = |id: &String| Step::Delete { id: id.clone(), path: tree.path(id) };
    let mut steps: Vec<Step> = levels.first.into_iter().collect();
    steps.extend(first_gone.iter().map(delete));
    steps.extend(renames::steps(tree, &matching.renamed, &first_gone));
    steps.extend(matching.missing.iter().map(|path| Step::Create { path: path.clone() }));
    steps.extend(last_gone.iter().map(delete));
    steps.extend(levels.last);
    let groups = tree.groups.len() + matching.missing.len() - unlisted.going.len();
    let over = groups > GROUP_QUOTA && !matching.missing.is_empty();
    let mut notes = levels.notes;
    notes.extend(over.then_some(Note::OverQuota { groups }));
    notes.extend(unlisted.notes);
    let mut conflicts = levels.conflicts;
    conflicts.extend(matching.conflicts);
    Plan { steps, conflicts, notes, ids: matching.ids }
}

/// The topmost groups that are not in the file: everything below them is not in it either.
pub(super) fn unlisted_tops(tree: &Tree, wanted: &Wanted) -> Vec<String> {
    let unlisted = Matching::of(tree, wanted).unlisted(tree);
    let above = |id: &String| tree.groups.get(id).and_then(|group| group.parent.as_ref());
    unlisted.iter().filter(|id| !above(id).is_some_and(|id| unlisted.contains(id))).cloned().collect()
}

/// The instance's groups that are not in the file.
struct Unlisted {
    /// Those that go, children before parents.
    going: Vec<String>,
    notes: Vec<Note>,
}

impl Unlisted {
    fn of(tree: &Tree, matching: &Matching, people: &People, allowed: Allowed) -> Self {
        let ids = matching.unlisted(tree);
        let mut ordered: Vec<(HierarchyPath, &String)> = ids.iter().map(|id| (tree.path(id), id)).collect();
        ordered.sort();
        let mut going = Vec::new();
        let mut notes = Vec::new();
        for (path, id) in ordered.into_iter().rev() {
            let (id, people) = (id.clone(), people.get(id).copied().unwrap_or_default());
            if !allowed.prune {
                notes.push(Note::NotInFile { id, path });
            } else if people > 0 {
                notes.push(Note::HasPeople { id, path, people });
            } else if tree.children(&id).any(|child| !going.iter().any(|gone| gone == child)) {
                notes.push(Note::HoldsKept { id, path });
            } else {
                going.push(id);
            }
        }
        notes.reverse();
        Self { going, notes }
    }

    /// Those whose names are needed by others go first, with all that is below them.
    fn in_two(&self, tree: &Tree, renamed: &[(String, HierarchyPath)]) -> (Vec<String>, Vec<String>) {
        let holders: BTreeSet<String> =
            renamed.iter().filter_map(|(id, to)| holder(tree, id, to)).map(str::to_owned).collect();
        let is_needed = |id: &String| {
            let above = |id: &&String| tree.groups.get(*id).and_then(|group| group.parent.as_ref());
            std::iter::successors(Some(id), above).take(HierarchyPath::DEEPEST).any(|id| holders.contains(id))
        };
        self.going.iter().cloned().partition(is_needed)
    }
}

/// Names that are wanted and stay with a group that is not in the file.
fn taken_names(tree: &Tree, matching: &Matching, unlisted: &Unlisted) -> Vec<Conflict> {
    let ids = matching.unlisted(tree);
    let taken = |(id, to): &(String, HierarchyPath)| {
        let holder = holder(tree, id, to)?.to_owned();
        let stays = ids.contains(&holder) && !unlisted.going.contains(&holder);
        stays.then(|| Conflict::NameTaken { id: id.clone(), to: to.clone(), holder })
    };
    matching.renamed.iter().filter_map(taken).collect()
}

/// Who has the name that this group is to have.
fn holder<'t>(tree: &'t Tree, id: &str, to: &HierarchyPath) -> Option<&'t str> {
    let parent = tree.groups.get(id)?.parent.as_deref();
    tree.child(parent, to.0.last()?)
}
