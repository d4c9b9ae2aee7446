//! A roster as a JSON array of objects.

use serde_json::{Map, Value};

use crate::mapping::pasted::pasted_object;
use crate::model::Problem;

use super::{IDP, PREVIOUS_USERNAME, RosterForm, Row};

pub(super) fn rows(text: &str, form: RosterForm<'_>) -> Result<Vec<Row>, Vec<Problem>> {
    let items: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        vec![Problem::new(format!("line {}", error.line()), "is no JSON: write [{…}, {…}]".to_owned())]
    })?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let at = format!("row {}", index + 1);
        match row(at.clone(), item, form) {
            Ok(row) => rows.push(row),
            Err(message) => problems.push(Problem::new(at, message)),
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn row(at: String, item: Value, form: RosterForm<'_>) -> Result<Row, String> {
    let Value::Object(mut object) = item else { return Err("is no object".to_owned()) };
    let idp = text(&mut object, IDP)?;
    let previous_username = text(&mut object, PREVIOUS_USERNAME)?;
    let identity = pasted_object(form.idp(idp.as_deref())?, object)?;
    Ok(Row { at, identity, previous_username })
}

fn text(object: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("{name} is no text")),
    }
}
