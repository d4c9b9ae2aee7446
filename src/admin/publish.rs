//! From a draft to rules in force. Everything is decided anew here, whatever a page showed before.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::mapping::{Admins, Rules};
use crate::model::{Identity, Problem};

use super::preview::{Comparison, LET_IN, compared};
use super::versions::{Author, Digest, NotWritten, Version, Versions, Written};
use super::{Drafts, SignInRecord};

/// The longest reason, in characters.
pub const LONGEST_WHY: usize = 200;

/// Puts the file's rules in force: the one way for changes by hand and from here.
pub trait Follow: Send + Sync {
    /// What would stop the file if `rules` were in it. Puts nothing in force.
    ///
    /// # Errors
    /// Every problem at once.
    fn check(&self, rules: &str) -> Result<(), Vec<Problem>>;

    /// Reads the file again, and puts its rules in force if they can be used.
    ///
    /// # Errors
    /// Why the old ones stay.
    fn again(&self) -> Result<(), Vec<Problem>>;
}

/// What publishing needs.
pub struct Publishing {
    /// The rules' file and its versions.
    pub versions: Arc<dyn Versions>,
    /// Who may use the console.
    pub admins: Arc<Admins>,
    /// Which of them may publish.
    pub publishers: Admins,
}

/// What somebody wants to publish.
pub struct Draft {
    /// The rules.
    pub text: String,
    /// The digest of the file when the draft began.
    pub base: Digest,
    /// Why.
    pub why: String,
    /// What they accept: [`Risk::token`] of what they were shown.
    pub accepted: String,
    /// How many names in it no instance has, or could be asked about.
    pub unknown: usize,
}

/// What should be looked at twice before a draft is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// People who were let in lately and would be by the rules in force.
    pub let_in: usize,
    /// Those of them whom the draft would refuse somewhere.
    pub refused: usize,
    /// Whether it would refuse all of them everywhere.
    pub is_everybody: bool,
    /// Whether nobody is remembered whom the rules in force or the draft let in: nothing is known of it then.
    pub is_untried: bool,
    /// Rules that can't do anything.
    pub warnings: usize,
}

impl Risk {
    /// Of a draft that was compared with the rules in force.
    #[must_use]
    pub fn of(compared: &[Comparison], warnings: usize) -> Self {
        let people = |wanted: fn(&Comparison) -> bool| {
            let people = compared.iter().filter(|one| wanted(one)).filter_map(|one| one.let_in.as_ref());
            people.collect::<BTreeSet<_>>().len()
        };
        let (let_in, refused) = (people(|_| true), people(Comparison::is_loss));
        let keeps_nobody = compared.iter().filter(|one| one.let_in.is_some()).all(Comparison::is_loss);
        let is_untried = let_in == 0 && !compared.iter().any(|one| one.after == LET_IN);
        Self { let_in, refused, is_everybody: let_in > 0 && keeps_nobody, is_untried, warnings }
    }

    /// Whether somebody must say that they know.
    #[must_use]
    pub fn must_be_accepted(&self) -> bool {
        self.refused > 0 || self.warnings > 0 || self.is_untried
    }

    /// What is sent by whoever accepts exactly this.
    #[must_use]
    pub fn token(&self) -> String {
        let extent = match (self.is_untried, self.is_everybody) {
            (true, _) => "untried",
            (false, true) => "everybody",
            (false, false) => "some",
        };
        format!("{extent}-{}-{}", self.refused, self.warnings)
    }
}

/// Rules were published.
pub struct Published {
    /// The version's number.
    pub number: u32,
    /// Its digest.
    pub digest: Digest,
    /// How many old versions had to go.
    pub pruned: usize,
}

/// Why nothing was published. The file and the rules in force are as they were.
#[derive(Debug)]
pub enum NotPublished {
    /// Nobody may publish here.
    Off,
    /// The reason is missing or too long.
    Why,
    /// The draft is what the file has.
    Unchanged,
    /// The draft can't be used.
    Draft(Vec<Problem>),
    /// Its own examples come out differently.
    FailedTests,
    /// By its rules the publisher would be none any more.
    LocksOut(String),
    /// Somebody must say first that they know this.
    NotAccepted(Risk),
    /// The configuration as a whole can't be used with it.
    Configuration(Vec<Problem>),
    /// The file is not what the draft began with.
    Conflict,
    /// What could not be written, and why.
    NotWritten(String),
    /// Others compute.
    Busy,
    /// The computation stopped.
    Stopped,
}

/// What a publication is decided by.
pub(super) struct Ground<'a> {
    pub(super) publishing: &'a Publishing,
    pub(super) follow: &'a dyn Follow,
    pub(super) drafts: &'a dyn Drafts,
    pub(super) sign_ins: Vec<Arc<SignInRecord>>,
    pub(super) in_force: &'a Rules,
    pub(super) identity: &'a Identity,
    pub(super) now: OffsetDateTime,
}

