//! `SearchUserHierarchyGroups`: the same lagging index, of whole groups.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::clock::{epoch_seconds, seeded_id};
use super::error::{ApiError, ApiResult};
use super::hierarchy::described;
use super::listing::{Wanted, page, with_token};
use super::search::{DEEPEST, StringCondition, check_paging};
use super::state::{Group, Instance};

/// "The foundation for building levels on top of an instance": in the index, and never on a screen.
const ROOT_LEVEL: &str = "0";

const FIELDS: [&str; 4] = ["name", "parentId", "levelId", "resourceID"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SearchInput {
    next_token: Option<String>,
    max_results: Option<i64>,
    search_filter: Option<Value>,
    search_criteria: Option<Criteria>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Criteria {
    or_conditions: Option<Vec<Criteria>>,
    and_conditions: Option<Vec<Criteria>>,
    string_condition: Option<StringCondition>,
}

/// What a condition can ask of a group.
struct Searched<'a> {
    id: &'a str,
    name: &'a str,
    parent: &'a str,
    level: &'a str,
}

/// `SearchUserHierarchyGroups`.
pub(super) fn groups(call: &mut Call<'_>) -> Answer {
    let input: SearchInput = call.input()?;
    check_paging(input.search_filter.as_ref(), input.next_token.as_ref())?;
    if let Some(criteria) = &input.search_criteria {
        check(criteria, 0)?;
    }
    let matches = |searched: &Searched<'_>| {
        input.search_criteria.as_ref().is_none_or(|criteria| holds(criteria, searched))
    };
    let instance = &*call.instance;
    let root_id = seeded_id(&[&instance.id, "agent-group", ""]);
    let mut items = Vec::new();
    // Groups begin at position 2.
    if matches(&Searched { id: &root_id, name: &instance.alias, parent: "", level: ROOT_LEVEL }) {
        items.push((1, root(instance, &root_id)));
    }
    for slot in &instance.groups {
        if let Some(group) = slot.seen(call.now, call.behaviour.lag.search)
            && matches(&searched(instance, group, &root_id))
        {
            items.push((slot.position, described(instance, group)));
        }
    }
    let total = items.len();
    let wanted = Wanted {
        operation: "SearchUserHierarchyGroups",
        max_results: input.max_results,
        most: 100,
        token: input.next_token.as_ref(),
    };
    let (page, next) = page(call, &wanted, items)?;
    Ok(Some(with_token(json!({"UserHierarchyGroups": page, "ApproximateTotalCount": total}), next)))
}

fn root(instance: &Instance, id: &str) -> Value {
    json!({
        "Id": id,
        "Arn": instance.arn_of("agent-group", id),
        "Name": instance.alias,
        "LevelId": ROOT_LEVEL,
        "LastModifiedTime": epoch_seconds(instance.created),
        "LastModifiedRegion": instance.region,
    })
}

fn searched<'a>(instance: &'a Instance, group: &'a Group, root_id: &'a str) -> Searched<'a> {
    let level = instance.levels.get(group.level).and_then(Option::as_ref);
    Searched {
        id: &group.id,
        name: &group.name,
        parent: group.parent.as_deref().unwrap_or(root_id),
        level: level.map_or("", |level| level.id.as_str()),
    }
}

fn check(criteria: &Criteria, depth: usize) -> ApiResult<()> {
    if depth > DEEPEST {
        return Err(ApiError::invalid_request("SearchCriteria is too deep"));
    }
    if let Some(condition) = &criteria.string_condition {
        condition.check(&FIELDS)?;
    }
    let mut nested = criteria.or_conditions.iter().chain(&criteria.and_conditions).flatten();
    nested.try_for_each(|criteria| check(criteria, depth + 1))
}

fn holds(criteria: &Criteria, group: &Searched<'_>) -> bool {
    let value = |condition: &StringCondition| match condition.field().as_str() {
        "name" => group.name,
        "parentid" => group.parent,
        "levelid" => group.level,
        _ => group.id,
    };
    let any = criteria.or_conditions.as_ref();
    let all = criteria.and_conditions.as_ref();
    any.is_none_or(|any| any.iter().any(|criteria| holds(criteria, group)))
        && all.is_none_or(|all| all.iter().all(|criteria| holds(criteria, group)))
        && criteria.string_condition.as_ref().is_none_or(|condition| condition.holds(&[value(condition)]))
}
