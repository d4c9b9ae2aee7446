//! What becomes of the levels.

use super::step::{Allowed, Conflict, LevelChange, Note, Step};

/// What becomes of the levels: before the groups are touched, and after.
#[derive(Debug, Default)]
pub(super) struct LevelPlan {
    pub(super) first: Option<Step>,
    pub(super) last: Option<Step>,
    pub(super) notes: Vec<Note>,
    pub(super) conflicts: Vec<Conflict>,
}

/// How deep groups go: `now`, and once the groups that may go are gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth {
    pub(super) now: usize,
    pub(super) later: usize,
}

/// A level is its number: `there` becomes `wanted` name by name, and levels at the end come and go.
pub(super) fn plan(there: &[String], wanted: &[String], depth: Depth, allowed: Allowed) -> LevelPlan {
    let mut plan = LevelPlan { notes: moving_names(there, wanted), ..LevelPlan::default() };
    let extra = there.get(wanted.len()..).unwrap_or_default();
    let removable = allowed.remove_levels && depth.later <= wanted.len();
    let at_once = removable && depth.now <= wanted.len();
    let mut between = wanted.to_vec();
    if !at_once {
        between.extend_from_slice(extra);
        let taken = extra.iter().find(|name| wanted.contains(name));
        plan.conflicts.extend(taken.map(|name| Conflict::LevelNameTaken { name: name.clone() }));
    }
    plan.first = step(there, &between);
    plan.last = removable.then(|| step(&between, wanted)).flatten();
    if !removable {
        let numbered = extra.iter().zip(wanted.len() + 1..);
        plan.notes.extend(numbered.map(|(name, number)| match (allowed.remove_levels, name.clone()) {
            (true, name) => Note::LevelInUse { number, name },
            (false, name) => Note::LevelNotInFile { number, name },
        }));
    }
    plan
}

fn step(before: &[String], after: &[String]) -> Option<Step> {
    let change = |index: usize| match (before.get(index).cloned(), after.get(index).cloned()) {
        (Some(from), Some(to)) if from != to => Some(LevelChange::Rename { number: index + 1, from, to }),
        (None, Some(name)) => Some(LevelChange::Add { number: index + 1, name }),
        (Some(name), None) => Some(LevelChange::Remove { number: index + 1, name }),
        _ => None,
    };
    let changes: Vec<LevelChange> = (0..before.len().max(after.len())).filter_map(change).collect();
    (!changes.is_empty()).then(|| Step::Levels { changes, before: before.to_vec(), after: after.to_vec() })
}

fn moving_names(there: &[String], wanted: &[String]) -> Vec<Note> {
    let moves = |(to, name): (usize, &String)| {
        let from = there.iter().position(|other| other == name)?;
        (from != to).then(|| Note::LevelNameMoves { name: name.clone(), from: from + 1, to: to + 1 })
    };
    wanted.iter().enumerate().filter_map(moves).collect()
}
