//! Listings: small pages and opaque tokens.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::call::{Answer, Call};
use super::clock::epoch_seconds;
use super::error::{ApiError, ApiResult};
use super::versions::Versioned;

/// `ListUsers`.
pub(super) fn users(call: &mut Call<'_>) -> Answer {
    let (now, lag) = (call.now, call.behaviour.lag.list);
    let instance = &*call.instance;
    let items = instance.users.iter().filter_map(|slot| {
        let user = slot.seen(now, lag)?;
        let summary = json!({
            "Id": user.id,
            "Arn": instance.arn_of("agent", &user.id),
            "Username": user.username,
            "LastModifiedTime": epoch_seconds(user.modified),
            "LastModifiedRegion": instance.region,
        });
        Some((slot.position, summary))
    });
    list(call, "ListUsers", "UserSummaryList", items.collect())
}

/// `ListUserHierarchyGroups`.
pub(super) fn groups(call: &mut Call<'_>) -> Answer {
    let (now, lag) = (call.now, call.behaviour.lag.list);
    let instance = &*call.instance;
    let summary = |slot: &Versioned<_>| {
        let group = slot.seen(now, lag)?;
        Some((slot.position, super::hierarchy::summary(instance, group)))
    };
    let items = instance.groups.iter().filter_map(summary).collect();
    list(call, "ListUserHierarchyGroups", "UserHierarchyGroupSummaryList", items)
}

/// `ListSecurityProfiles`.
pub(super) fn security_profiles(call: &mut Call<'_>) -> Answer {
    let instance = &*call.instance;
    let items = (1..).zip(&instance.security_profiles).map(|(position, profile)| {
        let summary = json!({
            "Id": profile.id,
            "Arn": instance.arn_of("security-profile", &profile.id),
            "Name": profile.name,
            "LastModifiedTime": epoch_seconds(instance.created),
            "LastModifiedRegion": instance.region,
            "Type": "CUSTOMER_MANAGED",
        });
        (position, summary)
    });
    let items = items.collect();
    list(call, "ListSecurityProfiles", "SecurityProfileSummaryList", items)
}

/// `ListRoutingProfiles`.
pub(super) fn routing_profiles(call: &mut Call<'_>) -> Answer {
    let instance = &*call.instance;
    let items = (1..).zip(&instance.routing_profiles).map(|(position, profile)| {
        let summary = json!({
            "Id": profile.id,
            "Arn": instance.arn_of("routing-profile", &profile.id),
            "Name": profile.name,
            "LastModifiedTime": epoch_seconds(instance.created),
            "LastModifiedRegion": instance.region,
        });
        (position, summary)
    });
    let items = items.collect();
    list(call, "ListRoutingProfiles", "RoutingProfileSummaryList", items)
}

fn list(call: &Call<'_>, operation: &str, member: &str, items: Vec<(u64, Value)>) -> Answer {
    let token = call.query.get("nextToken");
    let wanted = Wanted { operation, max_results: call.max_results()?, most: 1000, token };
    let (page, next) = page(call, &wanted, items)?;
    Ok(Some(with_token(json!({ member: page }), next)))
}

/// The answer with the token of the next page, if there is one.
pub(super) fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let (Some(next), Value::Object(members)) = (next, &mut answer) {
        members.insert("NextToken".to_owned(), json!(next));
    }
    answer
}

/// Which page is asked for.
pub(super) struct Wanted<'a> {
    pub(super) operation: &'a str,
    pub(super) max_results: Option<i64>,
    pub(super) most: i64,
    pub(super) token: Option<&'a String>,
}

/// One page of items by position, and the token of the next.
pub(super) fn page(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    mut items: Vec<(u64, Value)>,
) -> ApiResult<(Vec<Value>, Option<String>)> {
    let asked = wanted.max_results.unwrap_or(100);
    if !(1..=wanted.most).contains(&asked) {
        return Err(ApiError::invalid_parameter(format!("MaxResults must be 1 to {}", wanted.most)));
    }
    let size = usize::try_from(asked).unwrap_or(1).min(call.behaviour.page_cap.max(1));
    let after = match wanted.token {
        Some(token) => read_token(call, wanted.operation, token)?,
        None => 0,
    };
    items.retain(|(position, _)| *position > after);
    items.sort_by_key(|(position, _)| *position);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|(position, _)| token(call, wanted.operation, *position));
    Ok((items.into_iter().map(|(_, item)| item).collect(), next))
}

/// A token counts for one instance and one operation, and nobody else can make one.
fn token(call: &Call<'_>, operation: &str, position: u64) -> String {
    let text = format!("{}/{operation}/{position}", call.instance.id);
    let seal = Hmac::<Sha256>::new_from_slice(call.page_key.as_bytes()).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        },
    );
    format!("{}{}", hex::encode(position.to_be_bytes()), hex::encode(seal))
}

fn read_token(call: &Call<'_>, operation: &str, text: &str) -> ApiResult<u64> {
    let position = text.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    position
        .filter(|position| token(call, operation, *position) == text)
        .ok_or_else(|| ApiError::invalid_parameter("NextToken is not valid"))
}
