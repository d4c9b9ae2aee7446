//! Hierarchy levels and groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, check_length, required};
use super::clock::{epoch_seconds, random_id};
use super::error::{ApiError, ApiResult};
use super::state::{Group, Instance, Level};
use super::user_rules::check_tags;
use super::versions::Versioned;

const LEVELS: [&str; 5] = ["LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"];

/// `DescribeUserHierarchyStructure`.
#[expect(clippy::unnecessary_wraps, reason = "every operation has one signature")]
pub(super) fn describe_structure(call: &mut Call<'_>) -> Answer {
    let instance = &*call.instance;
    let levels = LEVELS.iter().zip(&instance.levels).filter_map(|(name, level)| {
        let level = level.as_ref()?;
        let value = json!({
            "Id": level.id,
            "Arn": instance.arn_of("agent-hierarchy-level", &level.id),
            "Name": level.name,
            "LastModifiedTime": epoch_seconds(level.modified),
            "LastModifiedRegion": instance.region,
        });
        Some(((*name).to_owned(), value))
    });
    Ok(Some(json!({"HierarchyStructure": levels.collect::<Map<_, _>>()})))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StructureInput {
    hierarchy_structure: Option<StructureUpdate>,
}

#[expect(clippy::struct_field_names, reason = "the API's names")]
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StructureUpdate {
    level_one: Option<LevelUpdate>,
    level_two: Option<LevelUpdate>,
    level_three: Option<LevelUpdate>,
    level_four: Option<LevelUpdate>,
    level_five: Option<LevelUpdate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LevelUpdate {
    name: Option<String>,
}

/// `UpdateUserHierarchyStructure`: the whole structure; a level left out is removed.
pub(super) fn update_structure(call: &mut Call<'_>) -> Answer {
    let input: StructureInput = call.input()?;
    let wanted = required(input.hierarchy_structure, "HierarchyStructure")?;
    let wanted =
        [wanted.level_one, wanted.level_two, wanted.level_three, wanted.level_four, wanted.level_five];
    let names = level_names(wanted)?;
    check_removals(call.instance, &names)?;
    let now = call.now;
    for (level, name) in call.instance.levels.iter_mut().zip(names) {
        *level = match (level.take(), name) {
            (Some(level), Some(name)) if level.name == name => Some(level),
            (Some(level), Some(name)) => Some(Level { name, modified: now, ..level }),
            (None, Some(name)) => Some(Level { id: random_id(), name, modified: now }),
            (_, None) => None,
        };
    }
    Ok(None)
}

fn level_names(wanted: [Option<LevelUpdate>; 5]) -> ApiResult<Vec<Option<String>>> {
    let mut names: Vec<Option<String>> = Vec::new();
    for level in wanted {
        let name = match level {
            Some(level) => Some(required(level.name, "Name")?),
            None => None,
        };
        if let Some(name) = &name {
            check_length(name, 50, "Name")?;
            if names.iter().any(Option::is_none) {
                return Err(ApiError::invalid_request("A hierarchy level must follow the one above it"));
            }
            if names.iter().flatten().any(|other| other == name) {
                return Err(ApiError::invalid_request("Hierarchy levels must have different names"));
            }
        }
        names.push(name);
    }
    Ok(names)
}

fn check_removals(instance: &Instance, names: &[Option<String>]) -> ApiResult<()> {
    let removed = |index: usize| names.get(index).is_none_or(Option::is_none);
    let mut groups = instance.groups.iter().filter_map(Versioned::current);
    let Some(group) = groups.find(|group| removed(group.level)) else {
        return Ok(());
    };
    let level = instance.levels.get(group.level).and_then(Option::as_ref);
    let arn = level.map(|level| instance.arn_of("agent-hierarchy-level", &level.id)).unwrap_or_default();
    Err(ApiError::in_use("The hierarchy level has groups")
        .with("ResourceType", "HIERARCHY_LEVEL")
        .with("ResourceId", &arn))
}

/// `DescribeUserHierarchyGroup`.
pub(super) fn describe_group(call: &mut Call<'_>) -> Answer {
    let instance = &*call.instance;
    let group = instance.group_shown(call.id, call.now, call.behaviour.lag.describe);
    let group = group.ok_or_else(|| ApiError::not_found("Hierarchy group not found"))?;
    Ok(Some(json!({"HierarchyGroup": described(instance, group)})))
}

/// `HierarchyGroup`.
pub(super) fn described(instance: &Instance, group: &Group) -> Value {
    let path = instance.group_path(&group.id);
    let path: Map<String, Value> =
        LEVELS.iter().zip(path).map(|(name, group)| ((*name).to_owned(), summary(instance, group))).collect();
    let level = instance.levels.get(group.level).and_then(Option::as_ref).map(|level| level.id.clone());
    let mut value = summary(instance, group);
    if let Value::Object(members) = &mut value {
        members.insert("LevelId".to_owned(), json!(level));
        members.insert("HierarchyPath".to_owned(), json!(path));
        members.insert("Tags".to_owned(), json!(group.tags));
    }
    value
}

/// `HierarchyGroupSummary`.
pub(super) fn summary(instance: &Instance, group: &Group) -> Value {
    json!({
        "Id": group.id,
        "Arn": instance.arn_of("agent-group", &group.id),
        "Name": group.name,
        "LastModifiedTime": epoch_seconds(group.modified),
        "LastModifiedRegion": instance.region,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateGroupInput {
    name: Option<String>,
    parent_group_id: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

/// `CreateUserHierarchyGroup`; without a parent it stands at the top.
pub(super) fn create_group(call: &mut Call<'_>) -> Answer {
    let input: CreateGroupInput = call.input()?;
    let name = required(input.name, "Name")?;
    check_length(&name, 100, "Name")?;
    let tags = input.tags.unwrap_or_default();
    check_tags(&tags)?;
    let level = match &input.parent_group_id {
        Some(parent) => {
            let missing = || ApiError::not_found("Parent hierarchy group not found");
            let lag = call.behaviour.lag.describe;
            call.instance.group_shown(parent, call.now, lag).ok_or_else(missing)?.level + 1
        }
        None => 0,
    };
    if call.instance.levels.get(level).is_none_or(Option::is_none) {
        return Err(ApiError::invalid_request("The hierarchy has no level for this group"));
    }
    check_name_is_free(call.instance, input.parent_group_id.as_deref(), &name, "")?;
    if call.instance.groups.iter().filter_map(Versioned::current).count() >= call.instance.group_quota {
        return Err(ApiError::limit_exceeded(
            "The number of hierarchy groups exceeds the quota of the instance",
        ));
    }
    let group =
        Group { id: random_id(), name, level, parent: input.parent_group_id, tags, modified: call.now };
    let answer = json!({
        "HierarchyGroupId": group.id,
        "HierarchyGroupArn": call.instance.arn_of("agent-group", &group.id),
    });
    call.instance.add_group(group, call.now);
    Ok(Some(answer))
}

fn check_name_is_free(instance: &Instance, parent: Option<&str>, name: &str, but: &str) -> ApiResult<()> {
    let mut groups = instance.groups.iter().filter_map(Versioned::current);
    if groups.any(|group| group.parent.as_deref() == parent && group.name == name && group.id != but) {
        return Err(ApiError::duplicate("A hierarchy group with this name already exists"));
    }
    Ok(())
}

/// `DeleteUserHierarchyGroup`: neither agents nor child groups may be left.
pub(super) fn delete_group(call: &mut Call<'_>) -> Answer {
    let instance = &*call.instance;
    instance.group(call.id).ok_or_else(|| ApiError::not_found("Hierarchy group not found"))?;
    let mut groups = instance.groups.iter().filter_map(Versioned::current);
    let mut users = instance.users.iter().filter_map(Versioned::current);
    if groups.any(|group| group.parent.as_deref() == Some(call.id))
        || users.any(|user| user.hierarchy_group.as_deref() == Some(call.id))
    {
        return Err(ApiError::in_use("The hierarchy group has agents or child groups")
            .with("ResourceType", "HIERARCHY_GROUP")
            .with("ResourceId", &instance.arn_of("agent-group", call.id)));
    }
    write(call, None)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupNameInput {
    name: Option<String>,
}

/// `UpdateUserHierarchyGroupName`.
pub(super) fn rename_group(call: &mut Call<'_>) -> Answer {
    let input: GroupNameInput = call.input()?;
    let name = required(input.name, "Name")?;
    check_length(&name, 100, "Name")?;
    let found = call.instance.group(call.id).cloned();
    let group = found.ok_or_else(|| ApiError::not_found("Hierarchy group not found"))?;
    check_name_is_free(call.instance, group.parent.as_deref(), &name, &group.id)?;
    let modified = call.now;
    write(call, Some(Group { name, modified, ..group }))
}

fn write(call: &mut Call<'_>, group: Option<Group>) -> Answer {
    let (now, id) = (call.now, call.id);
    let slot =
        call.instance.groups.iter_mut().find(|slot| slot.current().is_some_and(|group| group.id == id));
    slot.ok_or_else(|| ApiError::not_found("Hierarchy group not found"))?.write(now, group);
    Ok(None)
}
