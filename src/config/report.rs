//! Collects everything that is wrong, and which keys there are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::Problem;

use super::mapping_file::MappingFile;
use super::source;

/// What reading the sections found.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// Every key that was looked for, with `<name>` where the operator chooses a name.
    known: RefCell<BTreeSet<String>>,
    /// Keys that come from the environment, and the variable's name.
    overrides: BTreeMap<String, String>,
}

impl Report {
    pub(super) fn new(overrides: BTreeMap<String, String>) -> Self {
        Self { overrides, ..Self::default() }
    }

    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, warning: Problem) {
        self.warnings.borrow_mut().push(warning);
    }

    pub(super) fn is_override(&self, key: &str) -> bool {
        self.overrides.contains_key(key)
    }

    pub(super) fn know(&self, template: String) {
        self.known.borrow_mut().insert(template);
    }

    /// The keys directly below `template`.
    pub(super) fn known_below(&self, template: &str) -> Vec<String> {
        let prefix = if template.is_empty() { String::new() } else { format!("{template}.") };
        let known = self.known.borrow();
        known
            .iter()
            .filter_map(|key| key.strip_prefix(&prefix))
            .filter(|key| !key.contains('.'))
            .map(str::to_owned)
            .collect()
    }

    #[cfg(test)]
    pub(super) fn known(&self) -> Vec<String> {
        self.known.borrow().iter().cloned().collect()
    }

    /// Problems in the order of the file, each with where its key was written, those of the rules in `rules` where they
    /// have a file of their own; and the warnings.
    pub(super) fn into_problems(
        self,
        text: &str,
        rules: Option<&MappingFile>,
    ) -> (Vec<Problem>, Vec<Problem>) {
        let lines = source::Lines::new(text);
        let rules = rules.map(|file| (source::Lines::new(&file.text), file.name.as_str()));
        let locate = |problem: Problem| match &rules {
            Some((lines, name)) if MappingFile::holds(&problem.key) => {
                let (line, problem) = self.locate(lines, &format!("{name} line"), problem);
                ((1, line), problem)
            }
            _ => {
                let (line, problem) = self.locate(&lines, "line", problem);
                ((0, line), problem)
            }
        };
        let placed = |problems: RefCell<Vec<Problem>>| {
            let mut placed: Vec<((u8, usize), Problem)> =
                problems.into_inner().into_iter().map(locate).collect();
            placed.sort_by_key(|(line, _)| *line);
            placed.into_iter().map(|(_, problem)| problem).collect()
        };
        (placed(self.problems.clone()), placed(self.warnings.clone()))
    }

    fn locate(&self, lines: &source::Lines<'_>, place: &str, mut problem: Problem) -> (usize, Problem) {
        if let Some(variable) = self.overrides.get(&problem.key) {
            problem.message = format!("{} (set by {variable})", problem.message);
            return (usize::MAX, problem);
        }
        let Some(line) = lines.of(&problem.key) else { return (usize::MAX, problem) };
        problem.message = format!("{} ({place} {line})", problem.message);
        (line, problem)
    }
}
