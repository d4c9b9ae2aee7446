//! Overrides from the environment: `CONNECT_GATEWAY__SECTION__KEY`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::model::{Problem, advice};

const PREFIX: &str = "CONNECT_GATEWAY__";
/// What the variables begin with that override the rules.
const OF_RULES: &str = "CONNECT_GATEWAY__MAPPING__";
const IN_THE_FILE_ONLY: &str = "names a list of tables: write it in the file";

/// Puts the overrides into the tree, as text: the reader of a key knows its type.
/// Returns each overridden key with its variable's name.
///
/// # Errors
/// Every variable that names no place in the tree.
pub(super) fn apply(
    table: &mut Table,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut overrides = BTreeMap::new();
    let mut problems = Vec::new();
    for (variable, value) in environment {
        let Some(path) = variable.strip_prefix(PREFIX) else { continue };
        let segments: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        match insert(table, &segments, value) {
            Ok(key) => {
                if let Some(other) = overrides.insert(key, variable.clone()) {
                    problems.push(Problem::new(variable, format!("sets the same key as {other}")));
                }
            }
            Err(message) => problems.push(Problem::new(variable, message)),
        }
    }
    if problems.is_empty() { Ok(overrides) } else { Err(problems) }
}

/// Whether it overrides something of `[mapping]`.
pub(super) fn is_of_rules((variable, _): &(String, String)) -> bool {
    variable.get(..OF_RULES.len()).is_some_and(|start| start.eq_ignore_ascii_case(OF_RULES))
}

/// What was overridden in two steps; the problems of both.
pub(super) fn join(
    first: Result<BTreeMap<String, String>, Vec<Problem>>,
    second: Result<BTreeMap<String, String>, Vec<Problem>>,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(first.into_iter().chain(second).collect()),
        (Err(first), Err(second)) => Err([first, second].concat()),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
    }
}

/// Variables that name an identity provider or an instance of which the file has nothing while it has others: a slip, when
/// something is wrong with what they name. Each with the key that they begin.
pub(super) fn strangers(file: &Table, overrides: &BTreeMap<String, String>) -> Vec<(String, Problem)> {
    let stranger = |(key, variable): (&String, &String)| {
        let (kind, rest) = key.split_once('.').filter(|(kind, _)| ["idp", "instance"].contains(kind))?;
        let name = rest.split_once('.').map_or(rest, |(name, _)| name);
        let known: Vec<&str> = file.get(kind)?.as_table()?.keys().map(String::as_str).collect();
        let is_strange = !known.is_empty() && !known.contains(&name);
        let said =
            format!("names {kind}.{name}, of which the file has nothing: {}", advice(name, &known, "\""));
        is_strange.then(|| (format!("{kind}.{name}"), Problem::new(variable, said)))
    };
    overrides.iter().filter_map(stranger).collect()
}

/// Returns the key's dotted path.
fn insert(table: &mut Table, segments: &[String], value: String) -> Result<String, &'static str> {
    let [segment, rest @ ..] = segments else { return Err("names no key") };
    if segment.is_empty() {
        return Err("names no key: write CONNECT_GATEWAY__SECTION__KEY");
    }
    let key = written(table, segment);
    if rest.is_empty() {
        match table.get(&key) {
            Some(Value::Table(_)) => return Err("names a table: set its keys one by one"),
            list if is_list_of_tables(list) => return Err(IN_THE_FILE_ONLY),
            _ => {}
        }
        table.insert(key.clone(), Value::String(value));
        return Ok(key);
    }
    match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => insert(inner, rest, value).map(|below| format!("{key}.{below}")),
        list if is_list_of_tables(Some(list)) => Err(IN_THE_FILE_ONLY),
        _ => Err("goes below a key that is no table"),
    }
}

/// The key as the file spells it: variables have no `-` and no lower case.
fn written(table: &Table, segment: &str) -> String {
    let same = |key: &&String| key.replace('-', "_").eq_ignore_ascii_case(segment);
    table.keys().find(same).cloned().unwrap_or_else(|| segment.to_owned())
}

fn is_list_of_tables(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Array(items)) if items.iter().any(Value::is_table))
}
