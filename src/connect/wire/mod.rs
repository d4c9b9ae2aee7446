//! Between the SDK's types and ours.

pub(super) mod channels;

use std::collections::BTreeSet;
use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_connect::types::{
    HierarchyGroup, HierarchyGroupSummary, HierarchyPath, HierarchyStructure, PhoneType as SdkPhoneType,
    QuickConnect, User, UserIdentityInfo, UserPhoneConfig, UserProficiency, UserProficiencyDisassociate,
    UserSearchSummary,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::client::Named;
use super::directory::GroupPath;
use super::plan::{IdentityInfo, PhoneConfig, Proficiencies, UserFields};
use crate::model::{CallError, Cause, PhoneType, Proficiency, ProficiencyLevel};

/// In a second.
const MILLISECONDS: i32 = 1000;

/// Names and ids of a page; what lacks either is left out.
pub(super) fn named<T>(
    items: Option<Vec<T>>,
    parts: impl Fn(T) -> (Option<String>, Option<String>),
) -> Vec<Named> {
    items
        .into_iter()
        .flatten()
        .filter_map(|item| {
            let (name, id) = parts(item);
            name.zip(id)
        })
        .collect()
}

/// The group's names from the top level down to itself.
pub(super) fn path(levels: &HierarchyPath) -> Vec<String> {
    steps(levels).filter_map(|group| group.name.clone()).collect()
}

/// The paths of groups that were searched. The one of level "0" is above all and in no path.
pub(super) fn group_paths(groups: &[HierarchyGroup]) -> Vec<GroupPath> {
    let path = |group: &HierarchyGroup| {
        let levels = group.hierarchy_path.as_ref().filter(|_| group.level_id() != Some("0"))?;
        Some(steps(levels).filter_map(|group| group.name.clone().zip(group.id.clone())).collect())
    };
    groups.iter().filter_map(path).collect()
}

fn steps(levels: &HierarchyPath) -> impl Iterator<Item = &HierarchyGroupSummary> {
    [&levels.level_one, &levels.level_two, &levels.level_three, &levels.level_four, &levels.level_five]
        .into_iter()
        .flatten()
}

/// Ids and names from the top level down to the group itself.
pub(super) fn lineage(group: HierarchyGroup) -> Vec<Named> {
    let path = group.hierarchy_path.unwrap_or_else(|| HierarchyPath::builder().build());
    let levels = [path.level_one, path.level_two, path.level_three, path.level_four, path.level_five];
    let above = levels.into_iter().flatten().filter_map(|group| group.id.zip(group.name));
    let own = group.id.zip(group.name);
    let mut lineage: Vec<Named> = above.collect();
    lineage.extend(own.filter(|own| lineage.last() != Some(own)));
    lineage
}

/// Names of the levels, top first.
pub(super) fn levels(structure: HierarchyStructure) -> Vec<String> {
    [
        structure.level_one,
        structure.level_two,
        structure.level_three,
        structure.level_four,
        structure.level_five,
    ]
    .into_iter()
    .flatten()
    .filter_map(|level| level.name)
    .collect()
}

pub(super) fn current(user: User) -> UserFields {
    UserFields {
        channels: channels::configs(&user),
        tags: user.tags.into_iter().flatten().collect(),
        proficiencies: Proficiencies::new(),
        identity: user.identity_info.map(identity).unwrap_or_default(),
        phone: user.phone_config.as_ref().map(phone),
        security_profiles: user.security_profile_ids.into_iter().flatten().collect::<BTreeSet<_>>(),
        routing_profile: user.routing_profile_id,
        hierarchy_group: user.hierarchy_group_id,
    }
}

/// Id, name and fields of a user that was searched; what lacks either is left out. After-contact work comes in
/// milliseconds here.
pub(super) fn searched(found: UserSearchSummary) -> Option<(String, String, UserFields)> {
    let (id, username) = found.id.zip(found.username)?;
    let identity = found.identity_info.map(|names| {
        let info = UserIdentityInfo::builder().set_first_name(names.first_name);
        info.set_last_name(names.last_name).build()
    });
    let phone = found.phone_config.map(|mut phone| {
        phone.after_contact_work_time_limit /= MILLISECONDS;
        phone
    });
    let user = User::builder()
        .set_identity_info(identity)
        .set_phone_config(phone)
        .set_security_profile_ids(found.security_profile_ids)
        .set_routing_profile_id(found.routing_profile_id)
        .set_hierarchy_group_id(found.hierarchy_group_id)
        .set_tags(found.tags)
        .set_auto_accept_configs(found.auto_accept_configs)
        .set_after_contact_work_configs(found.after_contact_work_configs)
        .set_phone_number_configs(found.phone_number_configs)
        .set_persistent_connection_configs(found.persistent_connection_configs)
        .set_voice_enhancement_configs(found.voice_enhancement_configs);
    Some((id, username, current(user.build())))
}

fn identity(info: UserIdentityInfo) -> IdentityInfo {
    IdentityInfo {
        first_name: info.first_name,
        last_name: info.last_name,
        email: info.email,
        secondary_email: info.secondary_email,
        mobile: info.mobile,
    }
}

fn phone(config: &UserPhoneConfig) -> PhoneConfig {
    PhoneConfig {
        kind: phone_type(&config.phone_type),
        auto_accept: config.auto_accept,
        after_contact_work_seconds: seconds(config.after_contact_work_time_limit),
        desk_number: config.desk_phone_number.clone(),
        persistent_connection: config.persistent_connection,
    }
}

pub(super) fn identity_info(identity: &IdentityInfo) -> UserIdentityInfo {
    UserIdentityInfo::builder()
        .set_first_name(identity.first_name.clone())
        .set_last_name(identity.last_name.clone())
        .set_email(identity.email.clone())
        .set_secondary_email(identity.secondary_email.clone())
        .set_mobile(identity.mobile.clone())
        .build()
}

pub(super) fn phone_config(phone: &PhoneConfig) -> UserPhoneConfig {
    UserPhoneConfig::builder()
        .phone_type(sdk_phone_type(phone.kind))
        .auto_accept(phone.auto_accept)
        .after_contact_work_time_limit(time_limit(phone.after_contact_work_seconds))
        .set_desk_phone_number(phone.desk_number.clone())
        .set_persistent_connection(phone.persistent_connection)
        .build()
}

fn phone_type(kind: &SdkPhoneType) -> PhoneType {
    match kind {
        SdkPhoneType::DeskPhone => PhoneType::DeskPhone,
        _ => PhoneType::SoftPhone,
    }
}

fn sdk_phone_type(kind: PhoneType) -> SdkPhoneType {
    match kind {
        PhoneType::SoftPhone => SdkPhoneType::SoftPhone,
        PhoneType::DeskPhone => SdkPhoneType::DeskPhone,
    }
}

fn seconds(limit: i32) -> u32 {
    u32::try_from(limit).unwrap_or(0)
}

fn time_limit(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// None for what the API says can't be.
pub(super) fn proficiency(item: &UserProficiency) -> Option<(Proficiency, ProficiencyLevel)> {
    let proficiency = Proficiency::new(&item.attribute_name, &item.attribute_value).ok()?;
    Some((proficiency, ProficiencyLevel::new(f64::from(item.level)).ok()?))
}

/// Building fails only where a required member is not given, here and below.
pub(super) fn user_proficiencies(proficiencies: &Proficiencies) -> Vec<UserProficiency> {
    let build = |(proficiency, level): (&Proficiency, &ProficiencyLevel)| {
        UserProficiency::builder()
            .attribute_name(proficiency.attribute())
            .attribute_value(proficiency.value())
            .level(level.as_f32())
            .build()
            .ok()
    };
    proficiencies.iter().filter_map(build).collect()
}

pub(super) fn disassociated(gone: &BTreeSet<Proficiency>) -> Vec<UserProficiencyDisassociate> {
    let build = |proficiency: &Proficiency| {
        UserProficiencyDisassociate::builder()
            .attribute_name(proficiency.attribute())
            .attribute_value(proficiency.value())
            .build()
            .ok()
    };
    gone.iter().filter_map(build).collect()
}

/// The quick connect's name, where it leads to this user.
pub(super) fn leads_to(found: &QuickConnect, id: &str) -> Option<String> {
    let user = found.quick_connect_config.as_ref()?.user_config.as_ref()?.user_id();
    // The API documents an id; some of its operations take and give ARNs.
    let is_meant = user == id || user.rsplit('/').next() == Some(id);
    is_meant.then(|| found.name.clone().unwrap_or_else(|| "(without a name)".to_owned()))
}

/// What a failed call comes to.
pub(super) fn call_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let raw = error.raw_response();
    let status = raw.map(|raw| raw.status().as_u16());
    let request_id = raw.and_then(|raw| raw.headers().get("x-amzn-requestid")).map(str::to_owned);
    let service_error = error.as_service_error();
    if let Some(code) = service_error.and_then(ProvideErrorMetadata::code) {
        let cause = Cause::told(code, status, service_error.and_then(ProvideErrorMetadata::message));
        return CallError { operation, cause, code: code.to_owned(), request_id };
    }
    if let Some(call) = causes(error).find_map(<dyn StdError>::downcast_ref::<CallError>) {
        // The provisioning role was not to be had: what failed is the call for it.
        return call.clone();
    }
    let (cause, word) = match error {
        _ if causes(error).any(<dyn StdError>::is::<CredentialsError>) => {
            (Cause::NoCredentials, "no credentials")
        }
        SdkError::TimeoutError(_) => (Cause::Unavailable, "timeout"),
        SdkError::DispatchFailure(_) => (Cause::Unavailable, "no connection"),
        SdkError::ConstructionFailure(_) => (Cause::Refused, "the request could not be built"),
        _ => (Cause::of("", status), "an answer without an error code"),
    };
    CallError { operation, cause, code: word.to_owned(), request_id }
}

/// The error, and what caused it, one after the other.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
