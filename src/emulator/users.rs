//! Users: create, describe, update, delete.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call, check_length, required};
use super::clock::{epoch_seconds, random_id};
use super::error::{ApiError, ApiResult};
use super::shapes::{ChannelConfigs, IdentityInfo, PhoneConfig};
use super::state::{Instance, User};
use super::user_rules::{
    check_channels, check_group, check_identity, check_phone, check_routing_profile, check_security_profiles,
    check_tags, check_username,
};
use super::versions::Versioned;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateUserInput {
    username: Option<String>,
    password: Option<String>,
    identity_info: Option<IdentityInfo>,
    phone_config: Option<PhoneConfig>,
    directory_user_id: Option<String>,
    security_profile_ids: Option<Vec<String>>,
    routing_profile_id: Option<String>,
    hierarchy_group_id: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    channels: ChannelConfigs,
}

/// `CreateUser`.
pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let input: CreateUserInput = call.input()?;
    call.about.clone_from(&input.username);
    let user = new_user(call, input)?;
    if call.instance.user_named(&user.username).is_some() {
        return Err(ApiError::duplicate("A user with this username already exists"));
    }
    if call.instance.users.iter().filter_map(Versioned::current).count() >= call.instance.user_quota {
        return Err(ApiError::limit_exceeded("The number of users exceeds the quota of the instance"));
    }
    let answer = json!({"UserId": user.id, "UserArn": call.instance.arn_of("agent", &user.id)});
    call.instance.add_user(user, call.now);
    Ok(Some(answer))
}

fn new_user(call: &Call<'_>, input: CreateUserInput) -> ApiResult<User> {
    let username = required(input.username, "Username")?;
    let security_profiles = required(input.security_profile_ids, "SecurityProfileIds")?;
    let routing_profile = required(input.routing_profile_id, "RoutingProfileId")?;
    let identity = required(input.identity_info, "IdentityInfo")?;
    if input.password.is_some() {
        return Err(ApiError::invalid_request("Password is not supported for instances that use SAML"));
    }
    if input.directory_user_id.is_some() {
        return Err(ApiError::invalid_request(
            "DirectoryUserId is not supported for instances that use SAML",
        ));
    }
    check_length(&username, 100, "Username")?;
    check_username(&username)?;
    check_identity(&identity)?;
    check_channels(&input.channels, input.phone_config.as_ref())?;
    let phone = if let Some(phone) = input.phone_config {
        check_phone(&phone)?;
        Some(phone)
    } else {
        None
    };
    let tags = input.tags.unwrap_or_default();
    check_tags(&tags)?;
    check_security_profiles(call.instance, &security_profiles)?;
    check_routing_profile(call.instance, &routing_profile)?;
    if let Some(group) = &input.hierarchy_group_id {
        check_group(call, group)?;
    }
    Ok(User {
        id: random_id(),
        username,
        identity,
        phone,
        channels: input.channels,
        security_profiles,
        routing_profile,
        hierarchy_group: input.hierarchy_group_id,
        tags,
        proficiencies: Vec::new(),
        modified: call.now,
    })
}

/// `DescribeUser`.
pub(super) fn describe(call: &mut Call<'_>) -> Answer {
    let user = current_shown(call)?;
    call.about = Some(user.username.clone());
    let mut value = described(call.instance, &user);
    if let Value::Object(members) = &mut value {
        members.insert("IdentityInfo".to_owned(), json!(user.identity));
        members.insert("LastModifiedTime".to_owned(), epoch_seconds(user.modified));
        members.insert("LastModifiedRegion".to_owned(), json!(call.instance.region));
    }
    Ok(Some(json!({"User": value})))
}

