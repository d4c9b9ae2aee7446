//! Collects everything that is wrong, which keys there are, and what each of them says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use toml::Value;

use crate::model::Problem;

use super::mapping_file::MappingFile;
use super::setting::{Origin, Read, Setting};
use super::shape::Shape;
use super::source;

/// What reading the sections found.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// Every key that was looked for, with `<name>` where the operator chooses a name.
    known: RefCell<BTreeMap<String, Key>>,
    /// What was found under each key, in the order of reading.
    read: RefCell<Vec<Read>>,
    /// Keys that come from the environment, and the variable's name.
    overrides: BTreeMap<String, String>,
}

/// A key that is looked for.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) shape: Shape,
    pub(super) is_required: bool,
    /// Every default it was read with.
    defaults: Vec<Value>,
}

impl Key {
    /// What holds without it, where that is the same everywhere.
    pub(super) fn usual(&self) -> Option<&Value> {
        let [value] = &self.defaults[..] else { return None };
        Some(value)
    }
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

    pub(super) fn know(&self, template: String, shape: Shape) {
        let key = Key { shape, is_required: false, defaults: Vec::new() };
        self.known.borrow_mut().entry(template).or_insert(key);
    }

    pub(super) fn require(&self, template: &str) {
        if let Some(key) = self.known.borrow_mut().get_mut(template) {
            key.is_required = true;
        }
    }

    /// What holds when nothing is written under a key that is known.
    pub(super) fn usual(&self, template: &str, value: &Value) {
        if let Some(key) = self.known.borrow_mut().get_mut(template)
            && !key.defaults.contains(value)
        {
            key.defaults.push(value.clone());
        }
    }

    pub(super) fn read(&self, read: Read) {
        self.read.borrow_mut().push(read);
    }

    /// What holds when nothing is written under `path`, which was read before.
    pub(super) fn instead(&self, path: &str, value: Value) {
        if let Some(read) = self.read.borrow_mut().iter_mut().rev().find(|read| read.path == path) {
            read.default = Some(value);
        }
    }

    /// The keys directly below `template`, by name.
    pub(super) fn keys_below(&self, template: &str) -> Vec<(String, Key)> {
        let prefix = if template.is_empty() { String::new() } else { format!("{template}.") };
        let known = self.known.borrow();
        let below = known.iter().filter_map(|(key, about)| Some((key.strip_prefix(&prefix)?, about)));
        below
            .filter(|(key, _)| !key.contains('.'))
            .map(|(key, about)| (key.to_owned(), about.clone()))
            .collect()
    }

    /// Every key that was looked for.
    pub(super) fn known(&self) -> BTreeMap<String, Key> {
        self.known.borrow().clone()
    }

    /// What each key says, and where that is written; the keys of a table stay together.
    pub(super) fn settings(&self, text: &str, rules: Option<&MappingFile>) -> Vec<Setting> {
        let lines = source::Lines::new(text);
        let of_rules = rules.map(|file| (source::Lines::new(&file.text), file.name.as_str()));
        let origin = |path: &str| match &of_rules {
            Some((lines, name)) if MappingFile::holds(path) => {
                Origin::RulesFile((*name).to_owned(), lines.of(path).unwrap_or_default())
            }
            _ => Origin::File(lines.of(path).unwrap_or_default()),
        };
        let read = self.read.borrow();
        let settings = read.iter().map(|read| read.setting(self.overrides.get(&read.path), origin));
        let mut tables = BTreeMap::new();
        let mut settings: Vec<(usize, Setting)> = settings
            .map(|setting| {
                let next = tables.len();
                (*tables.entry(setting.table().to_owned()).or_insert(next), setting)
            })
            .collect();
        settings.sort_by_key(|(table, _)| *table);
        settings.into_iter().map(|(_, setting)| setting).collect()
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
