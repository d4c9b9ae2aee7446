//! A plan and a list for programs.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::plan::Plan;
use super::step::{Action, Leaver, Refused, Step, Stuck, Why};
use crate::connect::{Fate, Person};
use crate::model::{InstanceName, Username};

/// The whole plan.
pub(super) fn plan(instance: &InstanceName, file: &str, plan: &Plan) -> Value {
    json!({
        "instance": instance.as_str(),
        "file": file,
        "people": plan.people,
        "unchanged": plan.unchanged,
        "changes": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "refused": plan.refused.iter().map(refused).collect::<Vec<_>>(),
        "stuck": plan.stuck.iter().map(stuck).collect::<Vec<_>>(),
        "leavers": plan.leavers.iter().map(leaver).collect::<Vec<_>>(),
        "too_many_leavers": plan.too_many,
        "protected": plan.protected,
        "parked": plan.parked,
        "never_seen": plan.never_seen,
        "gone": plan.gone,
    })
}

fn step(step: &Step) -> Value {
    let action = match step.action() {
        Action::Correct => "correct",
        Action::Create => "create",
        Action::Replace => "replace",
        Action::Remove => "remove",
    };
    let preview = step.put.as_ref().map(|put| &put.preview);
    let changes = preview.iter().flat_map(|preview| &preview.fields);
    let fields: Map<String, Value> = changes
        .filter(|field| field.fate == Fate::Change)
        .map(|field| (field.name.to_owned(), json!({ "now": field.now, "after": field.after })))
        .collect();
    json!({
        "action": action,
        "username": step.username,
        "at": step.at,
        "id": preview.and_then(|preview| preview.user.as_ref()).map(|(_, id)| id.as_str()),
        "fields": fields,
        "would_call": preview.map(|preview| &preview.calls),
        "removes": step.removed.as_ref().map(Username::as_str),
    })
}

fn refused(Refused { at, username, denial, has_user }: &Refused) -> Value {
    json!({
        "username": username, "at": at, "code": denial.code.id, "rule": denial.rule,
        "message": denial.message, "detail": denial.detail, "has_user": has_user,
    })
}

fn stuck(Stuck { at, username, code, why }: &Stuck) -> Value {
    json!({ "username": username, "at": at, "code": code.map(|code| code.id), "detail": why })
}

fn leaver(Leaver { person, why, seen_at }: &Leaver) -> Value {
    let why = match why {
        Why::NotListed => "not_in_file",
        Why::Refused => "refused",
        Why::NotSeenSince(_) => "not_seen",
    };
    json!({ "username": person.username, "id": person.id.as_str(), "why": why, "last_seen": seen_at.map(at) })
}

fn at(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// One user.
pub(super) fn person(person: &Person) -> Value {
    json!({
        "username": person.username,
        "id": person.id.as_str(),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "security_profiles": person.security_profiles,
        "routing_profile": person.routing_profile,
        "hierarchy": person.hierarchy,
        "tags": person.tags,
        "is_protected": person.is_protected,
        "is_parked": person.is_parked,
        "has_left": person.has_left,
    })
}
