//! What would change, person by person, and who is in the instance that should not be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::source::People;
use super::{Opened, PeopleFile, Users, json, open, text};
use crate::app::Outcome;
use crate::app::terminal::progress;
use crate::audit;
use crate::connect::{Error, Index, Person, Preview};
use crate::mapping::Member;
use crate::model::{Blamed as _, Code, Denial, Placement};

/// Exit status of a plan with changes.
const CHANGES: u8 = 2;
/// How often a long comparison says how far it is, in people.
const COMPARING_STEP: usize = 100;

/// What a roster makes of an instance.
#[derive(Default)]
pub(super) struct Plan {
    /// What would be done, corrections before creations: these alone can meet a full quota.
    pub(super) steps: Vec<Step>,
    /// Whom the rules refuse.
    pub(super) refused: Vec<Refused>,
    /// Whom nothing can be done for.
    pub(super) stuck: Vec<Stuck>,
    /// Who is in the instance and should not be.
    pub(super) leavers: Vec<Leaver>,
    /// Who is protected: never touched, never a leaver.
    pub(super) protected: Vec<String>,
    /// How many people need nothing.
    pub(super) unchanged: usize,
    /// How many people were compared.
    pub(super) people: usize,
}

/// What would be done for one person.
pub(super) struct Step {
    pub(super) at: String,
    pub(super) placement: Placement,
    pub(super) preview: Preview,
}

impl Step {
    pub(super) fn is_creation(&self) -> bool {
        self.preview.user.is_none()
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

/// Somebody whom nothing can be done for, and why.
pub(super) struct Stuck {
    pub(super) at: String,
    pub(super) username: String,
    pub(super) code: Option<&'static Code>,
    pub(super) why: String,
}

/// A user who is in the instance and should not be.
pub(super) struct Leaver {
    pub(super) person: Person,
    pub(super) why: Why,
}

/// Why somebody is a leaver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The roster does not have the name.
    NotListed,
    /// The rules refuse the person.
    Refused,
}

/// Prints what would change. Exit status 0: nothing to do; 2: there are changes; 1: an error.
pub async fn plan_users(ask: &Users, file: &PeopleFile, as_json: bool) -> Outcome {
    let (opened, people, plan) = match planned(ask, file).await {
        Ok(planned) => planned,
        Err(failed) => return failed,
    };
    if as_json {
        println!("{:#}", json::plan(&opened.instance, &people.file, &plan));
    } else {
        print!("{}", text::plan(&opened, &people.file, &plan));
    }
    match (plan.stuck.is_empty(), plan.steps.is_empty()) {
        (false, _) => Outcome::Exit(1, Vec::new()),
        (true, true) => Outcome::Done,
        (true, false) => Outcome::Exit(CHANGES, Vec::new()),
    }
}

/// Reads both sides and compares them.
pub(super) async fn planned(ask: &Users, file: &PeopleFile) -> Result<(Opened, People, Plan), Outcome> {
    let opened = open(ask).await?;
    let people = opened.people(file)?;
    let plan = opened.plan(&people.members).await?;
    Ok((opened, people, plan))
}

impl Opened {
    async fn plan(&self, members: &[Member]) -> Result<Plan, Outcome> {
        let index = self.index().await?;
        let mut plan = Plan { people: members.len(), ..Plan::default() };
        let mut progress = progress("comparing", "people", COMPARING_STEP);
        for (done, member) in members.iter().enumerate() {
            self.compare(member, &index, &mut plan).await.map_err(|error| self.failed(&error))?;
            progress(done + 1, members.len());
        }
        plan.steps.sort_by_key(Step::is_creation);
        let people = self.connect.people(&index).await.map_err(|error| self.failed(&error))?;
        plan.leave(people, members);
        Ok(plan)
    }

