//! `SearchQuickConnects`: what each leads to, a user's even when the user is gone.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::clock::{epoch_seconds, seeded_id};
use super::error::ApiError;
use super::listing::{Wanted, page, with_token};
use super::search::check_paging;
use super::state::{Instance, LeadsTo, QuickConnect};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    next_token: Option<String>,
    max_results: Option<i64>,
    search_filter: Option<Value>,
    search_criteria: Option<Value>,
}

/// `SearchQuickConnects`.
pub(super) fn search(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    check_paging(input.search_filter.as_ref(), input.next_token.as_ref())?;
    if input.search_criteria.is_some() {
        return Err(ApiError::invalid_request("SearchCriteria of quick connects is not emulated"));
    }
    let instance = &*call.instance;
    let items = (1..).zip(instance.quick_connects.iter().map(|found| described(instance, found)));
    let items: Vec<(u64, Value)> = items.collect();
    let total = items.len();
    let wanted = Wanted {
        operation: "SearchQuickConnects",
        max_results: input.max_results,
        most: 100,
        token: input.next_token.as_ref(),
    };
    let (page, next) = page(call, &wanted, items)?;
    Ok(Some(with_token(json!({"QuickConnects": page, "ApproximateTotalCount": total}), next)))
}

fn described(instance: &Instance, found: &QuickConnect) -> Value {
    let config = match &found.leads_to {
        LeadsTo::User(id) => json!({
            "QuickConnectType": "USER",
            "UserConfig": { "UserId": id, "ContactFlowId": seeded_id(&[&instance.id, "contact-flow", "to an agent"]) },
        }),
        LeadsTo::PhoneNumber(number) => {
            json!({ "QuickConnectType": "PHONE_NUMBER", "PhoneConfig": { "PhoneNumber": number } })
        }
    };
    json!({
        "QuickConnectARN": instance.arn_of("transfer-destination", &found.id),
        "QuickConnectId": found.id,
        "Name": found.name,
        "QuickConnectConfig": config,
        "LastModifiedTime": epoch_seconds(instance.created),
        "LastModifiedRegion": instance.region,
    })
}
