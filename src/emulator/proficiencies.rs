//! What users are good at: associate, update, disassociate, list.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Answer, Call, check_length, required};
use super::clock::epoch_seconds;
use super::error::{ApiError, ApiResult};
use super::listing::{Wanted, page, with_token};
use super::state::{Instance, User};
use super::users::{current_shown, write};

const MOST: usize = 10;

/// `UserProficiency`; one to disassociate has no level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Proficiency {
    attribute_name: String,
    attribute_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<f64>,
}

impl Proficiency {
    fn is_of(&self, other: &Self) -> bool {
        self.attribute_name == other.attribute_name && self.attribute_value == other.attribute_value
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_proficiencies: Option<Vec<Proficiency>>,
}

/// `AssociateUserProficiencies`: of predefined attributes, none twice, ten at most.
pub(super) fn associate(call: &mut Call<'_>) -> Answer {
    let given = with_levels(call)?;
    let user = current_shown(call)?;
    given.iter().try_for_each(|new| check_predefined(call.instance, new))?;
    if given.iter().any(|new| user.proficiencies.iter().any(|held| held.is_of(new))) {
        return Err(ApiError::invalid_request("The user has this proficiency already"));
    }
    let mut proficiencies = user.proficiencies.clone();
    proficiencies.extend(given);
    if proficiencies.len() > MOST {
        return Err(ApiError::invalid_request("A user has at most 10 proficiencies"));
    }
    write(call, User { proficiencies, ..user })
}

/// `UpdateUserProficiencies`: other levels of what the user has.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let given = with_levels(call)?;
    let mut user = current_shown(call)?;
    for new in given {
        let held = user.proficiencies.iter_mut().find(|held| held.is_of(&new));
        *held.ok_or_else(|| ApiError::not_found("The user does not have this proficiency"))? = new;
    }
    write(call, user)
}

/// `DisassociateUserProficiencies`: of what the user has.
pub(super) fn disassociate(call: &mut Call<'_>) -> Answer {
    let given = given(call)?;
    let mut user = current_shown(call)?;
    for gone in given {
        let before = user.proficiencies.len();
        user.proficiencies.retain(|held| !held.is_of(&gone));
        if user.proficiencies.len() == before {
            return Err(ApiError::not_found("The user does not have this proficiency"));
        }
    }
    write(call, user)
}

/// `ListUserProficiencies`.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let user = current_shown(call)?;
    call.about = Some(user.username.clone());
    let max_results = call.max_results()?;
    // A token of one user's list is none of another's.
    let operation = format!("ListUserProficiencies/{}", user.id);
    let token = call.query.get("nextToken");
    let wanted = Wanted { operation: &operation, max_results, most: 100, token };
    let items = (1..).zip(&user.proficiencies).map(|(position, held)| (position, json!(held)));
    let (items, next) = page(call, &wanted, items.collect())?;
    let answer = json!({
        "UserProficiencyList": items,
        "LastModifiedTime": epoch_seconds(user.modified),
        "LastModifiedRegion": call.instance.region,
    });
    Ok(Some(with_token(answer, next)))
}

/// The input's, each once, with names and values of 1 to 100 characters.
fn given(call: &Call<'_>) -> ApiResult<Vec<Proficiency>> {
    let input: Input = call.input()?;
    let given = required(input.user_proficiencies, "UserProficiencies")?;
    for (index, one) in given.iter().enumerate() {
        check_length(&one.attribute_name, 100, "AttributeName")?;
        check_length(&one.attribute_value, 100, "AttributeValue")?;
        if given.iter().skip(index + 1).any(|other| other.is_of(one)) {
            return Err(ApiError::invalid_parameter("A proficiency is given twice"));
        }
    }
    Ok(given)
}

/// The same with levels of 1, 2, 3, 4 or 5.
fn with_levels(call: &Call<'_>) -> ApiResult<Vec<Proficiency>> {
    let given = given(call)?;
    for one in &given {
        let level = required(one.level, "Level")?;
        if !(1.0..=5.0).contains(&level) || level.fract() != 0.0 {
            return Err(ApiError::invalid_parameter("Level must be 1, 2, 3, 4 or 5"));
        }
    }
    Ok(given)
}

fn check_predefined(instance: &Instance, wanted: &Proficiency) -> ApiResult<()> {
    let values = instance.predefined_attributes.get(&wanted.attribute_name);
    if values.is_some_and(|values| values.contains(&wanted.attribute_value)) {
        Ok(())
    } else {
        Err(ApiError::not_found("Predefined attribute or value not found"))
    }
}
