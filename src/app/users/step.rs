//! One person of a plan.

use time::OffsetDateTime;

use super::source::day;
use crate::connect::{Person, Preview};
use crate::mapping::Member;
use crate::model::{Code, Denial, Placement, Username};

/// What would be done for one person.
pub(super) struct Step {
    /// Where in the file; for a leaver, why.
    pub(super) at: String,
    /// The user's name.
    pub(super) username: String,
    /// How the user is put in place.
    pub(super) put: Option<Put>,
    /// The user who is removed: this one, or the one that the person had before.
    pub(super) removed: Option<Username>,
}

/// Where a user belongs, and what that changes.
pub(super) struct Put {
    pub(super) placement: Placement,
    pub(super) preview: Preview,
}

/// What becomes of a user, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Correct,
    Remove,
    Create,
    Replace,
}

impl Step {
    /// A leaver's.
    pub(super) fn removing(leaver: &Leaver, username: Username) -> Self {
        let at = leaver.in_words();
        Self { at, username: username.as_str().to_owned(), put: None, removed: Some(username) }
    }

    pub(super) fn action(&self) -> Action {
        match (&self.put, &self.removed) {
            (Some(put), None) if put.preview.user.is_none() => Action::Create,
            (Some(_), None) => Action::Correct,
            (_, Some(removed)) if removed.as_str() == self.username => Action::Remove,
            (_, _) => Action::Replace,
        }
    }

    /// Every call that it takes, but for listings.
    pub(super) fn calls(&self) -> Vec<&'static str> {
        let mut calls = Vec::new();
        if let Some(put) = &self.put {
            calls.extend(put.preview.user.as_ref().map(|_| "DescribeUser"));
            calls.extend(&put.preview.calls);
        }
        if self.removed.is_some() {
            calls.extend(["DescribeUser", "DescribeUser", "DeleteAllEntitySessions"]);
        }
        calls
    }
}

/// Somebody whom the rules refuse.
pub(super) struct Refused {
    pub(super) at: String,
    pub(super) username: String,
    pub(super) denial: Denial,
    /// Whether there is a user all the same: a leaver.
    pub(super) has_user: bool,
}

impl Refused {
    pub(super) fn of(member: &Member, denial: &Denial, has_user: bool) -> Self {
        let (at, username) = (member.at.clone(), member.username.as_str().to_owned());
        Self { at, username, denial: denial.clone(), has_user }
    }
}

/// Somebody whom nothing can be done for, and why.
pub(super) struct Stuck {
    pub(super) at: String,
    pub(super) username: String,
    pub(super) code: Option<&'static Code>,
    pub(super) why: String,
}

impl Stuck {
    /// A user whose name is in the file in another case only.
    pub(super) fn twin(person: &Person) -> Self {
        let why = "a name in the file differs from this one in case only, and is another user, or nobody can tell whose";
        let at = format!("id {}", person.id);
        Self { at, username: person.username.clone(), code: None, why: why.to_owned() }
    }

    pub(super) fn of(member: &Member, code: Option<&'static Code>, why: String) -> Self {
        Self { at: member.at.clone(), username: member.username.as_str().to_owned(), code, why }
    }
}

/// A user who is in the instance and should not be.
pub(super) struct Leaver {
    pub(super) person: Person,
    pub(super) why: Why,
    /// When the user last signed in, where that is known.
    pub(super) seen_at: Option<OffsetDateTime>,
}

impl Leaver {
    /// Why, and when they were last seen.
    pub(super) fn in_words(&self) -> String {
        let seen = self.seen_at.map(|at| format!(", last seen {}", day(at))).unwrap_or_default();
        format!("{}{seen}", self.why.words())
    }
}

/// Why somebody is a leaver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The roster does not have the name.
    NotListed,
    /// The rules refuse the person.
    Refused,
    /// The last sign-in was too long ago.
    NotSeenSince(OffsetDateTime),
}

impl Why {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::NotListed => "not in the file",
            Self::Refused => "refused by the rules",
            Self::NotSeenSince(_) => "not seen for too long",
        }
    }
}
