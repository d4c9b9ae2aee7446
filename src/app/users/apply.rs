//! Makes every person's user as a sign-in would, one after another.

use super::plan::{Plan, Step, planned};
use super::{Opened, PeopleFile, Users, text, told};
use crate::app::Outcome;
use crate::app::terminal::confirmed;
use crate::connect::Error;
use crate::model::Priority;

/// So many people in a row for whom AWS does not answer, and it is not about them.
const SILENT_IN_A_ROW: usize = 2;

/// Shows the plan, asks, and makes the changes. Exit status 0: all of them are made; 1: not.
pub async fn apply_users(ask: &Users, file: &PeopleFile, yes: bool) -> Outcome {
    let (opened, people, plan) = match planned(ask, file).await {
        Ok(planned) => planned,
        Err(failed) => return failed,
    };
    print!("{}", text::plan(&opened, &people.file, &plan));
    if plan.steps.is_empty() {
        return Ended::default().outcome(&plan);
    }
    if !yes && let Err(reason) = confirmed("Write yes to go on: ", "yes") {
        return Outcome::Failed(vec![reason]);
    }
    opened.apply(&plan).await.outcome(&plan)
}

/// How far it came.
#[derive(Default)]
struct Ended {
    done: usize,
    /// Whose calls failed, with the reason.
    failed: Vec<String>,
    /// Who had no turn any more.
    left: Vec<String>,
}

impl Opened {
    async fn apply(&self, plan: &Plan) -> Ended {
        let mut ended = Ended::default();
        let mut silent = 0;
        for (number, step) in plan.steps.iter().enumerate() {
            let count = format!("[{}/{}]", number + 1, plan.steps.len());
            let name = step.placement.username.as_str();
            // What a sign-in does, which looks again first: the plan may be minutes old.
            let Err(error) = self.connect.ensure_for(&step.placement, Priority::Upkeep).await else {
                (silent, ended.done) = (0, ended.done + 1);
                println!("{count} {} {name}", if step.is_creation() { '+' } else { '~' });
                continue;
            };
            silent = if error.is_silence() { silent + 1 } else { 0 };
            println!("{count} ! {name}: failed");
            ended.failed.push(format!("{name} ({})\n  failed: {}", step.at, told(&error)));
            if error.concerns_everybody() || silent == SILENT_IN_A_ROW {
                ended.left = plan.steps.iter().skip(number + 1).map(named).collect();
                ended.failed.push(why_it_stopped(&error));
                break;
            }
        }
        ended
    }
}

fn named(step: &Step) -> String {
    format!("  {} ({})", step.placement.username.as_str(), step.at)
}

fn why_it_stopped(error: &Error) -> String {
    let why = if error.concerns_everybody() { "that concerns everybody" } else { "AWS does not answer" };
    format!("Stopped there: {why}.")
}

impl Ended {
    fn outcome(self, plan: &Plan) -> Outcome {
        let mut reasons = self.failed;
        let is_whole = reasons.is_empty() && plan.stuck.is_empty();
        if !self.left.is_empty() {
            reasons.push("Not done either:".to_owned());
            reasons.extend(self.left);
        }
        if is_whole {
            if !plan.steps.is_empty() {
                println!("Done.");
            }
            return Outcome::Done;
        }
        if !reasons.is_empty() {
            reasons.push(format!(
                "{} of {} changes were made. Run this again: it goes on with what is there then.",
                self.done,
                plan.steps.len()
            ));
        }
        if !plan.stuck.is_empty() {
            reasons.push(
                "Somebody can't be put in place before what stands under \"Can't be done\" is solved."
                    .to_owned(),
            );
        }
        Outcome::Failed(reasons)
    }
}
