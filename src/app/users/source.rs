//! Who is compared with an instance: the people of a roster, placed by today's rules.

use std::path::Path;

use super::{Opened, PeopleFile};
use crate::app::Outcome;
use crate::app::mapping::chosen;
use crate::config;
use crate::mapping::{LARGEST_ROSTER, Member, RosterForm, Row, members, roster};
use crate::model::{IdpName, Problem};

/// The people, and where they were read.
pub(super) struct People {
    pub(super) rows: Vec<Row>,
    pub(super) members: Vec<Member>,
    pub(super) file: String,
}

impl Opened {
    /// Reads the roster and places everybody in it.
    pub(super) fn people(&self, ask: &PeopleFile) -> Result<People, Outcome> {
        let file = ask.roster.display().to_string();
        let told = |problems: Vec<Problem>| {
            Outcome::Failed(problems.iter().map(|problem| format!("{file}: {problem}")).collect())
        };
        let text = text_of(&ask.roster).map_err(|reason| Outcome::Failed(vec![reason]))?;
        let idps = self.idps.iter().map(IdpName::as_str);
        let named = ask.idp.as_deref().map(|idp| chosen("--idp", Some(idp), idps));
        let named = named.transpose().map_err(|reason| Outcome::Failed(vec![reason]))?.map(IdpName::new);
        let form = RosterForm { idps: &self.idps, idp: named.as_ref(), separator: ask.separator.as_deref() };
        let rows = roster(&text, form).map_err(told)?;
        let members = members(&rows, &self.instance, &self.rules).map_err(told)?;
        Ok(People { rows, members, file })
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| format!("{}: {}", path.display(), config::unreadable(&error)))?
        .len();
    if size > LARGEST_ROSTER {
        return Err(format!("{}: has {size} bytes: {LARGEST_ROSTER} are the most", path.display()));
    }
    let octets =
        std::fs::read(path).map_err(|error| format!("{}: {}", path.display(), config::unreadable(&error)))?;
    String::from_utf8(octets)
        .map_err(|_| format!("{}: is no text in UTF-8: save it as CSV UTF-8", path.display()))
}
