//! The users of an instance, as a search index has them.

use serde_json::{Value, json};

use super::{Opened, Users, json, open};
use crate::app::Outcome;
use crate::app::mapping::table;
use crate::app::terminal::shown;
use crate::connect::Person;
use crate::mapping::write_sheet;

/// The columns of an exported sheet.
const COLUMNS: [&str; 7] =
    ["username", "first_name", "last_name", "security_profiles", "routing_profile", "hierarchy", "id"];

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values, several in one cell separated by `|`.
    Csv,
    /// A JSON array of objects.
    Json,
}

/// Prints every user of the instance.
pub async fn list_users(ask: &Users, as_json: bool) -> Outcome {
    let people = match everybody(ask).await {
        Ok((_, people)) => people,
        Err(failed) => return failed,
    };
    if as_json {
        say!("{:#}", Value::from(people.iter().map(json::person).collect::<Vec<_>>()));
    } else {
        say_text!("{}", as_text(&people));
    }
    Outcome::Done
}

/// Prints every user of the instance as a roster has them.
pub async fn export_users(ask: &Users, form: Form) -> Outcome {
    let people = match everybody(ask).await {
        Ok((_, people)) => people,
        Err(failed) => return failed,
    };
    match form {
        Form::Json => {
            say!("{:#}", Value::from(people.iter().map(as_row).collect::<Vec<_>>()));
            Outcome::Done
        }
        Form::Csv => match write_sheet(&COLUMNS, &people.iter().map(as_cells).collect::<Vec<_>>()) {
            Ok(sheet) => {
                say_text!("{sheet}");
                Outcome::Done
            }
            Err(reason) => Outcome::Failed(vec![reason]),
        },
    }
}

async fn everybody(ask: &Users) -> Result<(Opened, Vec<Person>), Outcome> {
    let opened = open(ask).await?;
    let index = opened.index().await.map_err(|error| opened.failed(&error))?;
    let people = opened.connect.people(&index).await.map_err(|error| opened.failed(&error))?;
    Ok((opened, people))
}

fn as_text(people: &[Person]) -> String {
    let head = ["user", "name", "security profiles", "routing profile", "hierarchy", "id"];
    let row = |person: &Person| {
        let standing = match (person.is_protected, person.has_left, person.is_parked) {
            (true, ..) => " (protected)",
            (_, true, _) => " (parked)",
            (_, false, true) => " (parked in part)",
            (_, false, false) => "",
        };
        let names = [&person.first_name, &person.last_name].into_iter().flatten();
        [
            shown(&person.username) + standing,
            shown(&names.map(String::as_str).collect::<Vec<_>>().join(" ")),
            shown(&joined(person, ", ")),
            shown(person.routing_profile.as_deref().unwrap_or("-")),
            shown(&person.hierarchy.join(" / ")),
            person.id.as_str().to_owned(),
        ]
    };
    let count = if people.len() == 1 { "1 user".to_owned() } else { format!("{} users", people.len()) };
    format!("{}\n{count}\n", table(head, people.iter().map(row)))
}

fn joined(person: &Person, separator: &str) -> String {
    person.security_profiles.iter().map(String::as_str).collect::<Vec<_>>().join(separator)
}

fn as_row(person: &Person) -> Value {
    json!({
        "username": person.username,
        "first_name": person.first_name.as_deref().unwrap_or_default(),
        "last_name": person.last_name.as_deref().unwrap_or_default(),
        "security_profiles": person.security_profiles,
        "routing_profile": person.routing_profile.as_deref().unwrap_or_default(),
        "hierarchy": person.hierarchy.join(" / "),
        "id": person.id.as_str(),
    })
}

fn as_cells(person: &Person) -> Vec<String> {
    vec![
        person.username.clone(),
        person.first_name.clone().unwrap_or_default(),
        person.last_name.clone().unwrap_or_default(),
        joined(person, "|"),
        person.routing_profile.clone().unwrap_or_default(),
        person.hierarchy.join(" / "),
        person.id.as_str().to_owned(),
    ]
}
