//! Proficiencies: the whole set is the wanted one.

use std::collections::{BTreeMap, BTreeSet};

use super::Change;
use crate::model::{Proficiency, ProficiencyLevel};

/// Levels by proficiency.
pub(in crate::connect) type Proficiencies = BTreeMap<Proficiency, ProficiencyLevel>;

/// None when none are wanted: no rule said anything. What goes is first, or the new ones might not fit.
pub(super) fn changes(current: &Proficiencies, wanted: Proficiencies) -> [Option<Change>; 3] {
    if wanted.is_empty() {
        return [None, None, None];
    }
    let gone = current.keys().filter(|held| !wanted.contains_key(held)).cloned().collect();
    let (mut held, missing): (Proficiencies, Proficiencies) =
        wanted.into_iter().partition(|(wanted, _)| current.contains_key(wanted));
    held.retain(|held, level| current.get(held) != Some(level));
    [
        Some(gone).filter(|gone: &BTreeSet<_>| !gone.is_empty()).map(Change::Disassociate),
        Some(held).filter(|held| !held.is_empty()).map(Change::UpdateProficiencies),
        Some(missing).filter(|missing| !missing.is_empty()).map(Change::Associate),
    ]
}
