//! docs/attacks.md names a test for every attack, and every test that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Found by no signature (25) and by fuzzing only (50).
const WITHOUT_TEST: [u32; 2] = [25, 50];

#[test]
fn every_attack_has_a_test_and_every_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let tests = test_names(root);
    let mut numbers = BTreeSet::new();
    for row in table
        .lines()
        .filter(|line| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit()))
    {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let number: u32 = cells[1].parse().unwrap();
        let named: Vec<&str> = cells[4].split('`').skip(1).step_by(2).collect();
        for name in &named {
            let function = name.rsplit("::").next().unwrap();
            assert!(tests.contains(function), "attack {number}: there is no test {name}");
        }
        assert!(!named.is_empty() || WITHOUT_TEST.contains(&number), "attack {number} has no test");
        assert!(numbers.insert(number), "attack {number} stands twice");
    }
    assert_eq!(numbers, (1..=50).collect());
}

/// The names of all test functions.
fn test_names(root: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
                names.extend(functions.map(str::to_owned));
            }
        }
    }
    names
}