pub(super) fn publish(ground: Ground<'_>, draft: &Draft) -> Result<Published, NotPublished> {
    let why = draft.why.trim().to_owned();
    if !(1..=LONGEST_WHY).contains(&why.chars().count()) || why.chars().any(char::is_control) {
        return Err(NotPublished::Why);
    }
    let (text, digest) = (draft.text.as_str(), Digest::of(&draft.text));
    if digest == draft.base {
        return Err(NotPublished::Unchanged);
    }
    let rules = ground.drafts.compile(text).map_err(NotPublished::Draft)?;
    if !rules.failed_tests().is_empty() {
        return Err(NotPublished::FailedTests);
    }
    check_not_locked_out(&ground, &rules)?;
    let warnings = rules.warnings().len() + draft.unknown;
    let compared = compared(ground.sign_ins, ground.in_force, &rules).map_err(NotPublished::Draft)?;
    let risk = Risk::of(&compared, warnings);
    if risk.must_be_accepted() && draft.accepted != risk.token() {
        return Err(NotPublished::NotAccepted(risk));
    }
    ground.follow.check(text).map_err(NotPublished::Configuration)?;
    let by = Some(Author::of(ground.identity, ground.in_force));
    let base = Some(draft.base.clone());
    let version = Version { at: ground.now, by, why, digest: digest.clone(), base };
    let written = ground.publishing.versions.publish(&version, text).map_err(|error| match error {
        NotWritten::Conflict => NotPublished::Conflict,
        NotWritten::Failed(why) => NotPublished::NotWritten(why),
    })?;
    let Written { number, pruned } = written;
    // Whatever stops them now is as new as a moment ago, and told with the state of the rules.
    ground.follow.again().ok();
    Ok(Published { number, digest, pruned })
}

/// The rules say what a missing list of groups means, and so who is an administrator. Whoever publishes rules must be
/// able to take them back.
fn check_not_locked_out(ground: &Ground<'_>, rules: &Rules) -> Result<(), NotPublished> {
    let Publishing { admins, publishers, .. } = ground.publishing;
    let checked = admins.check(ground.identity, rules);
    checked.and_then(|()| publishers.check(ground.identity, rules)).map_err(NotPublished::LocksOut)
}

/// Line ends as they are in files: browsers send others.
#[must_use]
pub fn unix_lines(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n");
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::Outcome;
    use crate::model::{SupportId, Trace, Username};

    fn one(name: Option<&str>, after: &'static str) -> Comparison {
        let sign_in = SignInRecord {
            at: OffsetDateTime::UNIX_EPOCH,
            support_id: SupportId::new("x"),
            idp: None,
            instance: None,
            outcome: Outcome::LetIn,
            test: None,
            trace: Trace::default(),
            findings: Vec::new(),
            identity: None,
        };
        let let_in = name.map(|name| Username::new(name).unwrap());
        let before = if name.is_some() { "let_in" } else { "mapping.denied" };
        Comparison { sign_in: Arc::new(sign_in), before, after, let_in, changes: Vec::new() }
    }

    #[test]
    fn what_is_lost_is_counted_in_people_not_in_sign_ins() {
        let (ana, ben) = (Some("ana"), Some("ben"));
        let risk = |all: &[Comparison]| Risk::of(all, 0);
        let some = risk(&[one(ana, "mapping.denied"), one(ana, "mapping.denied"), one(ben, "let_in")]);
        assert_eq!((some.let_in, some.refused, some.token().as_str()), (2, 1, "some-1-0"));
        let one_of_two_places = risk(&[one(ana, "mapping.denied"), one(ana, "let_in")]);
        assert_eq!(one_of_two_places.token(), "some-1-0");
        let all = risk(&[one(ana, "mapping.denied"), one(ben, "mapping.no_match"), one(None, "let_in")]);
        assert_eq!(all.token(), "everybody-2-0");
        for (nobody_lost, must) in [
            (vec![], true),
            (vec![one(None, "mapping.denied")], true),
            (vec![one(None, "let_in")], false),
            (vec![one(ana, "let_in")], false),
        ] {
            assert_eq!(risk(&nobody_lost).must_be_accepted(), must, "{:?}", risk(&nobody_lost));
        }
        assert!(Risk::of(&[one(ana, "let_in")], 1).must_be_accepted());
    }

    #[test]
    fn lines_end_as_they_do_in_files() {
        assert_eq!(unix_lines("a\r\nb"), "a\nb\n");
        assert_eq!((unix_lines("a\n"), unix_lines("")), ("a\n".to_owned(), String::new()));
    }
}
