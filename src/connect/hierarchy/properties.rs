//! What holds for every instance and every file: thousands of made-up ones.

use std::collections::BTreeSet;

use super::plan::{People, plan};
use super::tests::{ALL, Model, tree};
use super::{Allowed, Group, Plan, Tree, Wanted, WantedGroup};
use crate::model::HierarchyPath;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const LEVELS: [&str; 5] = ["l1", "l2", "l3", "l4", "l5"];

/// A small generator: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// An instance; ids say nothing of names.
    fn instance(&mut self) -> Tree {
        let depth = self.below(6);
        let mut there = tree(&LEVELS[..depth], &[]);
        for number in 0..self.below(20) {
            let above: Vec<Option<String>> = there.groups.keys().cloned().map(Some).chain([None]).collect();
            let parent = above[self.below(above.len())].clone();
            let name = NAMES[self.below(NAMES.len())].to_owned();
            let level = parent.as_ref().map_or(0, |id| there.path(id).0.len());
            if level < depth && there.child(parent.as_deref(), &name).is_none() {
                there.groups.insert(format!("id-{number}"), Group { name, parent });
            }
        }
        there
    }

    /// A file that somebody made of what was exported: names changed, lines gone and new, some ids left out.
    fn file(&mut self, there: &Tree) -> Wanted {
        let mut groups: Vec<WantedGroup> = Vec::new();
        let mut kept: Vec<(String, HierarchyPath)> = Vec::new();
        for (_, id) in there.in_order() {
            let group = &there.groups[id];
            let above = match &group.parent {
                None => Vec::new(),
                Some(parent) => match kept.iter().find(|(id, _)| id == parent) {
                    Some((_, path)) => path.0.clone(),
                    None => continue,
                },
            };
            if self.one_in(5) {
                continue;
            }
            let renamed = self.one_in(3);
            let name = if renamed { NAMES[self.below(NAMES.len())].to_owned() } else { group.name.clone() };
            let path = HierarchyPath([above, vec![name]].concat());
            if groups.iter().any(|group| group.path == path) {
                continue;
            }
            let with_id = renamed || self.one_in(2);
            groups.push(WantedGroup { path: path.clone(), id: with_id.then(|| id.to_owned()) });
            kept.push((id.to_owned(), path));
        }
        let mut depth =
            self.below(6).max(groups.iter().map(|group| group.path.0.len()).max().unwrap_or_default());
        for _ in 0..self.below(8) {
            let above: Vec<Vec<String>> =
                groups.iter().map(|group| group.path.0.clone()).chain([Vec::new()]).collect();
            let mut names = above[self.below(above.len())].clone();
            names.push(NAMES[self.below(NAMES.len())].to_owned());
            let path = HierarchyPath(names);
            if path.0.len() <= 5 && !groups.iter().any(|group| group.path == path) {
                depth = depth.max(path.0.len());
                groups.push(WantedGroup { path, id: None });
            }
        }
        let names = (0..depth)
            .map(|level| if self.one_in(4) { format!("new {level}") } else { LEVELS[level].to_owned() });
        let keyed = groups.into_iter().enumerate().map(|(index, group)| (format!("groups[{index}]"), group));
        Wanted::new(names.collect(), keyed.collect(), 500).expect("a file that can be used")
    }

    fn people(&mut self, there: &Tree) -> People {
        there.groups.keys().filter(|_| self.one_in(4)).map(|id| (id.clone(), 1)).collect()
    }
}

fn paths(tree: &Tree) -> BTreeSet<HierarchyPath> {
    tree.groups.keys().map(|id| tree.path(id)).collect()
}

fn wanted_paths(wanted: &Wanted) -> BTreeSet<HierarchyPath> {
    wanted.groups.iter().map(|group| group.path.clone()).collect()
}

fn made(there: &Tree, people: &People, plan: &Plan, count: usize) -> Tree {
    let mut model = Model::of(there, people);
    plan.steps.iter().take(count).for_each(|step| model.make(step));
    model.tree
}

/// Cases in which a plan can be applied, and how many there were.
fn each_case(seed: u64, allowed: Allowed, with_people: bool, hold: impl Fn(&Tree, &Wanted, &People, &Plan)) {
    let mut numbers = Numbers(seed);
    let mut count = 0;
    for _ in 0..4000 {
        let there = numbers.instance();
        let wanted = numbers.file(&there);
        let people = if with_people { numbers.people(&there) } else { People::new() };
        let plan = plan(&there, &wanted, &people, allowed);
        if plan.conflicts.is_empty() {
            hold(&there, &wanted, &people, &plan);
            count += 1;
        }
    }
    assert!(count > 1500, "{count}");
}

#[test]
fn a_plan_that_may_take_away_yields_the_file() {
    each_case(1, ALL, false, |there, wanted, people, plan| {
        let after = made(there, people, plan, usize::MAX);
        assert_eq!(paths(&after), wanted_paths(wanted));
        assert_eq!(after.levels, wanted.levels);
        let named = wanted.groups.iter().filter_map(|group| Some((group.id.clone()?, &group.path)));
        named.for_each(|(id, path)| assert_eq!(after.path(&id), *path));
    });
}

#[test]
fn without_leave_nothing_is_taken_away_and_with_people_nothing_of_theirs() {
    each_case(2, Allowed::default(), true, |there, wanted, people, plan| {
        let after = made(there, people, plan, usize::MAX);
        assert!(there.groups.keys().all(|id| after.groups.contains_key(id)));
        assert!(wanted_paths(wanted).is_subset(&paths(&after)));
        assert!(after.levels.len() >= there.levels.len());
    });
    each_case(3, ALL, true, |there, _, people, plan| {
        let after = made(there, people, plan, usize::MAX);
        assert!(people.keys().all(|id| after.groups.contains_key(id)));
    });
}

#[test]
fn a_plan_that_is_broken_off_anywhere_is_taken_up_again_to_the_same_end() {
    each_case(4, ALL, true, |there, wanted, people, whole| {
        let end = made(there, people, whole, usize::MAX);
        for count in 0..whole.steps.len() {
            let halfway = made(there, people, whole, count);
            let rest = plan(&halfway, wanted, people, ALL);
            assert_eq!(rest.conflicts, [], "after {count} of {:#?}", whole.steps);
            let again = made(&halfway, people, &rest, usize::MAX);
            let (found, wished) = ((paths(&again), &again.levels), (paths(&end), &end.levels));
            assert_eq!(
                found, wished,
                "after {count} of {:#?}\nthen {:#?}\n{people:?}\n{there:#?}\n{wanted:#?}",
                whole.steps, rest.steps
            );
        }
        assert_eq!(plan(&end, wanted, people, ALL).steps, [], "and then there is nothing to do");
    });
}
