//! What would change, person by person, and who is in the instance that should not be.

use std::collections::BTreeMap;
use std::time::Duration;

use super::source::{People, one_each};
use super::step::{Action, Leaver, Put, Refused, Step, Stuck};
use super::{Leave, Opened, PeopleFile, Users, json, open, text};
use crate::app::Outcome;
use crate::app::command::CHANGES;
use crate::app::removal::no_policy;
use crate::app::terminal::progress;
use crate::audit;
use crate::connect::{Error, Index, Person, Preview};
use crate::mapping::Member;
use crate::model::{Blamed as _, Username};

/// How often a long comparison says how far it is, in people.
const COMPARING_STEP: usize = 100;

/// What a roster makes of an instance.
#[derive(Default)]
pub(super) struct Plan {
    /// What would be done: corrections, then removals, which make room, then creations.
    pub(super) steps: Vec<Step>,
    /// Whom the rules refuse.
    pub(super) refused: Vec<Refused>,
    /// Whom nothing can be done for.
    pub(super) stuck: Vec<Stuck>,
    /// Who is in the instance, should not be, and is kept.
    pub(super) leavers: Vec<Leaver>,
    /// Who is protected: never touched, never a leaver.
    pub(super) protected: Vec<String>,
    /// Why nobody is removed, though that was asked for.
    pub(super) too_many: Option<String>,
    /// How many people need nothing.
    pub(super) unchanged: usize,
    /// How many users left before and are parked.
    pub(super) parked: usize,
    /// How many users nobody was seen to sign in as.
    pub(super) never_seen: usize,
    /// How many people were seen and have no user.
    pub(super) gone: usize,
    /// How many people were compared.
    pub(super) people: usize,
}

/// Prints what would change. Exit status 0: nothing to do; 2: there are changes; 1: an error.
pub async fn plan_users(ask: &Users, file: &PeopleFile, leave: Leave, as_json: bool) -> Outcome {
    let (opened, people, plan) = match planned(ask, file, leave).await {
        Ok(planned) => planned,
        Err(failed) => return failed,
    };
    if as_json {
        say!("{:#}", json::plan(&opened.instance, &people.file, &plan));
    } else {
        say_text!("{}", text::plan(&opened, &people.file, &plan));
    }
    match (plan.is_possible(), plan.steps.is_empty()) {
        (false, _) => Outcome::Exit(1, Vec::new()),
        (true, true) => Outcome::Done,
        (true, false) => Outcome::Exit(CHANGES, Vec::new()),
    }
}

/// Reads both sides and compares them.
pub(super) async fn planned(
    ask: &Users,
    file: &PeopleFile,
    leave: Leave,
) -> Result<(Opened, People, Plan), Outcome> {
    let opened = open(ask).await?;
    if (leave.remove_leavers || leave.recreate_renamed) && opened.connect.removal().is_none() {
        return Err(Outcome::Failed(vec![no_policy(&opened.instance)]));
    }
    let people = opened.people(file)?;
    let plan = opened.plan(&people, leave).await.map_err(|error| opened.failed(&error))?;
    Ok((opened, people, plan))
}

impl Opened {
    async fn plan(&self, compared: &People, leave: Leave) -> Result<Plan, Error> {
        let index = self.index().await?;
        let members = one_each(&compared.members, &index);
        let people = self.connect.people(&index).await?;
        let mut plan = Plan { people: members.len(), ..Plan::default() };
        let mut progress = progress("comparing", "people", COMPARING_STEP);
        for (done, member) in members.iter().enumerate() {
            self.compare(member, (&index, &people), leave, &mut plan).await?;
            progress(done + 1, members.len());
        }
        plan.leave(people, compared, (&members, &index));
        if !compared.is_whole {
            plan.create_nobody();
        }
        if leave.remove_leavers {
            plan.remove_leavers();
        }
        plan.check_number(leave.max_leavers, index.len());
        // Removals make room for creations, and only these can meet a full quota.
        plan.steps.sort_by_key(Step::action);
        Ok(plan)
    }

