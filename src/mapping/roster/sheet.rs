//! A roster as comma- or semicolon-separated values: a line that names the columns, then a line for each person.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::mapping::example::person;
use crate::model::{Attributes, Problem};

use super::{IDP, NAME_ID, PREVIOUS_USERNAME, RosterForm, Row};

/// What may stand between cells.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

pub(super) fn rows(text: &str, form: RosterForm<'_>) -> Result<Vec<Row>, Vec<Problem>> {
    let first = |message: String| vec![Problem::new("line 1", message)];
    // The reader counts the lines of these one behind.
    let text = &text.replace("\r\n", "\n");
    let delimiter = delimiter(text).map_err(first)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let columns = reader.headers().cloned().map_err(|_| first("can't be read".to_owned()))?;
    let columns = of_one_line(columns).map_err(first)?;
    check_columns(&columns).map_err(first)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let (at, row) = match record {
            Ok(record) => {
                let at = format!("line {}", record.position().map_or(0, csv::Position::line));
                (at.clone(), of_one_line(record).and_then(|cells| row(at, &columns, &cells, form)))
            }
            Err(_) => ("the file".to_owned(), Err("can't be read to its end".to_owned())),
        };
        match row {
            Ok(row) => rows.push(row),
            Err(message) => problems.push(Problem::new(at, message)),
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// The cells without the space around them. A quote too many takes people of the lines below into one cell.
fn of_one_line(mut cells: StringRecord) -> Result<StringRecord, String> {
    if cells.iter().any(|cell| cell.contains(['\n', '\r'])) {
        return Err(
            "a cell goes on in the next line: is there a quote too many? Write each person in one line"
                .to_owned(),
        );
    }
    cells.trim();
    Ok(cells)
}

/// The one that the names of the columns have between them. Spreadsheets write ; where , is in numbers.
fn delimiter(text: &str) -> Result<u8, String> {
    let mut quoted = false;
    let mut outside = String::new();
    for letter in text.lines().next().unwrap_or_default().chars() {
        quoted ^= letter == '"';
        if !quoted {
            outside.push(letter);
        }
    }
    let found: Vec<char> = DELIMITERS.into_iter().filter(|delimiter| outside.contains(*delimiter)).collect();
    match found[..] {
        [] => Ok(b','),
        [one] => Ok(u8::try_from(one).unwrap_or(b',')),
        [one, other, ..] => {
            Err(format!("both {one} and {other} separate columns: put names that have one of them in quotes"))
        }
    }
}

fn check_columns(columns: &StringRecord) -> Result<(), String> {
    for (index, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("column {} has no name: write the attribute's", index + 1));
        }
        if columns.iter().take(index).any(|before| before == name) {
            return Err(format!("the column {name:?} is there twice"));
        }
    }
    Ok(())
}

fn row(
    at: String,
    columns: &StringRecord,
    cells: &StringRecord,
    form: RosterForm<'_>,
) -> Result<Row, String> {
    if cells.len() != columns.len() {
        let (count, s) = (cells.len(), if cells.len() == 1 { "" } else { "s" });
        return Err(format!("has {count} cell{s}, and there are {} columns", columns.len()));
    }
    let (mut attributes, mut idp, mut name_id, mut previous_username) = (Attributes::new(), None, None, None);
    // An empty cell was not sent.
    for (name, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        match name {
            IDP => idp = Some(cell),
            NAME_ID => name_id = Some(cell.to_owned()),
            PREVIOUS_USERNAME => previous_username = Some(cell.to_owned()),
            name => {
                check_single(name, cell, form.separator)?;
                attributes.insert(name.to_owned(), values(cell, form.separator));
            }
        }
    }
    let identity = person(form.idp(idp)?, name_id, attributes);
    Ok(Row { at, identity, previous_username })
}

/// Without a separator a cell is one value: several of them, taken for one, would match no rule, and their owner would be
/// taken for somebody who left.
fn check_single(name: &str, cell: &str, separator: Option<&str>) -> Result<(), String> {
    if separator.is_none() && cell.contains('|') {
        return Err(format!(
            "{name}: are these several values? Then say --separator \"|\"; if not, name one that is in no cell"
        ));
    }
    Ok(())
}

fn values(cell: &str, separator: Option<&str>) -> Vec<String> {
    match separator {
        None => vec![cell.to_owned()],
        Some(separator) => {
            let values = cell.split(separator).map(str::trim);
            values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
        }
    }
}

/// A sheet of these rows. What a spreadsheet would take for a formula gets an apostrophe before it: people choose
/// their own names.
///
/// # Errors
/// When a row has more or fewer cells than `columns`.
pub fn write_sheet(columns: &[&str], rows: &[Vec<String>]) -> Result<String, String> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let failed = |error: csv::Error| error.to_string();
    writer.write_record(columns).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell))).map_err(failed)?;
    }
    let octets = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(octets).map_err(|error| error.to_string())
}

/// Where ; separates columns, or lines end, a spreadsheet may begin another cell inside a value.
fn harmless(cell: &str) -> String {
    let mut harmless = if cell.starts_with(['\t', '\r', '\n']) { "'".to_owned() } else { String::new() };
    let mut begins = true;
    for letter in cell.chars() {
        if begins && ['=', '+', '-', '@'].contains(&letter) {
            harmless.push('\'');
        }
        begins = [';', '\t', '\r', '\n'].contains(&letter);
        harmless.push(letter);
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_name_is_a_formula_where_a_spreadsheet_begins_another_cell() {
        for (cell, wanted) in [
            ("O;=1+1", "O;'=1+1"),
            ("a;-b;@c", "a;'-b;'@c"),
            ("a\t+b\r-c\n@d", "a\t'+b\r'-c\n'@d"),
            ("\n=1", "'\n'=1"),
            ("=1;=2", "'=1;'=2"),
            ("a-b;c=d", "a-b;c=d"),
        ] {
            assert_eq!(harmless(cell), wanted, "{cell:?}");
        }
    }

    #[test]
    fn a_name_is_no_formula_in_a_sheet() {
        let rows = [
            vec!["ana".to_owned(), "=HYPERLINK(\"x\")".to_owned()],
            vec!["-b".to_owned(), "a, b".to_owned()],
        ];
        let sheet = write_sheet(&["username", "first_name"], &rows).unwrap();
        assert_eq!(sheet, "username,first_name\nana,\"'=HYPERLINK(\"\"x\"\")\"\n'-b,\"a, b\"\n");
    }
}