    async fn compare(&self, member: &Member, index: &Index, plan: &mut Plan) -> Result<(), Error> {
        let placement = match &member.outcome {
            Ok(placement) => placement,
            Err(denial) => {
                plan.deny(member, denial, index);
                return Ok(());
            }
        };
        if let Some(previous) = member.renamed_from(index) {
            plan.stuck.push(stuck(member, None, no_rename(previous)));
            return Ok(());
        }
        match self.connect.difference(placement, index).await? {
            None => plan.unchanged += 1,
            Some(Preview { refused: Some(error), .. }) if error.is_protected() => {
                plan.protected.push(placement.username.as_str().to_owned());
            }
            Some(Preview { refused: Some(error), .. }) => {
                plan.stuck.push(stuck(member, Some(error.code()), audit::cause(&error)));
            }
            Some(preview) => {
                let (at, placement) = (member.at.clone(), placement.clone());
                plan.steps.push(Step { at, placement, preview });
            }
        }
        Ok(())
    }
}

trait Renamed {
    /// The name before, where a user still has it.
    fn renamed_from(&self, index: &Index) -> Option<&str>;
}

impl Renamed for Member {
    fn renamed_from(&self, index: &Index) -> Option<&str> {
        let previous = self.previous_username.as_deref()?;
        let is_other = !previous.eq_ignore_ascii_case(self.username.as_str());
        (is_other && index.has_name(previous)).then_some(previous)
    }
}

fn no_rename(previous: &str) -> String {
    format!(
        "Amazon Connect can't rename {}: under another name this is another user, with another id, and the history of \
         contacts stays with the old one. Remove that user and take previous_username out, or leave the name as it is",
        crate::app::terminal::shown(previous)
    )
}

fn stuck(member: &Member, code: Option<&'static Code>, why: String) -> Stuck {
    Stuck { at: member.at.clone(), username: member.username.as_str().to_owned(), code, why }
}

impl Plan {
    fn deny(&mut self, member: &Member, denial: &Denial, index: &Index) {
        if !member.is_refused() {
            self.stuck.push(stuck(member, Some(denial.code), denial.detail.clone()));
            return;
        }
        self.refused.push(Refused {
            at: member.at.clone(),
            username: member.username.as_str().to_owned(),
            denial: denial.clone(),
            has_user: index.has(&member.username),
        });
    }

    /// Who is in the instance and not in the roster, or there and refused. Nobody whose standing is not clear.
    fn leave(&mut self, people: Vec<Person>, members: &[Member]) {
        let mut listed: BTreeMap<String, bool> = BTreeMap::new();
        for member in members {
            listed.insert(member.username.folded(), member.is_refused());
            // Their user still has the old name.
            if let Some(previous) = &member.previous_username {
                listed.entry(previous.to_ascii_lowercase()).or_insert(false);
            }
        }
        let mut protected: BTreeSet<String> = std::mem::take(&mut self.protected).into_iter().collect();
        for person in people {
            let why = match listed.get(&person.username.to_ascii_lowercase()) {
                Some(false) => continue,
                Some(true) => Why::Refused,
                None => Why::NotListed,
            };
            if person.is_protected {
                protected.insert(person.username);
            } else {
                self.leavers.push(Leaver { person, why });
            }
        }
        self.protected = protected.into_iter().collect();
    }

    /// How long AWS's pace makes the changes take, at least.
    pub(super) fn takes(&self, opened: &Opened) -> Duration {
        let mut calls: BTreeMap<&str, f64> = BTreeMap::new();
        for step in &self.steps {
            let describes = if step.is_creation() { None } else { Some("DescribeUser") };
            for operation in step.preview.calls.iter().copied().chain(describes) {
                *calls.entry(operation).or_default() += 1.0;
            }
        }
        let seconds = calls.iter().map(|(operation, count)| count / opened.rates.of(operation).per_second);
        Duration::try_from_secs_f64(seconds.fold(0.0, f64::max)).unwrap_or_default()
    }
}
