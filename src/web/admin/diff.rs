//! What differs between two texts, as templates show it.

use crate::admin::{Diff, DiffLine};

/// A changed place: where it begins, and its lines.
pub(super) struct PlaceView {
    pub(super) old: usize,
    pub(super) new: usize,
    pub(super) lines: Vec<LineView>,
}

/// A line: `-` went, `+` came.
pub(super) struct LineView {
    pub(super) sign: char,
    pub(super) text: String,
}

/// The changed places; none where nothing differs.
pub(super) fn places(diff: Diff) -> Vec<PlaceView> {
    diff.places.into_iter().map(place).collect()
}

fn place(lines: Vec<DiffLine>) -> PlaceView {
    let first = |number: fn(&DiffLine) -> Option<usize>| lines.iter().find_map(number).unwrap_or(0);
    let (old, new) = (first(|line| line.old), first(|line| line.new));
    PlaceView { old, new, lines: lines.into_iter().map(line).collect() }
}

fn line(line: DiffLine) -> LineView {
    let sign = match (line.old, line.new) {
        (Some(_), None) => '-',
        (None, _) => '+',
        (Some(_), Some(_)) => ' ',
    };
    LineView { sign, text: line.text }
}
