//! `SearchUsers`: an index that lags.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call, check_length, required};
use super::error::{ApiError, ApiResult};
use super::listing::{Wanted, page, with_token};
use super::state::{Instance, User};
use super::users::described;

/// Conditions inside conditions deeper than this are refused.
pub(super) const DEEPEST: usize = 8;

const USER_FIELDS: [&str; 6] =
    ["Username", "FirstName", "LastName", "RoutingProfileId", "SecurityProfileId", "resourceId"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SearchUsersInput {
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
    list_condition: Option<Value>,
    hierarchy_group_condition: Option<GroupCondition>,
}

/// `StringCondition`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StringCondition {
    field_name: Option<String>,
    value: Option<String>,
    comparison_type: Option<Comparison>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Comparison {
    StartsWith,
    Contains,
    Exact,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupCondition {
    value: Option<String>,
    hierarchy_group_match_type: Option<GroupMatch>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum GroupMatch {
    Exact,
    WithChildGroups,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceInput {
    instance_id: Option<String>,
}

/// Instance that a search's body names: these operations have none in their path.
pub(super) fn instance_id(body: &[u8]) -> ApiResult<String> {
    let input: InstanceInput = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid_request(format!("Invalid request body: {error}")))?;
    required(input.instance_id, "InstanceId")
}

/// `SearchUsers`.
pub(super) fn users(call: &mut Call<'_>) -> Answer {
    let input: SearchUsersInput = call.input()?;
    check_paging(input.search_filter.as_ref(), input.next_token.as_ref())?;
    if let Some(criteria) = &input.search_criteria {
        check(criteria, 0)?;
    }
    let instance = &*call.instance;
    let mut items = Vec::new();
    for slot in &instance.users {
        if let Some(user) = slot.seen(call.now, call.behaviour.lag.search)
            && input.search_criteria.as_ref().is_none_or(|criteria| matches(criteria, instance, user))
        {
            items.push((slot.position, found(instance, user)));
        }
    }
    let total = items.len();
    let wanted = Wanted {
        operation: "SearchUsers",
        max_results: input.max_results,
        most: 500,
        token: input.next_token.as_ref(),
    };
    let (page, next) = page(call, &wanted, items)?;
    Ok(Some(with_token(json!({"Users": page, "ApproximateTotalCount": total}), next)))
}

/// What every search refuses before it looks.
pub(super) fn check_paging(filter: Option<&Value>, token: Option<&String>) -> ApiResult<()> {
    if filter.and_then(Value::as_object).is_some_and(|filter| !filter.is_empty()) {
        return Err(ApiError::invalid_request("SearchFilter is not emulated"));
    }
    token.map_or(Ok(()), |token| check_length(token, 2500, "NextToken"))
}

/// Names without e-mail addresses, and after contact work in milliseconds: so the service tells them here.
fn found(instance: &Instance, user: &User) -> Value {
    let mut value = described(instance, user);
    if let Value::Object(members) = &mut value {
        let names = json!({"FirstName": user.identity.first_name, "LastName": user.identity.last_name});
        members.insert("IdentityInfo".to_owned(), names);
        if let Some(Value::Number(seconds)) =
            members.get("PhoneConfig").and_then(|phone| phone.get("AfterContactWorkTimeLimit"))
        {
            let milliseconds = seconds.as_u64().unwrap_or(0) * 1000;
            if let Some(Value::Object(phone)) = members.get_mut("PhoneConfig") {
                phone.insert("AfterContactWorkTimeLimit".to_owned(), json!(milliseconds));
            }
        }
    }
    value
}

fn check(criteria: &Criteria, depth: usize) -> ApiResult<()> {
    if depth > DEEPEST {
        return Err(ApiError::invalid_request("SearchCriteria is too deep"));
    }
    if criteria.list_condition.is_some() {
        return Err(ApiError::invalid_request("ListCondition is not emulated"));
    }
    if let Some(condition) = &criteria.string_condition {
        condition.check(&USER_FIELDS)?;
    }
    let mut nested = criteria.or_conditions.iter().chain(&criteria.and_conditions).flatten();
    nested.try_for_each(|criteria| check(criteria, depth + 1))
}

fn matches(criteria: &Criteria, instance: &Instance, user: &User) -> bool {
    let any = criteria.or_conditions.as_ref();
    let all = criteria.and_conditions.as_ref();
    any.is_none_or(|any| any.iter().any(|criteria| matches(criteria, instance, user)))
        && all.is_none_or(|all| all.iter().all(|criteria| matches(criteria, instance, user)))
        && criteria.string_condition.as_ref().is_none_or(|condition| condition.holds_of(user))
        && criteria.hierarchy_group_condition.as_ref().is_none_or(|condition| condition.holds(instance, user))
}

impl StringCondition {
    /// Refuses a field that the operation does not know.
    pub(super) fn check(&self, fields: &[&str]) -> ApiResult<()> {
        if !fields.iter().any(|known| known.eq_ignore_ascii_case(&self.field())) {
            return Err(ApiError::invalid_parameter("FieldName is not one that can be searched"));
        }
        let length = self.value.as_deref().unwrap_or_default().chars().count();
        if self.comparison_type == Some(Comparison::Contains) && !(2..=25).contains(&length) {
            return Err(ApiError::invalid_parameter("Value of CONTAINS must be 2 to 25 characters"));
        }
        Ok(())
    }

    /// The field's name in lower case.
    pub(super) fn field(&self) -> String {
        self.field_name.as_deref().unwrap_or_default().to_lowercase()
    }

    /// The index folds case: callers must compare names themselves.
    pub(super) fn holds(&self, values: &[&str]) -> bool {
        let wanted = self.value.as_deref().unwrap_or_default().to_lowercase();
        values.iter().map(|value| value.to_lowercase()).any(|value| match self.comparison_type {
            Some(Comparison::StartsWith) => value.starts_with(&wanted),
            Some(Comparison::Contains) => value.contains(&wanted),
            Some(Comparison::Exact) | None => value == wanted,
        })
    }

    fn holds_of(&self, user: &User) -> bool {
        match self.field().as_str() {
            "username" => self.holds(&[&user.username]),
            "firstname" => self.holds(&user.identity.first_name.as_deref().into_iter().collect::<Vec<_>>()),
            "lastname" => self.holds(&user.identity.last_name.as_deref().into_iter().collect::<Vec<_>>()),
            "routingprofileid" => self.holds(&[&user.routing_profile]),
            "securityprofileid" => {
                self.holds(&user.security_profiles.iter().map(String::as_str).collect::<Vec<_>>())
            }
            _ => self.holds(&[&user.id]),
        }
    }
}

impl GroupCondition {
    fn holds(&self, instance: &Instance, user: &User) -> bool {
        let (Some(wanted), Some(group)) = (&self.value, &user.hierarchy_group) else {
            return false;
        };
        if self.hierarchy_group_match_type == Some(GroupMatch::WithChildGroups) {
            instance.group_path(group).iter().any(|above| above.id == *wanted)
        } else {
            group == wanted
        }
    }
}
