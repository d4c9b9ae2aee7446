//! A plan for people to read.

use std::time::Duration;

use super::Opened;
use super::plan::{Leaver, Plan, Refused, Step, Stuck, Why};
use crate::app::terminal::{block, shown};
use crate::connect::{Fate, PreviewField};
use crate::model::Denial;

/// Less than this is not worth a word.
const SOON: Duration = Duration::from_mins(1);

/// The whole plan.
pub(super) fn plan(opened: &Opened, file: &str, plan: &Plan) -> String {
    let head = format!("People of {}, compared with {file} ({})\n", opened.instance, people(plan.people));
    let blocks = [
        block("", plan.steps.iter().map(step)),
        block("Refused by the rules:\n", plan.refused.iter().map(refused)),
        block("Can't be done:\n", plan.stuck.iter().map(stuck)),
        block(
            "Leavers: in the instance, and not for the rules or the file\n",
            plan.leavers.iter().map(leaver),
        ),
        block("Protected, never touched:\n", plan.protected.iter().map(|name| shown(name))),
    ];
    head + &blocks.concat() + "\n" + &end(opened, plan)
}

fn end(opened: &Opened, plan: &Plan) -> String {
    let corrections = plan.steps.iter().filter(|step| !step.is_creation()).count();
    let creations = plan.steps.len() - corrections;
    let needs = if plan.unchanged == 1 { "needs" } else { "need" };
    let rest = format!("{} {needs} nothing", people(plan.unchanged));
    let changes = match (corrections, creations) {
        (0, 0) => "Nothing to do".to_owned(),
        (some, 0) => format!("{some} to correct"),
        (0, some) => format!("{some} to create"),
        (some, others) => format!("{some} to correct, {others} to create"),
    };
    let leavers = match plan.leavers.len() {
        0 => String::new(),
        1 => "; 1 leaver, kept".to_owned(),
        count => format!("; {count} leavers, kept"),
    };
    let takes = plan.takes(opened);
    let takes = if takes < SOON {
        String::new()
    } else {
        format!("\nAt the pace in [budget] that takes about {} minutes.", takes.as_secs().div_ceil(60))
    };
    format!("{changes}; {rest}{leavers}.{takes}\n")
}

fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

fn step(step: &Step) -> String {
    let sign = if step.is_creation() { '+' } else { '~' };
    let head = format!("{sign} {} ({})", step.placement.username.as_str(), step.at);
    let changes = step.preview.fields.iter().filter(|field| field.fate == Fate::Change);
    let changes = changes.filter(|field| field.name != "username").map(|field| changed(field, sign == '+'));
    changes.fold(head, |text, line| text + "\n    " + &line)
}

fn changed(field: &PreviewField, is_new: bool) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), shown);
    let after = value(&field.after);
    if is_new {
        format!("{}: {after}", field.name)
    } else {
        format!("{}: {} \u{2192} {after}", field.name, value(&field.now))
    }
}

fn refused(Refused { at, username, denial, has_user }: &Refused) -> String {
    let user = if *has_user { "; has a user" } else { "" };
    format!("! {} ({at}): {}{user}", shown(username), because(denial))
}

/// The rule's own sentence, where it has one.
fn because(denial: &Denial) -> String {
    let Denial { code, rule, message, detail } = denial;
    let rule = rule.as_ref().map(|rule| format!(" by \"{rule}\"")).unwrap_or_default();
    format!("{}{rule}: {}", code.id, shown(message.as_ref().unwrap_or(detail)))
}

fn stuck(Stuck { at, username, code, why }: &Stuck) -> String {
    let code = code.map(|code| format!("{}: ", code.id)).unwrap_or_default();
    format!("! {} ({at}): {code}{}", shown(username), shown(why))
}

fn leaver(Leaver { person, why }: &Leaver) -> String {
    let why = match why {
        Why::NotListed => "not in the file",
        Why::Refused => "refused by the rules",
    };
    format!("- {} (id {}): {why}", shown(&person.username), person.id)
}
