//! A roster: many people in one file, each as an identity provider would send them.

mod list;
mod sheet;

use std::collections::BTreeMap;

use crate::model::{Denial, Identity, IdpName, InstanceName, Placement, Problem, Username, advice, code};

use super::rules::Rules;
use super::{place, username};

pub use sheet::write_sheet;

/// The most people of one roster.
pub const MOST_PEOPLE: usize = 100_000;
/// The largest file, in bytes.
pub const LARGEST_ROSTER: u64 = 64 * 1024 * 1024;

/// Columns, or members of an object, that are no attributes.
const IDP: &str = "idp";
const NAME_ID: &str = "name_id";
const PREVIOUS_USERNAME: &str = "previous_username";

/// One person of a roster. Personal data.
#[derive(Clone)]
pub struct Row {
    /// Where in the file.
    pub at: String,
    /// What the identity provider would say.
    pub identity: Identity,
    /// The name that the person's user had before.
    pub previous_username: Option<String>,
}

/// One person of a roster, placed. Personal data.
pub struct Member {
    /// Where in the file.
    pub at: String,
    /// The user's name.
    pub username: Username,
    /// The name that the person's user had before.
    pub previous_username: Option<String>,
    /// What the rules say.
    pub outcome: Result<Placement, Denial>,
}

impl Member {
    /// Whether the rules keep this person out. Not so where something is missing that they need to decide.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let refusals = [&code::MAPPING_DENIED, &code::MAPPING_NO_MATCH, &code::MAPPING_CHECK_FAILED];
        self.outcome.as_ref().is_err_and(|denial| refusals.contains(&denial.code))
    }
}

/// How a roster is read.
#[derive(Debug, Clone, Copy)]
pub struct RosterForm<'a> {
    /// The identity providers that may sign people in.
    pub idps: &'a [IdpName],
    /// The one of all rows that name none.
    pub idp: Option<&'a IdpName>,
    /// What stands between several values in one cell of a sheet.
    pub separator: Option<&'a str>,
}

impl RosterForm<'_> {
    /// The identity provider of a row.
    fn idp(&self, named: Option<&str>) -> Result<IdpName, String> {
        match (named, self.idp, self.idps) {
            (Some(name), _, known) => {
                let all: Vec<&str> = known.iter().map(IdpName::as_str).collect();
                let found = known.iter().find(|one| one.as_str() == name);
                found.cloned().ok_or_else(|| format!("idp {name:?}: {}", advice(name, &all, "\"")))
            }
            (None, Some(usual), _) | (None, None, [usual]) => Ok(usual.clone()),
            (None, None, _) => Err("names no idp: write it there, or --idp for all of them".to_owned()),
        }
    }
}

/// Reads a roster: a JSON array of objects, or a sheet of comma- or semicolon-separated values.
///
/// # Errors
/// Every problem at once, each with its line or row; never empty.
pub fn roster(text: &str, form: RosterForm<'_>) -> Result<Vec<Row>, Vec<Problem>> {
    let text = text.trim_start_matches('\u{feff}');
    let rows = match text.trim_start().chars().next() {
        None => Err(vec![Problem::new("line 1", "the file is empty")]),
        Some('[') => list::rows(text, form),
        Some('{') => {
            Err(vec![Problem::new("line 1", "write a list of objects, one for each person: [{…}, {…}]")])
        }
        Some(_) => sheet::rows(text, form),
    };
    rows.and_then(|rows| match rows.len() {
        0 => Err(vec![Problem::new("line 1", "there is nobody in it")]),
        count if count > MOST_PEOPLE => {
            Err(vec![Problem::new("the file", format!("has {count} people: {MOST_PEOPLE} are the most"))])
        }
        _ => Ok(rows),
    })
}

/// Places everybody on the way to `instance`.
///
/// # Errors
/// Everybody whose user name can't be told, and every user name that is there twice, in whatever case, before or now;
/// never empty.
pub fn members(rows: &[Row], instance: &InstanceName, rules: &Rules) -> Result<Vec<Member>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut members = Vec::new();
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for row in rows {
        match member(row, instance, rules) {
            Ok(member) => {
                match names.get(&member.username.folded()) {
                    Some(first) => problems.push(Problem::new(
                        row.at.as_str(),
                        format!("the user name {} is that of {first} already", member.username.as_str()),
                    )),
                    None => _ = names.insert(member.username.folded(), &row.at),
                }
                members.push(member);
            }
            Err(denial) => problems.push(Problem::new(row.at.as_str(), denial.detail)),
        }
    }
    problems.extend(previous_problems(&members, &names));
    if problems.is_empty() { Ok(members) } else { Err(problems) }
}

/// A name that somebody had before is nobody else's: whose user that is would be a guess.
fn previous_problems(members: &[Member], names: &BTreeMap<String, &str>) -> Vec<Problem> {
    let mut before: BTreeMap<String, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for member in members {
        let Some(previous) = member.previous_username.as_deref().map(str::to_ascii_lowercase) else {
            continue;
        };
        let holder = names.get(&previous).filter(|at| **at != member.at).or_else(|| before.get(&previous));
        if let Some(holder) = holder {
            let message = format!("previous_username is also in {holder}: one of the two has another user");
            problems.push(Problem::new(member.at.as_str(), message));
        }
        before.insert(previous, &member.at);
    }
    problems
}

