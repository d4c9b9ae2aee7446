//! `docs/aws-operations.md` against the code, and against the tests that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::operations;

/// How the names of operations begin.
const VERBS: [&str; 12] = [
    "Assume",
    "Associate",
    "Create",
    "Delete",
    "Describe",
    "Disassociate",
    "Get",
    "List",
    "Search",
    "Tag",
    "Untag",
    "Update",
];

const PAGE: &str = include_str!("../../docs/aws-operations.md");

/// Operation, caller and tests of each row.
fn rows() -> Vec<(String, String, String)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.map(|row| {
        let cells = cells(row);
        let [operation, _, caller, tests] = &cells[..] else { panic!("four cells: {row}") };
        (operation.trim_matches('`').to_owned(), caller.clone(), tests.clone())
    })
    .collect()
}

/// The text of every Rust file below `folder`.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: std::path::PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.map(text).collect()
}

fn below(folder: &str) -> String {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

/// The names of operations that the code writes.
fn called() -> BTreeSet<String> {
    let text = below("src/connect") + &below("src/federation");
    let is_operation = |word: &&str| {
        word.chars().all(|c| c.is_ascii_alphanumeric())
            && VERBS
                .iter()
                .any(|verb| word.strip_prefix(verb).is_some_and(|rest| rest.starts_with(char::is_uppercase)))
    };
    text.split('"').filter(is_operation).map(str::to_owned).collect()
}

#[test]
fn the_page_has_every_operation_that_is_called_and_no_other() {
    let calling =
        |(operation, caller, _): (String, String, String)| (caller != "not called yet").then_some(operation);
    let told: BTreeSet<String> = rows().into_iter().filter_map(calling).collect();
    assert!(told.len() > 20, "{told:?}");
    assert_eq!(told, called());
}

#[test]
fn every_operation_of_the_page_is_run_against_its_errors() {
    let run: BTreeSet<&str> = operations::names().collect();
    for (operation, caller, _) in rows() {
        assert_eq!(run.contains(operation.as_str()), caller != "not called yet", "{operation}");
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let tests = below("tests");
    for (operation, caller, named) in rows() {
        let named: Vec<&str> = named.split('`').filter(|name| name.contains('_')).collect();
        assert_eq!(named.is_empty(), caller == "not called yet", "{operation} names no test");
        for name in named {
            assert!(tests.contains(&format!("fn {name}()")), "{operation}: there is no test {name}");
        }
    }
}
