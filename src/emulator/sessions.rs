//! `DeleteAllEntitySessions`: who is inside has to sign in again.

use serde::Deserialize;

use super::call::{Answer, Call, check_length, required};
use super::error::ApiError;
use super::versions::Versioned;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    entity_id: Option<String>,
    entity_type: Option<String>,
}

/// `DeleteAllEntitySessions`. The entity is a user's id or ARN.
pub(super) fn end_all(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let entity = required(input.entity_id, "EntityId")?;
    if required(input.entity_type, "EntityType")? != "USER" {
        return Err(ApiError::invalid_parameter("EntityType must be USER"));
    }
    check_length(&entity, 256, "EntityId")?;
    let instance = &*call.instance;
    let is_meant = |id: &str| id == entity || instance.arn_of("agent", id) == entity;
    let mut users = instance.users.iter().filter_map(Versioned::current);
    let user = users.find(|user| is_meant(&user.id)).ok_or_else(|| ApiError::not_found("User not found"))?;
    call.about = Some(user.username.clone());
    let (instance_id, user_id) = (&instance.id, &user.id);
    call.tokens.retain(|_, token| token.instance_id != *instance_id || token.user_id != *user_id);
    Ok(None)
}
