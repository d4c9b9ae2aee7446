//! A hierarchy as a file wants it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{HierarchyPath, Problem, nearest};

/// How many groups an instance has room for, unless AWS raised its quota.
/// <https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html>
pub const GROUP_QUOTA: usize = 500;

/// `HierarchyLevelName`. <https://docs.aws.amazon.com/connect/latest/APIReference/API_HierarchyLevelUpdate.html>
const LONGEST_LEVEL: usize = 50;
/// `HierarchyGroupName`. <https://docs.aws.amazon.com/connect/latest/APIReference/API_CreateUserHierarchyGroup.html>
const LONGEST_GROUP: usize = 100;
const LONGEST_ID: usize = 256;

/// A hierarchy without contradictions, that an instance can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub(super) levels: Vec<String>,
    /// Parents before children.
    pub(super) groups: Vec<WantedGroup>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedGroup {
    /// Names from the top down to its own.
    pub path: HierarchyPath,
    /// Its id in Connect: with it, another name is a new name and not another group.
    pub id: Option<String>,
}

impl Wanted {
    /// Checks levels, and groups that each stand under a key of their file, such as `groups[3]`.
    ///
    /// # Errors
    /// Every problem, under `levels` or the group's key.
    pub fn new(
        levels: Vec<String>,
        groups: Vec<(String, WantedGroup)>,
        quota: usize,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = level_problems(&levels);
        problems.extend(group_problems(&groups, levels.len()));
        if let Some((key, _)) = groups.get(quota) {
            let count = groups.len();
            problems.push(Problem::new(
                key,
                format!("is one too many: the file has {count} groups, and the quota is {quota}; if AWS raised yours, write it as group_quota"),
            ));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut groups: Vec<WantedGroup> = groups.into_iter().map(|(_, group)| group).collect();
        groups.sort();
        Ok(Self { levels, groups })
    }

    /// Every id that the file names.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.groups.iter().filter_map(|group| group.id.clone()).collect()
    }

    /// How many groups there are.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }
}

fn level_problems(levels: &[String]) -> Vec<Problem> {
    let mut found = Vec::new();
    if levels.len() > HierarchyPath::DEEPEST {
        found.push(format!("has {} names: Amazon Connect has five levels", levels.len()));
    }
    for (index, level) in levels.iter().enumerate() {
        found.extend(name_problem(level, LONGEST_LEVEL).map(|why| format!("{level:?} {why}")));
        if levels.iter().take(index).any(|above| above == level) {
            found.push(format!("{level:?} is there twice"));
        }
    }
    found.into_iter().map(|message| Problem::new("levels", message)).collect()
}

fn group_problems(groups: &[(String, WantedGroup)], levels: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut paths: BTreeMap<&HierarchyPath, &str> = BTreeMap::new();
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, group) in groups {
        let mut say =
            |field: &str, message: String| problems.push(Problem::new(format!("{key}.{field}"), message));
        for message in path_problems(&group.path, levels) {
            say("path", message);
        }
        if let Some(first) = paths.get(&group.path) {
            say("path", format!("\"{}\" is {first} already", group.path));
        }
        paths.entry(&group.path).or_insert(key);
        let Some(id) = group.id.as_deref() else { continue };
        if id.is_empty()
            || id.len() > LONGEST_ID
            || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            say("id", "is not an id of Amazon Connect: letters, digits and -".to_owned());
        }
        if let Some(first) = ids.get(id) {
            say("id", format!("is that of {first} already"));
        }
        ids.entry(id).or_insert(key);
    }
    problems.extend(orphans(groups, &paths));
    problems
}

fn path_problems(path: &HierarchyPath, levels: usize) -> Vec<String> {
    let depth = path.0.len();
    let mut found = Vec::new();
    if depth == 0 {
        found.push("is empty: write the group's names from the top down, [\"EMEA\", \"Billing\"]".to_owned());
    } else if depth > levels {
        found.push(format!("\"{path}\" is {depth} levels deep, and `levels` has {levels}"));
    }
    let names = path.0.last().into_iter();
    found.extend(
        names.filter_map(|name| name_problem(name, LONGEST_GROUP).map(|why| format!("{name:?} {why}"))),
    );
    found
}

