//! Tags of users, by the user's ARN.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::{Answer, Call, required};
use super::encoding::all_form_values;
use super::error::{ApiError, ApiResult};
use super::principal::Principal;
use super::state::User;
use super::user_rules::check_tags;
use super::users::{current_shown, write};

/// Instance and user that an ARN names; it is one of the caller's own Region and account.
pub(super) fn user_of(arn: &str, region: &str, principal: &Principal) -> ApiResult<(String, String)> {
    let prefix = format!("arn:aws:connect:{region}:{}:instance/", principal.account);
    let mut parts = arn.strip_prefix(&prefix).unwrap_or_default().split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(instance), Some("agent"), Some(user), None) => Ok((instance.to_owned(), user.to_owned())),
        _ => Err(ApiError::invalid_parameter("ResourceArn is no ARN of a user")),
    }
}

#[derive(Deserialize)]
struct TagInput {
    tags: Option<BTreeMap<String, String>>,
}

/// `TagResource`: adds tags and replaces values.
pub(super) fn tag(call: &mut Call<'_>) -> Answer {
    let input: TagInput = call.input()?;
    let given = required(input.tags, "tags")?;
    if given.is_empty() {
        return Err(ApiError::invalid_parameter("tags must hold 1 to 50"));
    }
    let user = current_shown(call)?;
    check_tags(&given)?;
    let mut tags = user.tags.clone();
    tags.extend(given);
    check_tags(&tags)?;
    write(call, User { tags, ..user })
}

/// `UntagResource`; a key that the user does not have is no error.
pub(super) fn untag(call: &mut Call<'_>) -> Answer {
    let keys = all_form_values(call.raw_query.as_bytes(), "tagKeys");
    if keys.is_empty() {
        return Err(ApiError::invalid_request("tagKeys is required"));
    }
    if keys.len() > 50 || keys.iter().any(|key| !(1..=128).contains(&key.chars().count())) {
        return Err(ApiError::invalid_parameter("tagKeys break their constraints"));
    }
    let mut user = current_shown(call)?;
    user.tags.retain(|key, _| !keys.contains(key));
    write(call, user)
}
