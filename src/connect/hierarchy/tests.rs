//! Single plans, and a model of an instance that refuses what Connect refuses.

use std::collections::BTreeMap;

use super::plan::{People, plan};
use super::{Allowed, Conflict, Group, Note, Plan, Step, Tree, Wanted, WantedGroup};
use crate::model::HierarchyPath;

pub(super) const ALL: Allowed = Allowed { prune: true, remove_levels: true };
const NOTHING: Allowed = Allowed { prune: false, remove_levels: false };

pub(super) fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `A/B` for a group B below A; ids are the paths that groups have at the start.
pub(super) fn tree(levels: &[&str], paths: &[&str]) -> Tree {
    let group = |path: &&str| match path.rsplit_once('/') {
        Some((parent, name)) => {
            ((*path).to_owned(), Group { name: name.to_owned(), parent: Some(parent.to_owned()) })
        }
        None => ((*path).to_owned(), Group { name: (*path).to_owned(), parent: None }),
    };
    Tree { levels: texts(levels), groups: paths.iter().map(group).collect() }
}

/// Groups of a file: `A/B`, or `A/B=id`.
fn wanted(levels: &[&str], groups: &[&str]) -> Wanted {
    let group = |text: &&str| {
        let (path, id) = text.split_once('=').map_or((*text, None), |(path, id)| (path, Some(id.to_owned())));
        WantedGroup { path: HierarchyPath(path.split('/').map(str::to_owned).collect()), id }
    };
    // The model's ids have slashes, which a file can't have.
    let mut groups: Vec<WantedGroup> = groups.iter().map(group).collect();
    groups.sort();
    Wanted { levels: texts(levels), groups }
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .flat_map(|step| step.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn steps(tree: &Tree, wanted: &Wanted, allowed: Allowed) -> Vec<String> {
    let plan = plan(tree, wanted, &People::new(), allowed);
    assert_eq!(plan.conflicts, []);
    let mut model = Model::of(tree, &People::new());
    plan.steps.iter().for_each(|step| model.make(step));
    lines(&plan)
}

/// An instance that panics where Connect would refuse.
pub(super) struct Model {
    pub(super) tree: Tree,
    people: People,
    next: usize,
}

impl Model {
    pub(super) fn of(tree: &Tree, people: &People) -> Self {
        Self { tree: tree.clone(), people: people.clone(), next: 0 }
    }

    pub(super) fn make(&mut self, step: &Step) {
        match step {
            Step::Levels { before, after, .. } => {
                assert_eq!(*before, self.tree.levels);
                assert!(
                    after.iter().all(|name| after.iter().filter(|other| *other == name).count() == 1),
                    "{after:?}"
                );
                let deepest = self.tree.groups.keys().map(|id| self.tree.path(id).0.len()).max();
                assert!(deepest.unwrap_or_default() <= after.len(), "a level in use goes: {step}");
                self.tree.levels.clone_from(after);
            }
            Step::Rename { id, from, to } => {
                assert_eq!(self.tree.path(id).0.last(), from.0.last());
                let name = to.0.last().expect("a name").clone();
                let parent = self.tree.groups[id].parent.clone();
                assert_eq!(self.tree.child(parent.as_deref(), &name), None, "{step}");
                self.tree.groups.get_mut(id).expect("a group").name = name;
            }
            Step::Create { path } => self.create(path),
            Step::Delete { id, .. } => {
                assert_eq!(self.tree.children(id).count(), 0, "{step}");
                assert_eq!(self.people.get(id).copied().unwrap_or_default(), 0, "{step}");
                self.tree.groups.remove(id).expect("a group");
            }
        }
    }

    fn create(&mut self, path: &HierarchyPath) {
        let (name, above) = path.0.split_last().expect("a name");
        assert!(path.0.len() <= self.tree.levels.len(), "no level for {path}");
        let mut parent = None;
        for name in above {
            parent = Some(self.tree.child(parent.as_deref(), name).expect("a parent").to_owned());
        }
        assert_eq!(self.tree.child(parent.as_deref(), name), None, "{path} is there");
        while self.tree.groups.contains_key(&format!("new {}", self.next)) {
            self.next += 1;
        }
        self.tree.groups.insert(format!("new {}", self.next), Group { name: name.clone(), parent });
    }
}

#[test]
fn an_instance_that_is_as_the_file_wants_it_needs_nothing() {
    let there = tree(&["One", "Two"], &["A", "A/B", "C"]);
    assert_eq!(steps(&there, &wanted(&["One", "Two"], &["A=A", "A/B=A/B", "C=C"]), ALL), [""; 0]);
    assert_eq!(steps(&there, &wanted(&["One", "Two"], &["A", "A/B", "C"]), ALL), [""; 0], "without ids");
}

#[test]
fn levels_come_before_groups_parents_before_children_and_names_before_new_groups() {
    let there = tree(&["Region"], &["EMEA"]);
    let file = wanted(&["Area", "Team"], &["Europe=EMEA", "Europe/Billing", "EMEA", "EMEA/Tech"]);
    assert_eq!(
        steps(&there, &file, NOTHING),
        [
            "~ rename level 1: Region → Area",
            "+ add level 2: Team",
            "~ rename EMEA → Europe (id EMEA)",
            "+ create EMEA",
            "+ create EMEA / Tech",
            "+ create Europe / Billing",
        ]
    );
}

#[test]
fn the_children_of_a_renamed_group_stay_what_they_are() {
    let there = tree(&["One", "Two"], &["A", "A/B", "A/C"]);
    let file = wanted(&["One", "Two"], &["X=A", "X/B", "X/D=A/C"]);
    assert_eq!(steps(&there, &file, ALL), ["~ rename A → X (id A)", "~ rename A / C → X / D (id A/C)"]);
}

#[test]
fn names_that_are_passed_on_are_passed_on_in_order() {
    let there = tree(&["One"], &["A", "B", "C"]);
    let file = wanted(&["One"], &["B=A", "C=B", "D=C"]);
    assert_eq!(
        steps(&there, &file, ALL),
        ["~ rename C → D (id C)", "~ rename B → C (id B)", "~ rename A → B (id A)"]
    );
}

#[test]
fn names_that_are_swapped_need_one_step_more() {
    let there = tree(&["One"], &["A", "B"]);
    let file = wanted(&["One"], &["A=B", "B=A"]);
    assert_eq!(
        steps(&there, &file, ALL),
        ["~ rename B → B-1 (id B)", "~ rename A → B (id A)", "~ rename B-1 → A (id B)"]
    );
}

#[test]
fn what_is_not_in_the_file_is_kept_unless_it_may_go() {
    let there = tree(&["One", "Two"], &["A", "A/B", "C"]);
    let file = wanted(&["One", "Two"], &["C"]);
    let kept = plan(&there, &file, &People::new(), NOTHING);
    assert_eq!(kept.steps, []);
    let kept: Vec<String> = kept.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        kept,
        [
            "A (id A): not in the file, kept; --prune would delete it",
            "A / B (id A/B): not in the file, kept; --prune would delete it"
        ]
    );
    assert_eq!(steps(&there, &file, ALL), ["- delete A / B (id A/B)", "- delete A (id A)"], "leaves first");
}

#[test]
fn a_group_with_people_and_all_above_it_stay() {
    let there = tree(&["One", "Two", "Three"], &["A", "A/B", "A/B/C", "A/D"]);
    let people = BTreeMap::from([("A/B".to_owned(), 3)]);
    let plan = plan(&there, &wanted(&["One"], &[]), &people, ALL);
    assert_eq!(lines(&plan), ["- delete A / D (id A/D)", "- delete A / B / C (id A/B/C)"]);
    let path = |names: &[&str]| HierarchyPath(texts(names));
    assert_eq!(
        plan.notes,
        [
            Note::LevelInUse { number: 2, name: "Two".into() },
            Note::LevelInUse { number: 3, name: "Three".into() },
            Note::HoldsKept { id: "A".into(), path: path(&["A"]) },
            Note::HasPeople { id: "A/B".into(), path: path(&["A", "B"]), people: 3 },
        ]
    );
}

#[test]
fn a_name_that_is_needed_is_given_up_first() {
    let there = tree(&["One", "Two"], &["A", "B", "B/X"]);
    let file = wanted(&["One", "Two"], &["B=A"]);
    assert_eq!(
        steps(&there, &file, ALL),
        ["- delete B / X (id B/X)", "- delete B (id B)", "~ rename A → B (id A)"]
    );
    let kept = plan(&there, &file, &People::new(), NOTHING);
    let to = HierarchyPath(texts(&["B"]));
    assert_eq!(kept.conflicts, [Conflict::NameTaken { id: "A".into(), to, holder: "B".into() }]);
}

#[test]
fn a_move_is_explained_and_not_done() {
    let there = tree(&["One", "Two"], &["A", "A/B", "C"]);
    let plan = plan(&there, &wanted(&["One", "Two"], &["A", "C", "C/B=A/B"]), &People::new(), ALL);
    let told: Vec<String> = plan.conflicts.iter().map(ToString::to_string).collect();
    assert!(
        told.len() == 1 && told[0].starts_with("A / B → C / B (id A/B): Amazon Connect can't move a group."),
        "{told:?}"
    );
    let without_id = steps(&there, &wanted(&["One", "Two"], &["A", "C", "C/B"]), ALL);
    assert_eq!(without_id, ["+ create C / B", "- delete A / B (id A/B)"]);
}

#[test]
fn only_the_top_of_what_would_move_is_told() {
    let there = tree(&["One", "Two", "Three"], &["A", "A/B", "A/B/C", "D"]);
    let file = wanted(&["One", "Two", "Three"], &["A", "D", "D/B=A/B", "D/B/C=A/B/C"]);
    assert_eq!(plan(&there, &file, &People::new(), ALL).conflicts.len(), 1);
}

#[test]
fn an_id_that_is_not_there_is_a_mistake() {
    let there = tree(&["One"], &["A"]);
    let plan = plan(&there, &wanted(&["One"], &["A=gone"]), &People::new(), ALL);
    assert!(matches!(&plan.conflicts[..], [Conflict::UnknownId { id, .. }] if id == "gone"));
}

#[test]
fn a_level_goes_only_where_it_may_and_after_its_groups() {
    let there = tree(&["One", "Two"], &["A", "A/B"]);
    let file = wanted(&["One"], &["A"]);
    let kept = plan(&there, &file, &People::new(), Allowed { prune: true, remove_levels: false });
    assert_eq!(lines(&kept), ["- delete A / B (id A/B)"]);
    assert_eq!(kept.notes, [Note::LevelNotInFile { number: 2, name: "Two".into() }]);
    assert_eq!(steps(&there, &file, ALL), ["- delete A / B (id A/B)", "- remove level 2: Two"]);
    let in_use = plan(&there, &file, &People::new(), Allowed { prune: false, remove_levels: true });
    assert_eq!(in_use.steps, []);
    assert_eq!(in_use.notes[0], Note::LevelInUse { number: 2, name: "Two".into() });
}

#[test]
fn a_level_taken_out_of_the_middle_is_what_it_is_in_connect_a_new_name_and_the_last_one_gone() {
    let file = wanted(&["One", "Three"], &[]);
    let unused = tree(&["One", "Two", "Three"], &[]);
    assert_eq!(steps(&unused, &file, ALL), ["~ rename level 2: Two → Three", "- remove level 3: Three"]);
    let told = plan(&unused, &file, &People::new(), ALL).notes;
    assert_eq!(told, [Note::LevelNameMoves { name: "Three".into(), from: 3, to: 2 }]);
    let used = tree(&["One", "Two", "Three"], &["A", "A/B", "A/B/C"]);
    let plan = plan(&used, &file, &People::new(), ALL);
    assert_eq!(plan.conflicts, [Conflict::LevelNameTaken { name: "Three".into() }]);
}

#[test]
fn more_groups_than_fit_are_told() {
    let paths: Vec<String> = (0..499).map(|number| format!("g{number}")).collect();
    let there = tree(&["One"], &paths.iter().map(String::as_str).collect::<Vec<_>>());
    let over = plan(&there, &wanted(&["One"], &["new 1", "new 2"]), &People::new(), NOTHING);
    assert!(over.notes.contains(&Note::OverQuota { groups: 501 }));
    let just = plan(&there, &wanted(&["One"], &["new 1"]), &People::new(), NOTHING);
    assert!(!just.notes.iter().any(|note| matches!(note, Note::OverQuota { .. })));
}

#[test]
fn a_name_can_not_write_to_the_terminal_what_it_likes() {
    let path = HierarchyPath(texts(&["a\u{1b}[2J\n+ create x"]));
    assert_eq!(Step::Create { path }.to_string(), "+ create a\\u{1b}[2J\\n+ create x");
}
