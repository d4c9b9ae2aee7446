//! `hierarchy.toml`, and what an instance may create.

use std::collections::BTreeMap;

use crate::config::{read_hierarchy, write_hierarchy};
use crate::connect::{Group, GroupCreation, Tree};

use super::{SHORT, assert_about, changed, config, with};

fn told(text: &str) -> Vec<String> {
    read_hierarchy(text).expect_err("problems").iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_example_can_be_read() {
    let wanted = read_hierarchy(include_str!("../../../config/examples/hierarchy.toml")).expect("usable");
    assert_eq!(wanted.group_count(), 9);
}

#[test]
fn every_problem_is_told_at_once_with_its_line() {
    let text = r#"
version = 1
levels = ["Region", "Team"]
color = "blue"
groups = [
    { path = ["EMEA"] },
    { path = ["EMEA", "Billing"], tags = "x" },
    { path = ["EMAE", "Sales"] },
    { path = ["EMEA"] },
    { path = ["EMEA", "Billing", "Voice"] },
    { path = "EMEA" },
]
"#;
    let found = told(text);
    for line in [
        "color: unknown key; the keys here are: group_quota, groups, levels, version (line 4)",
        "groups[1].tags: unknown key; the keys here are: id, path (line 7)",
        "groups[5].path: must be a list of texts: [\"…\", \"…\"] (line 11)",
    ] {
        assert!(found.iter().any(|problem| problem == line), "{line}\n{found:#?}");
    }
    let found = told(&text.replace("    { path = \"EMEA\" },\n", ""));
    for line in [
        "groups[2].path: there is no group \"EMAE\" above it: did you mean \"EMEA\"? (line 8)",
        "groups[3].path: \"EMEA\" is groups[0] already (line 9)",
        "groups[4].path: \"EMEA / Billing / Voice\" is 3 levels deep, and `levels` has 2 (line 10)",
    ] {
        assert!(found.iter().any(|problem| problem == line), "{line}\n{found:#?}");
    }
}

#[test]
fn what_a_file_must_have_is_missed() {
    let found = told("groups = [{ id = \"x\" }]");
    for start in ["version: write `version = 1`", "levels: is missing", "groups[0].path: is missing"] {
        assert!(found.iter().any(|problem| problem.starts_with(start)), "{start}\n{found:#?}");
    }
    assert!(told("levels = [")[0].starts_with("line 1: not TOML"));
}

#[test]
fn more_groups_than_the_quota_are_refused_until_the_file_says_that_there_is_room() {
    let lines: Vec<String> = (0..501).map(|number| format!("{{ path = [\"g{number}\"] }},\n")).collect();
    let lines = lines.concat();
    let text = format!("version = 1\nlevels = [\"One\"]\ngroups = [\n{lines}]\n");
    assert!(
        told(&text)[0].starts_with("groups[500]: is one too many: the file has 501 groups"),
        "{:?}",
        told(&text)
    );
    assert!(read_hierarchy(&format!("group_quota = 600\n{text}")).is_ok());
}

#[test]
fn every_name_is_read_as_it_was_written() {
    let names =
        ["plain", "with \"quotes\" and 'more'", "back\\slash", "a / b", "日本 🙂", " e\u{301} ", "#, ] }"];
    let group =
        |name: &str, parent: Option<&str>| Group { name: name.to_owned(), parent: parent.map(str::to_owned) };
    let mut groups: BTreeMap<String, Group> =
        names.iter().enumerate().map(|(number, name)| (format!("id-{number}"), group(name, None))).collect();
    groups.insert("below".to_owned(), group("b", Some("id-3")));
    let tree = Tree { levels: vec!["One \"1\"".to_owned(), "Two".to_owned()], groups };
    let text = write_hierarchy(&tree);
    let wanted = read_hierarchy(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    assert_eq!(wanted.group_count(), 8);
    assert_eq!(text.lines().count(), 4 + 8, "one line for each group");
    let empty = write_hierarchy(&Tree::default());
    assert!(read_hierarchy(&empty).is_ok(), "an instance without a hierarchy\n{empty}");
}

#[test]
fn groups_are_created_only_where_somebody_says_so() {
    let creation = |overrides: &[(&str, &str)]| {
        with(overrides).map(|loaded| loaded.config.instances[0].connect.group_creation)
    };
    assert_eq!(config(SHORT).instances[0].connect.group_creation, GroupCreation::Never);
    let own = ("INSTANCE__PROD__CREATE_HIERARCHY_GROUPS", "true");
    let copied = ("INSTANCE__PROD__CREATE_COPIED_HIERARCHY_GROUPS", "true");
    assert_eq!(creation(&[own]).expect("usable"), GroupCreation::WrittenOut);
    assert_eq!(creation(&[own, copied]).expect("usable"), GroupCreation::Any);
    let problems = creation(&[copied]).expect_err("a problem");
    assert_about(&problems, "instance.prod.create_copied_hierarchy_groups", "does nothing without");
    let url = "url = \"https://acme.my.connect.aws\"\n";
    let off = format!("{url}provisioning = \"off\"\ncreate_hierarchy_groups = true\n");
    assert_about(&changed(url, &off), "instance.prod.create_hierarchy_groups", "creates nothing with");
}
