//! A plan for people to read.

use std::time::Duration;

use super::Opened;
use super::plan::Plan;
use super::step::{Action, Leaver, Put, Refused, Step, Stuck};
use crate::app::removal::policy;
use crate::app::terminal::{block, shown};
use crate::connect::{Fate, PreviewField};
use crate::model::Denial;

/// Less than this is not worth a word.
const SOON: Duration = Duration::from_mins(1);

/// The whole plan.
pub(super) fn plan(opened: &Opened, file: &str, plan: &Plan) -> String {
    let head = format!("People of {}, compared with {file} ({})\n", opened.instance, people(plan.people));
    let kept = "Leavers, kept: --remove-leavers would remove them\n";
    let blocks = [
        block("", plan.steps.iter().map(step)),
        block("Refused by the rules:\n", plan.refused.iter().map(refused)),
        block("Can't be done:\n", plan.stuck.iter().map(stuck).chain(plan.too_many.iter().cloned())),
        block(kept, plan.leavers.iter().map(leaver)),
        block("Protected, never touched:\n", plan.protected.iter().map(|name| shown(name))),
    ];
    head + &blocks.concat() + "\n" + &end(opened, plan)
}

fn end(opened: &Opened, plan: &Plan) -> String {
    let count = |action| plan.steps.iter().filter(|step| step.action() == action).count();
    let changes = [
        (count(Action::Correct), "to correct"),
        (count(Action::Create), "to create"),
        (count(Action::Replace), "to create anew"),
        (count(Action::Remove), "to remove"),
    ];
    let changes: Vec<String> = changes
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let changes = if changes.is_empty() { "Nothing to do".to_owned() } else { changes.join(", ") };
    let needs = if plan.unchanged == 1 { "needs" } else { "need" };
    let rest = format!("{} {needs} nothing", people(plan.unchanged));
    let leavers = match plan.leavers.len() {
        0 => String::new(),
        1 => "; 1 leaver, kept".to_owned(),
        count => format!("; {count} leavers, kept"),
    };
    let told = |count: usize, what: &str| {
        if count == 0 { String::new() } else { format!("; {count} {what}") }
    };
    let parked = told(plan.parked, "parked before");
    let never_seen = told(plan.never_seen, "never seen, kept");
    let gone = told(plan.gone, "seen and without a user, who come back by signing in");
    format!(
        "{changes}; {rest}{leavers}{parked}{never_seen}{gone}.\n{}{}",
        removal(opened, plan),
        takes(opened, plan)
    )
}

fn removal(opened: &Opened, plan: &Plan) -> String {
    match opened.connect.removal().filter(|_| plan.removes()) {
        Some(removal) => format!("Who is removed is {}.\n", policy(removal)),
        None => String::new(),
    }
}

fn takes(opened: &Opened, plan: &Plan) -> String {
    let takes = plan.takes(opened);
    if takes < SOON {
        return String::new();
    }
    format!("At the pace in [budget] that takes about {} minutes.\n", takes.as_secs().div_ceil(60))
}

fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

fn step(step: &Step) -> String {
    let (name, at, action) = (&step.username, &step.at, step.action());
    let head = match (action, &step.removed) {
        (Action::Remove, _) => return format!("- {}: {at}", shown(name)),
        (Action::Replace, Some(previous)) => {
            format!("+ {name} ({at}), in the place of {}, who is removed", previous.as_str())
        }
        (Action::Correct, _) => format!("~ {name} ({at})"),
        _ => format!("+ {name} ({at})"),
    };
    step.put.iter().flat_map(changes).fold(head, |text, line| text + "\n    " + &line)
}

fn changes(put: &Put) -> impl Iterator<Item = String> {
    let is_new = put.preview.user.is_none();
    let changes = put.preview.fields.iter().filter(|field| field.fate == Fate::Change);
    changes.filter(|field| field.name != "username").map(move |field| changed(field, is_new))
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

fn leaver(leaver: &Leaver) -> String {
    let person = &leaver.person;
    format!("{} (id {}): {}", shown(&person.username), person.id, leaver.in_words())
}
