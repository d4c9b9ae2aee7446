//! Makes every person's user as a sign-in would, one after another, and removes whom nobody wants any more.

use std::collections::BTreeSet;

use super::plan::{Plan, planned};
use super::step::{Action, Step};
use super::{Leave, Opened, PATIENCE, PeopleFile, Users, text, told};
use crate::app::Outcome;
use crate::app::removal::{done, remove_and_tell, warn_of};
use crate::app::terminal::confirmed;
use crate::connect::{Error, Removed};
use crate::model::{Patience, Priority, Username};

/// So many people in a row for whom AWS does not answer, and it is not about them.
const SILENT_IN_A_ROW: usize = 2;

/// Shows the plan, asks, and makes the changes. Exit status 0: all of them are made; 1: not.
pub async fn apply_users(ask: &Users, file: &PeopleFile, leave: Leave, yes: bool) -> Outcome {
    let (opened, people, plan) = match planned(ask, file, leave).await {
        Ok(planned) => planned,
        Err(failed) => return failed,
    };
    say_text!("{}", text::plan(&opened, &people.file, &plan));
    if plan.too_many.is_some() {
        return Outcome::failed(&"Nothing was changed: first that has to be solved.");
    }
    if plan.steps.is_empty() {
        return Ended::default().outcome(&plan);
    }
    if !yes && let Err(reason) = confirm(&opened, &plan) {
        return Outcome::Failed(vec![reason]);
    }
    opened.apply(&plan).await.outcome(&plan)
}

/// What can't be taken back is asked for by the instance's name.
fn confirm(opened: &Opened, plan: &Plan) -> Result<(), String> {
    if !plan.removes() {
        return confirmed("Write yes to go on: ", "yes");
    }
    let name = opened.instance.as_str();
    confirmed(&format!("This removes users. Write the instance's name, {name}, to go on: "), name)
}

/// How far it came.
#[derive(Default)]
struct Ended {
    done: usize,
    /// Why the gateway that runs does not know who was removed.
    not_told: BTreeSet<String>,
    /// Whose calls failed, with the reason.
    failed: Vec<String>,
    /// Who had no turn any more.
    left: Vec<String>,
}

impl Opened {
    async fn apply(&self, plan: &Plan) -> Ended {
        let mut ended = Ended::default();
        let mut silent = 0;
        for (number, step) in (1..).zip(&plan.steps) {
            let count = format!("[{number}/{}]", plan.steps.len());
            let error = match self.make(step, &mut ended.not_told).await {
                Ok(line) => {
                    (silent, ended.done) = (0, ended.done + 1);
                    say!("{count} {line}");
                    continue;
                }
                Err(error) => error,
            };
            silent = if error.is_silence() { silent + 1 } else { 0 };
            say!("{count} ! {}: failed", step.username);
            ended.failed.push(format!("{} ({})\n  failed: {}", step.username, step.at, told(&error)));
            if error.concerns_everybody() || silent == SILENT_IN_A_ROW {
                ended.left = plan.steps.iter().skip(number).map(named).collect();
                ended.failed.push(why_it_stopped(&error));
                break;
            }
        }
        warn_of(&ended.not_told);
        ended
    }

    /// What a sign-in does, which looks again first: the plan may be minutes old. The old user goes only when the new one
    /// is there.
    async fn make(&self, step: &Step, not_told: &mut BTreeSet<String>) -> Result<String, Error> {
        if let Some(put) = &step.put {
            self.connect.ensure_for(&put.placement, Priority::Upkeep).await?;
        }
        let removed = match &step.removed {
            Some(username) => {
                let removed = self.remove(username, not_told).await?;
                done(removed, username.as_str())
            }
            None => String::new(),
        };
        Ok(match step.action() {
            Action::Correct => format!("~ {}", step.username),
            Action::Create => format!("+ {}", step.username),
            Action::Remove => format!("- {removed}"),
            Action::Replace => format!("+ {}; {removed}", step.username),
        })
    }

    async fn remove(&self, username: &Username, not_told: &mut BTreeSet<String>) -> Result<Removed, Error> {
        let patience = Patience::lasting(PATIENCE).as_urgent_as(Priority::Upkeep);
        match self.connect.leaver(username, patience).await {
            Ok(leaver) => {
                let gateway = (&self.socket, &self.instance);
                remove_and_tell(&self.connect, gateway, &leaver, not_told).await
            }
            Err(Error::NotThere) => Ok(Removed::Gone),
            Err(error) => Err(error),
        }
    }
}

fn named(step: &Step) -> String {
    format!("  {} ({})", step.username, step.at)
}

fn why_it_stopped(error: &Error) -> String {
    let why = if error.concerns_everybody() { "that concerns everybody" } else { "AWS does not answer" };
    format!("Stopped there: {why}.")
}

impl Ended {
    fn outcome(self, plan: &Plan) -> Outcome {
        let mut reasons = self.failed;
        if reasons.is_empty() && plan.stuck.is_empty() {
            if !plan.steps.is_empty() {
                say!("Done.");
            }
            return Outcome::Done;
        }
        if !self.left.is_empty() {
            reasons.push("Not done either:".to_owned());
            reasons.extend(self.left);
        }
        if !reasons.is_empty() {
            let (done, count) = (self.done, plan.steps.len());
            reasons.push(format!(
                "{done} of {count} changes were made. Run this again: it goes on with what is there then."
            ));
        }
        if !plan.stuck.is_empty() {
            reasons.push("What stands under \"Can't be done\" is left.".to_owned());
        }
        Outcome::Failed(reasons)
    }
}