/// What `DescribeUser` and `SearchUsers` tell alike.
pub(super) fn described(instance: &Instance, user: &User) -> Value {
    let mut value = json!({
        "Id": user.id,
        "Arn": instance.arn_of("agent", &user.id),
        "Username": user.username,
        "SecurityProfileIds": user.security_profiles,
        "RoutingProfileId": user.routing_profile,
        "Tags": user.tags,
    });
    if let (Value::Object(members), Value::Object(channels)) = (&mut value, json!(user.channels)) {
        members.extend(channels);
        if let Some(phone) = &user.phone {
            members.insert("PhoneConfig".to_owned(), json!(phone));
        }
        if let Some(group) = &user.hierarchy_group {
            members.insert("HierarchyGroupId".to_owned(), json!(group));
        }
    }
    value
}

/// `DeleteUser`.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let user = current(call)?;
    call.about = Some(user.username);
    let now = call.now;
    call.instance.user_slot(call.id)?.write(now, None);
    Ok(None)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingProfileInput {
    routing_profile_id: Option<String>,
}

/// `UpdateUserRoutingProfile`.
pub(super) fn update_routing_profile(call: &mut Call<'_>) -> Answer {
    let input: RoutingProfileInput = call.input()?;
    let id = required(input.routing_profile_id, "RoutingProfileId")?;
    let user = current(call)?;
    check_routing_profile(call.instance, &id)?;
    write(call, User { routing_profile: id, ..user })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HierarchyInput {
    hierarchy_group_id: Option<String>,
}

/// `UpdateUserHierarchy`; without a group the user leaves the hierarchy.
pub(super) fn update_hierarchy(call: &mut Call<'_>) -> Answer {
    let input: HierarchyInput = call.input()?;
    let user = current(call)?;
    if let Some(group) = &input.hierarchy_group_id {
        check_group(call, group)?;
    }
    write(call, User { hierarchy_group: input.hierarchy_group_id, ..user })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PhoneConfigInput {
    phone_config: Option<PhoneConfig>,
}

/// `UpdateUserPhoneConfig`.
pub(super) fn update_phone_config(call: &mut Call<'_>) -> Answer {
    let input: PhoneConfigInput = call.input()?;
    let phone = required(input.phone_config, "PhoneConfig")?;
    let user = current(call)?;
    check_phone(&phone)?;
    check_channels(&user.channels, Some(&phone))?;
    write(call, User { phone: Some(phone), ..user })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IdentityInfoInput {
    identity_info: Option<IdentityInfo>,
}

/// `UpdateUserIdentityInfo`.
pub(super) fn update_identity_info(call: &mut Call<'_>) -> Answer {
    let input: IdentityInfoInput = call.input()?;
    let identity = required(input.identity_info, "IdentityInfo")?;
    let user = current(call)?;
    check_identity(&identity)?;
    write(call, User { identity, ..user })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecurityProfilesInput {
    security_profile_ids: Option<Vec<String>>,
}

/// `UpdateUserSecurityProfiles`: replaces the whole set.
pub(super) fn update_security_profiles(call: &mut Call<'_>) -> Answer {
    let input: SecurityProfilesInput = call.input()?;
    let ids = required(input.security_profile_ids, "SecurityProfileIds")?;
    let user = current(call)?;
    check_security_profiles(call.instance, &ids)?;
    write(call, User { security_profiles: ids, ..user })
}

fn current(call: &mut Call<'_>) -> ApiResult<User> {
    let slot = call.instance.user_slot(call.id)?;
    slot.current().cloned().ok_or_else(|| ApiError::not_found("User not found"))
}

/// The same, of a user that is not too new to be described.
pub(super) fn current_shown(call: &mut Call<'_>) -> ApiResult<User> {
    let (now, lag) = (call.now, call.behaviour.lag.describe);
    if call.instance.user_slot(call.id)?.younger_than(now, lag) {
        return Err(ApiError::not_found("User not found"));
    }
    current(call)
}

pub(super) fn write(call: &mut Call<'_>, user: User) -> Answer {
    call.about = Some(user.username.clone());
    let now = call.now;
    call.instance.user_slot(call.id)?.write(now, Some(User { modified: now, ..user }));
    Ok(None)
}
