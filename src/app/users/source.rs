//! Who is compared with an instance: the people of a roster, or everybody who was seen, placed by today's rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{Opened, PeopleFile};
use crate::app::Outcome;
use crate::app::mapping::chosen;
use crate::config;
use crate::connect::Index;
use crate::mapping::{LARGEST_ROSTER, Member, RosterForm, Row, member, members, person_named, roster};
use crate::model::{Clock as _, IdpName, Problem, Sighting, SystemClock};
use crate::store::Journal;

/// The people, and where they were read.
pub(super) struct People {
    /// In the order of `members`, who were seen the latest first.
    pub(super) rows: Vec<Row>,
    pub(super) members: Vec<Member>,
    pub(super) seen: Option<Seen>,
    /// Whether these are all people that there should be; else only those who were seen.
    pub(super) is_whole: bool,
    pub(super) file: String,
}

/// When people last signed in, by user name, letter by letter.
pub(super) struct Seen {
    latest: BTreeMap<String, Sighting>,
    /// Who was seen last before this is a leaver.
    since: Option<OffsetDateTime>,
}

impl Seen {
    /// When each user last signed in, by the user's id.
    pub(super) fn by_user<'i>(&self, index: &'i Index) -> BTreeMap<&'i str, OffsetDateTime> {
        let mut latest = BTreeMap::new();
        for Sighting { username, at, .. } in self.latest.values() {
            if let Some(id) = index.id_of(username.as_str()) {
                let known = latest.entry(id).or_insert(*at);
                *known = (*known).max(*at);
            }
        }
        latest
    }

    /// Whether somebody who was seen last then is a leaver.
    pub(super) fn is_too_long_ago(&self, at: OffsetDateTime) -> bool {
        self.since.is_some_and(|since| at < since)
    }
}

/// The first person of each user, and everybody who has none.
pub(super) fn one_each<'m>(members: &'m [Member], index: &Index) -> Vec<&'m Member> {
    let mut users = BTreeSet::new();
    let user = |member: &Member| index.id_of(member.username.as_str()).ok_or(member.username.folded());
    members.iter().filter(|member| users.insert(user(member))).collect()
}

impl Opened {
    /// Reads the roster and the files of sign-ins, and places everybody in the one or the others.
    pub(super) fn people(&self, ask: &PeopleFile) -> Result<People, Outcome> {
        let seen = if ask.seen.is_empty() { None } else { Some(self.seen(ask)?) };
        let Some(path) = &ask.roster else {
            let (rows, members) = self.seen_members(seen.as_ref());
            return Ok(People { rows, members, seen, is_whole: false, file: list(&ask.seen) });
        };
        let file = path.display().to_string();
        let told = |problems: Vec<Problem>| {
            Outcome::Failed(problems.iter().map(|problem| format!("{file}: {problem}")).collect())
        };
        let text = text_of(path).map_err(|reason| Outcome::Failed(vec![reason]))?;
        let idps = self.idps.iter().map(IdpName::as_str);
        let named = ask.idp.as_deref().map(|idp| chosen("--idp", Some(idp), idps));
        let named = named.transpose().map_err(|reason| Outcome::Failed(vec![reason]))?.map(IdpName::new);
        let form = RosterForm { idps: &self.idps, idp: named.as_ref(), separator: ask.separator.as_deref() };
        let rows = roster(&text, form).map_err(told)?;
        let members = members(&rows, &self.instance, &self.rules).map_err(told)?;
        Ok(People { rows, members, seen, is_whole: true, file })
    }

    /// The latest sign-in of everybody at this instance, whichever replica wrote it down.
    fn seen(&self, ask: &PeopleFile) -> Result<Seen, Outcome> {
        let days = ask.not_seen_for.map(|days| Duration::days(days.into()));
        let since = days.and_then(|days| SystemClock.now().checked_sub(days));
        let mut latest: BTreeMap<String, Sighting> = BTreeMap::new();
        for path in &ask.seen {
            let (sightings, unread) = Journal::at(path.clone()).read().map_err(|error| {
                Outcome::Failed(vec![format!("{}: {}", path.display(), config::unreadable(&error))])
            })?;
            if unread > 0 {
                eprintln!("warning: {}: {unread} lines could not be read", path.display());
            }
            for sighting in sightings.into_iter().filter(|sighting| sighting.instance == self.instance) {
                let name = sighting.username.as_str().to_owned();
                if latest.get(&name).is_none_or(|known| known.at < sighting.at) {
                    latest.insert(name, sighting);
                }
            }
        }
        Ok(Seen { latest, since })
    }

    /// Everybody who was seen by an identity provider that signs people in here, once for each name of today, the latest
    /// first.
    fn seen_members(&self, seen: Option<&Seen>) -> (Vec<Row>, Vec<Member>) {
        let mut by_name: BTreeMap<String, (OffsetDateTime, Row, Member)> = BTreeMap::new();
        let known = seen.into_iter().flat_map(|seen| seen.latest.values());
        for sighting in known.filter(|sighting| self.idps.contains(&sighting.idp)) {
            let row = row(sighting);
            let member = member(&row, &self.instance, &self.rules).unwrap_or_else(|denial| Member {
                at: row.at.clone(),
                username: sighting.username.clone(),
                previous_username: None,
                outcome: Err(denial),
            });
            let name = member.username.as_str().to_owned();
            if by_name.get(&name).is_none_or(|(at, ..)| *at < sighting.at) {
                by_name.insert(name, (sighting.at, row, member));
            }
        }
        let mut latest: Vec<_> = by_name.into_values().collect();
        latest.sort_by_key(|(at, ..)| Reverse(*at));
        latest.into_iter().map(|(_, row, member)| (row, member)).unzip()
    }
}

fn row(sighting: &Sighting) -> Row {
    let at = format!("seen {}", day(sighting.at));
    let Sighting { idp, name_id, attributes, .. } = sighting.clone();
    Row { at, identity: person_named(idp, name_id, attributes), previous_username: None }
}

/// The day of a moment.
pub(super) fn day(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default().chars().take(10).collect()
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn text_of(path: &Path) -> Result<String, String> {
    let unreadable = |error: &std::io::Error| format!("{}: {}", path.display(), config::unreadable(error));
    let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > LARGEST_ROSTER {
        return Err(format!("{}: has {size} bytes: {LARGEST_ROSTER} are the most", path.display()));
    }
    let octets = std::fs::read(path).map_err(|error| unreadable(&error))?;
    String::from_utf8(octets)
        .map_err(|_| format!("{}: is no text in UTF-8: save it as CSV UTF-8", path.display()))
}