    async fn compare(
        &self,
        member: &Member,
        (index, people): (&Index, &[Person]),
        leave: Leave,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        let placement = match &member.outcome {
            Ok(placement) => placement,
            Err(denial) if member.is_refused() => {
                let has_user = index.id_of(member.username.as_str()).is_some();
                plan.refused.push(Refused::of(member, denial, has_user));
                return Ok(());
            }
            Err(denial) => {
                plan.stuck.push(Stuck::of(member, Some(denial.code), denial.detail.clone()));
                return Ok(());
            }
        };
        let previous = renamed_from(member, people);
        let previous = match previous.and_then(|user| user.map(|user| replaced(user, leave)).transpose()) {
            Ok(previous) => previous,
            Err(why) => {
                plan.stuck.push(Stuck::of(member, None, why));
                return Ok(());
            }
        };
        let put = match self.connect.difference(placement, index).await? {
            Some(Preview { refused: Some(error), .. }) if error.is_protected() => {
                plan.protected.push(placement.username.as_str().to_owned());
                return Ok(());
            }
            Some(Preview { refused: Some(error), .. }) => {
                plan.stuck.push(Stuck::of(member, Some(error.code()), audit::cause(&error)));
                return Ok(());
            }
            put => put.map(|preview| Put { placement: placement.clone(), preview }),
        };
        if put.is_none() && previous.is_none() {
            plan.unchanged += 1;
        } else {
            let username = placement.username.as_str().to_owned();
            plan.steps.push(Step { at: member.at.clone(), username, put, removed: previous });
        }
        Ok(())
    }
}

/// The user that the person had before, where there still is one who has not left: the one with exactly this name, else
/// the only one whose name differs in case only.
fn renamed_from<'p>(member: &Member, people: &'p [Person]) -> Result<Option<&'p Person>, String> {
    let Some(previous) = member.previous_username.as_deref() else { return Ok(None) };
    if previous.eq_ignore_ascii_case(member.username.as_str()) {
        return Ok(None);
    }
    let named = people.iter().filter(|person| person.username.eq_ignore_ascii_case(previous));
    let named: Vec<&Person> = named.collect();
    let found = match (named.iter().find(|person| person.username == previous), &named[..]) {
        (Some(exact), _) => Some(*exact),
        (None, [only]) => Some(*only),
        (None, []) => None,
        (None, several) => {
            let count = several.len();
            return Err(format!("the names of {count} users differ from previous_username in case only"));
        }
    };
    Ok(found.filter(|person| !person.has_left))
}

/// The user who gives way to a new one, as Connect spells the name; or why that can't be.
fn replaced(user: &Person, leave: Leave) -> Result<Username, String> {
    if user.is_protected {
        return Err(format!("{} is protected: nobody takes that user's place", user.username));
    }
    if !leave.recreate_renamed {
        return Err(no_rename(&user.username));
    }
    Username::new(user.username.as_str()).map_err(|why| format!("{}: {why}", user.username))
}

fn no_rename(previous: &str) -> String {
    format!(
        "Amazon Connect can't rename {previous}: under another name this is another user, with another id, and the history \
         of contacts stays with the old one. --recreate-renamed does just that; without it, leave the name as it is"
    )
}

impl Plan {
    /// Whether all of it can be done.
    pub(super) fn is_possible(&self) -> bool {
        self.stuck.is_empty() && self.too_many.is_none()
    }

    /// Who was seen and has no user may have left; whoever has not comes back by signing in.
    fn create_nobody(&mut self) {
        let before = self.steps.len();
        self.steps.retain(|step| step.action() != Action::Create);
        self.gone = before - self.steps.len();
    }

    /// Whether something is taken away for good.
    pub(super) fn removes(&self) -> bool {
        self.steps.iter().any(|step| step.removed.is_some())
    }

    /// How long AWS's pace makes the changes take, at least.
    pub(super) fn takes(&self, opened: &Opened) -> Duration {
        let mut calls: BTreeMap<&str, f64> = BTreeMap::new();
        for operation in self.steps.iter().flat_map(Step::calls) {
            *calls.entry(operation).or_default() += 1.0;
        }
        let seconds = calls.iter().map(|(operation, count)| count / opened.rates.of(operation).per_second);
        Duration::try_from_secs_f64(seconds.fold(0.0, f64::max)).unwrap_or_default()
    }
}
