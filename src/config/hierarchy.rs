//! A hierarchy in a file of its own, `hierarchy.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::Value;

use crate::connect::{GROUP_QUOTA, Tree, Wanted, WantedGroup};
use crate::model::{HierarchyPath, Problem};

use super::report::Report;
use super::section::Section;
use super::source;

/// More than this no instance will have.
const LARGEST_QUOTA: u64 = 100_000;

/// Reads the file's text.
///
/// # Errors
/// Every problem at once, with its line; never empty.
pub fn read_hierarchy(text: &str) -> Result<Wanted, Vec<Problem>> {
    let table = source::table(text)?;
    let report = Report::new(BTreeMap::new());
    let mut root = Section::root(table, &report);
    let wanted = root_section(&mut root);
    root.finish();
    let (problems, _) = report.into_problems(text, None);
    match wanted {
        Some(wanted) if problems.is_empty() => Ok(wanted),
        _ => Err(problems),
    }
}

fn root_section(root: &mut Section<'_>) -> Option<Wanted> {
    super::version(root);
    let quota = root.number("group_quota", GROUP_QUOTA as u64, 1..=LARGEST_QUOTA);
    if !root.has("levels") {
        root.problem(
            "levels",
            "is missing: write the names of the levels from the top down, [\"Region\", \"Team\"]",
        );
    }
    let levels = root.texts("levels");
    let groups = root.list("groups", group);
    let groups = groups.into_iter().collect::<Option<Vec<_>>>();
    let quota = usize::try_from(quota).unwrap_or(GROUP_QUOTA);
    Wanted::new(levels?, groups?, quota).map_err(|problems| root.problems(problems)).ok()
}

/// The group under its key.
fn group(section: &mut Section<'_>) -> Option<(String, WantedGroup)> {
    if !section.has("path") {
        section.problem(
            "path",
            "is missing: write the group's names from the top down, [\"EMEA\", \"Billing\"]",
        );
    }
    let path = section.texts("path");
    let id = section.parsed("id", |id| Ok(id.to_owned()));
    Some((section.path_of(""), WantedGroup { path: HierarchyPath(path?), id }))
}

/// The file's text for an instance's hierarchy, ids included. Read again, it wants what is there.
#[must_use]
pub fn write_hierarchy(tree: &Tree) -> String {
    let mut text = String::from("version = 1\n");
    let groups = tree.in_order();
    if groups.len() > GROUP_QUOTA {
        _ = writeln!(text, "group_quota = {}", groups.len());
    }
    _ = writeln!(text, "levels = {}\ngroups = [", list(&tree.levels));
    for (path, id) in groups {
        _ = writeln!(text, "    {{ id = {}, path = {} }},", Value::from(id), list(&path.0));
    }
    text + "]\n"
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| Value::from(name.as_str()).to_string()).collect();
    format!("[{}]", names.join(", "))
}
