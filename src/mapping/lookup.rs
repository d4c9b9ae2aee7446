//! Tables that say what each group means: for forty teams a sheet is easier than forty rules.

use std::collections::BTreeMap;

use crate::model::{HierarchyPath, Problem, advice};

use super::config::LookupConfig;
use super::set::{Set, profile_name, routing_profile_name};
use super::text::connect_name;
use super::value::Value;

/// The most rows of one table.
const MOST_ROWS: usize = 10_000;

/// The columns; the first one comes first in the file too.
const COLUMNS: [&str; 5] = ["group", "security_profiles", "routing_profile", "hierarchy", "landing"];

/// What each group means.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) file: String,
    pub(super) rows: Vec<Row>,
    by_group: BTreeMap<String, usize>,
}

/// What one group means.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) line: u64,
    pub(super) set: Set,
}

impl Lookup {
    /// Reads the table.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line, under `key`.
    pub(super) fn new(key: &str, config: &LookupConfig) -> Result<Self, Vec<Problem>> {
        let problem =
            |line: u64, message: String| Problem::new(key, format!("{} line {line}: {message}", config.file));
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(config.text.trim_start_matches('\u{feff}').as_bytes());
        let columns = columns(&mut reader).map_err(|message| vec![problem(1, message)])?;
        let (mut rows, mut problems): (Vec<Row>, Vec<Problem>) = (Vec::new(), Vec::new());
        let mut by_group = BTreeMap::new();
        for record in reader.records() {
            let row = match record {
                Ok(record) => row(&columns, &record),
                Err(error) => Err((line_of(&error), "can't be read: every row needs as many values as there are columns, and text in quotes must end".to_owned())),
            };
            match row {
                Err((line, message)) => problems.push(problem(line, message)),
                Ok(row) if rows.len() == MOST_ROWS => {
                    problems.push(problem(
                        row.line,
                        format!("is row {}: {MOST_ROWS} are the most", MOST_ROWS + 1),
                    ));
                    break;
                }
                Ok(row) => {
                    if let Some(first) = by_group.insert(row.group.clone(), rows.len()) {
                        let first: &Row = &rows[first];
                        problems.push(problem(
                            row.line,
                            format!("\"{}\" is in line {} already", row.group, first.line),
                        ));
                    }
                    rows.push(row);
                }
            }
        }
        if rows.is_empty() && problems.is_empty() {
            problems.push(problem(1, "there is no row below the names of the columns".to_owned()));
        }
        if problems.is_empty() {
            Ok(Self { file: config.file.clone(), rows, by_group })
        } else {
            Err(problems)
        }
    }

    /// The rows of these groups, in the order of the table.
    pub(super) fn rows_of(&self, groups: &[String]) -> Vec<&Row> {
        let mut found: Vec<usize> =
            groups.iter().filter_map(|group| self.by_group.get(group).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|row| &self.rows[row]).collect()
    }
}

fn columns(reader: &mut csv::Reader<&[u8]>) -> Result<Vec<&'static str>, String> {
    let header = reader.headers().map_err(|_| "is no text in UTF-8".to_owned())?;
    let mut columns = Vec::new();
    for name in header {
        let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
            return Err(format!("there is no column \"{name}\": {}", advice(name, &COLUMNS, "")));
        };
        if columns.contains(&column) {
            return Err(format!("the column {column} is there twice"));
        }
        columns.push(column);
    }
    if columns.first() != Some(&"group") || columns.len() < 2 {
        return Err("the first line names the columns: group, then at least one of security_profiles, routing_profile, hierarchy, landing".to_owned());
    }
    Ok(columns)
}

fn row(columns: &[&str], record: &csv::StringRecord) -> Result<Row, (u64, String)> {
    let line = record.position().map_or(0, csv::Position::line);
    let mut set = Set::default();
    let mut group = String::new();
    for (column, cell) in columns.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty()) {
        let text = |why: String| (line, format!("{column} {why}"));
        match *column {
            "group" => cell.clone_into(&mut group),
            "security_profiles" => set.security_profiles = names(cell, ';', profile_name).map_err(text)?,
            "routing_profile" => {
                set.routing_profile = Some(Value::Text(routing_profile_name(cell).map_err(text)?));
            }
            "hierarchy" => {
                let path = names(cell, '/', |name| connect_name(name, 100)).map_err(text)?;
                if path.len() > HierarchyPath::DEEPEST {
                    return Err(text("has more than five levels".to_owned()));
                }
                set.hierarchy = Some(path);
            }
            _ => set.landing = Some(crate::model::Destination::new(cell)),
        }
    }
    if group.is_empty() {
        return Err((line, "names no group".to_owned()));
    }
    Ok(Row { group, line, set })
}

fn names(
    cell: &str,
    separator: char,
    name: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<Value>, String> {
    cell.split(separator).map(|part| name(part).map(Value::Text)).collect()
}

fn line_of(error: &csv::Error) -> u64 {
    error.position().map_or(0, csv::Position::line)
}