/// Places somebody on the way to `instance`.
///
/// # Errors
/// Why the user's name can't be told.
pub fn member(row: &Row, instance: &InstanceName, rules: &Rules) -> Result<Member, Denial> {
    let outcome = place(&row.identity, instance, rules).outcome;
    let username = match &outcome {
        Ok(placement) => placement.username.clone(),
        Err(_) => username(&row.identity, instance, rules)?,
    };
    Ok(Member { at: row.at.clone(), username, previous_username: row.previous_username.clone(), outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>, Vec<String>> {
        let idps = [IdpName::new("okta"), IdpName::new("entra")];
        let form = RosterForm { idps: &idps, idp: Some(&idps[0]), separator: Some("|") };
        roster(text, form).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_sheet_and_a_list_say_the_same() {
        let list = read(
            r#"[{"name_id": "n", "uid": "ana", "groups": ["a", "b"], "idp": "entra"},
            {"attributes": {"uid": "ben"}, "previous_username": "benjamin"}]"#,
        )
        .unwrap();
        let sheets = [
            "name_id,uid,groups,idp,previous_username\nn,ana,a | b,entra,\n,ben,,,benjamin\n",
            "\u{feff}name_id;uid;groups;idp;previous_username\r\nn;ana;a|b;entra;\r\n;ben;;;benjamin\r\n",
            "name_id\tuid\tgroups\tidp\tprevious_username\nn\tana\t\"a|b\"\tentra\t\n\t ben \t\t\tbenjamin\n",
        ];
        for sheet in sheets {
            let rows = read(sheet).unwrap();
            assert_eq!(rows.len(), 2);
            for (row, other) in rows.iter().zip(&list) {
                assert_eq!(row.identity, other.identity, "{sheet}");
                assert_eq!(row.previous_username, other.previous_username);
            }
            assert_eq!(rows[1].at, "line 3");
        }
        assert_eq!(list[1].at, "row 2");
    }

    #[test]
    fn several_values_are_not_taken_for_one() {
        let idps = [IdpName::new("okta")];
        let form = |separator| RosterForm { idps: &idps, idp: None, separator };
        let sheet = "uid,groups\nana,cc-agents|cc-sales\n";
        let problems = roster(sheet, form(None)).err().unwrap();
        assert!(
            problems[0].to_string().starts_with("line 2: groups: are these several values?"),
            "{problems:?}"
        );
        assert_eq!(
            roster(sheet, form(Some("||"))).unwrap()[0].identity.attributes["groups"],
            ["cc-agents|cc-sales"]
        );
    }

    #[test]
    fn every_problem_is_told_with_its_row() {
        for (text, wanted) in [
            ("", &["line 1: the file is empty"][..]),
            ("[]", &["line 1: there is nobody in it"]),
            ("{\"uid\": \"a\"}", &["line 1: write a list of objects"]),
            ("[\n{]", &["line 2: is no JSON"]),
            (
                "[{\"uid\": 1}, 2, {\"uid\": \"a\", \"idp\": \"otka\"}, {\"uid\": \"a\"}, {\"name_id\": []}]",
                &[
                    "row 1: a value is neither",
                    "row 2: is no object",
                    "row 3: idp \"otka\": did you mean",
                    "row 5: name_id is no text",
                ],
            ),
            ("uid\n", &["line 1: there is nobody in it"]),
            ("uid,uid\na,b\n", &["line 1: the column \"uid\" is there twice"]),
            ("uid,,sn\na,b,c\n", &["line 1: column 2 has no name"]),
            ("uid,sn;x\na,b\n", &["line 1: both , and ; separate"]),
            (
                "uid,sn\na\nb,c,d\n,e,idp\n",
                &["line 2: has 1 cell", "line 3: has 3 cells", "line 4: has 3 cells"],
            ),
            ("uid,nick\na,x\nb,\"y\nc,z\n", &["line 3: a cell goes on in the next line"]),
            ("uid,nick\na,x\nb,\"\nc,z\n", &["line 3: a cell goes on in the next line"]),
            ("uid,nick\r\na,\"x\r\nb,y\"\r\nc,z\r\n", &["line 2: a cell goes on in the next line"]),
            ("uid,\"nick\na,x\n", &["line 1: a cell goes on in the next line"]),
            ("uid,idp\na,none\nb,entra\nc,other\n", &["line 2: idp \"none\"", "line 4: idp \"other\""]),
        ] {
            let found = read(text).err().unwrap_or_default();
            assert_eq!(found.len(), wanted.len(), "{text}\n{found:?}");
            for (found, wanted) in found.iter().zip(wanted) {
                assert!(found.starts_with(wanted), "{wanted}\n{found}");
            }
        }
    }

    #[test]
    fn who_names_no_idp_where_there_are_several_is_told() {
        let idps = [IdpName::new("okta"), IdpName::new("entra")];
        let form = RosterForm { idps: &idps, idp: None, separator: None };
        let found = roster("uid\na\n", form).err().unwrap();
        assert_eq!(found[0].to_string(), "line 2: names no idp: write it there, or --idp for all of them");
        let one = RosterForm { idps: &idps[..1], ..form };
        assert_eq!(roster("uid\na b\n", one).unwrap()[0].identity.attributes["uid"], ["a b"]);
    }
}
