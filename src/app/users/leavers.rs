//! Who is in an instance and should not be.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Plan;
use super::source::People;
use super::step::{Leaver, Step, Stuck, Why};
use crate::connect::{Index, Person};
use crate::mapping::Member;
use crate::model::Username;

/// So many users are removed without a word about their number; or so large a part of all.
const FEW_LEAVERS: usize = 20;
const PART_OF_LEAVERS: usize = 10;

/// Whose users the people of a file are.
#[derive(Default)]
struct Claims<'i> {
    /// By the user's id: whether the user stays.
    stays: BTreeMap<&'i str, bool>,
    /// Every name, without its case.
    names: BTreeSet<String>,
}

impl<'i> Claims<'i> {
    fn of(members: &[&Member], index: &'i Index) -> Self {
        let mut claims = Self::default();
        for member in members {
            claims.add(member.username.as_str(), member, index);
        }
        // Their user still has the old name.
        for member in members {
            if let Some(previous) = &member.previous_username {
                claims.add(previous, member, index);
            }
        }
        claims
    }

    fn add(&mut self, name: &str, member: &Member, index: &'i Index) {
        if let Some(id) = index.id_of(name) {
            self.stays.entry(id).or_insert(!member.is_refused());
        }
        self.names.insert(name.to_ascii_lowercase());
    }

    fn stays(&self, person: &Person) -> Option<bool> {
        self.stays.get(person.id.as_str()).copied()
    }

    /// Whether the name is in the file but for its case, and is another user there, or nobody can tell whose.
    fn is_twin(&self, person: &Person) -> bool {
        self.stays(person).is_none() && self.names.contains(&person.username.to_ascii_lowercase())
    }
}

impl Plan {
    /// Who is in the instance and not in the roster, or there and refused. Nobody whose standing is not clear.
    pub(super) fn leave(
        &mut self,
        people: Vec<Person>,
        compared: &People,
        (members, index): (&[&Member], &Index),
    ) {
        let claims = Claims::of(members, index);
        let seen = compared.seen.as_ref();
        let seen_at = seen.map(|seen| seen.by_user(index)).unwrap_or_default();
        let mut protected: BTreeSet<String> = std::mem::take(&mut self.protected).into_iter().collect();
        for person in people {
            let seen_at = seen_at.get(person.id.as_str()).copied();
            let too_long_ago = seen_at.filter(|at| seen.is_some_and(|seen| seen.is_too_long_ago(*at)));
            let why = match (claims.stays(&person), too_long_ago) {
                (Some(false), _) => Why::Refused,
                (None, _) if compared.is_whole => Why::NotListed,
                (_, Some(at)) => Why::NotSeenSince(at),
                (Some(true), None) => continue,
                (None, None) => {
                    self.never_seen += usize::from(seen_at.is_none());
                    continue;
                }
            };
            if person.is_protected {
                protected.insert(person.username);
            } else if person.has_left {
                self.parked += 1;
            } else if why == Why::NotListed && claims.is_twin(&person) {
                self.stuck.push(Stuck::twin(&person));
            } else {
                self.steps.retain(|step| index.id_of(&step.username) != Some(person.id.as_str()));
                self.leavers.push(Leaver { person, why, seen_at });
            }
        }
        self.protected = protected.into_iter().collect();
    }

    /// Turns leavers into steps.
    pub(super) fn remove_leavers(&mut self) {
        for leaver in std::mem::take(&mut self.leavers) {
            match Username::new(leaver.person.username.as_str()) {
                Ok(username) => self.steps.push(Step::removing(&leaver, username)),
                // Nobody signs in by such a name.
                Err(_) => self.leavers.push(leaver),
            }
        }
    }

    /// Nothing is done where more users would be removed than anybody expects, whatever for.
    pub(super) fn check_number(&mut self, most: Option<usize>, users: usize) {
        let usual = FEW_LEAVERS.max(users / PART_OF_LEAVERS);
        let count = self.steps.iter().filter(|step| step.removed.is_some()).count();
        let most = most.unwrap_or(usual);
        if count > most {
            self.too_many = Some(format!(
                "{count} of {users} users would be removed, more than {most}: is the file whole? If that many left, write \
                 --max-leavers {count}"
            ));
        }
    }
}