/// A parent that is not there is a typing error more often than a wish.
fn orphans(groups: &[(String, WantedGroup)], paths: &BTreeMap<&HierarchyPath, &str>) -> Vec<Problem> {
    let orphan = |(key, group): &(String, WantedGroup)| {
        let (_, above) = group.path.0.split_last()?;
        let parent = HierarchyPath(above.to_vec());
        if above.is_empty() || paths.contains_key(&parent) {
            return None;
        }
        let same_depth = paths.keys().filter(|path| path.0.len() == above.len());
        let known: Vec<String> = same_depth.map(ToString::to_string).collect();
        let near = nearest(&parent.to_string(), known.iter().map(String::as_str));
        let advice =
            near.map_or("write a line for it".to_owned(), |near| format!("did you mean \"{near}\"?"));
        Some(Problem::new(
            format!("{key}.path"),
            format!("there is no group \"{parent}\" above it: {advice}"),
        ))
    };
    groups.iter().filter_map(orphan).collect()
}

fn name_problem(name: &str, longest: usize) -> Option<String> {
    match name.chars().count() {
        _ if name.trim().is_empty() => Some("is an empty name".to_owned()),
        length if length > longest => Some(format!("has {length} characters: at most {longest}")),
        _ if name.chars().any(char::is_control) => Some("has control characters".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(path: &[&str], id: Option<&str>) -> WantedGroup {
        let path = HierarchyPath(path.iter().map(|name| (*name).to_owned()).collect());
        WantedGroup { path, id: id.map(str::to_owned) }
    }

    fn problems(levels: &[&str], groups: &[WantedGroup]) -> Vec<String> {
        let levels = levels.iter().map(|level| (*level).to_owned()).collect();
        let keyed =
            groups.iter().enumerate().map(|(index, group)| (format!("groups[{index}]"), group.clone()));
        let problems = Wanted::new(levels, keyed.collect(), 4).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tree_in_any_order_is_taken() {
        let groups = [group(&["A", "B"], None), group(&["A"], Some("a-1")), group(&["B"], None)];
        assert_eq!(problems(&["One", "Two"], &groups), [""; 0]);
    }

    #[test]
    fn what_an_instance_can_not_have_is_told_with_its_place() {
        let long = "x".repeat(101);
        for (levels, groups, wanted) in [
            (vec!["One", "One"], vec![], "levels: \"One\" is there twice"),
            (
                vec!["1", "2", "3", "4", "5", "6"],
                vec![],
                "levels: has 6 names: Amazon Connect has five levels",
            ),
            (vec![&long[..51]], vec![], "at most 50"),
            (vec![" "], vec![], "levels: \" \" is an empty name"),
            (
                vec!["One"],
                vec![group(&["A"], None), group(&["A", "B"], None)],
                "groups[1].path: \"A / B\" is 2 levels deep, and `levels` has 1",
            ),
            (vec!["One"], vec![group(&[], None)], "groups[0].path: is empty"),
            (vec!["One"], vec![group(&[&long], None)], "has 101 characters: at most 100"),
            (vec!["One"], vec![group(&["a\u{1b}[2J"], None)], "has control characters"),
            (
                vec!["One"],
                vec![group(&["A"], None), group(&["A"], None)],
                "groups[1].path: \"A\" is groups[0] already",
            ),
            (
                vec!["One"],
                vec![group(&["A"], Some("x")), group(&["B"], Some("x"))],
                "groups[1].id: is that of groups[0] already",
            ),
            (vec!["One"], vec![group(&["A"], Some("a/b"))], "groups[0].id: is not an id"),
            (
                vec!["One", "Two"],
                vec![group(&["EMEA"], None), group(&["EMAE", "B"], None)],
                "groups[1].path: there is no group \"EMAE\" above it: did you mean \"EMEA\"?",
            ),
            (
                vec!["One"],
                ["A", "B", "C", "D", "E"].map(|name| group(&[name], None)).to_vec(),
                "groups[4]: is one too many: the file has 5 groups, and the quota is 4",
            ),
        ] {
            let found = problems(&levels, &groups);
            assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}\n{found:?}");
        }
    }
}
