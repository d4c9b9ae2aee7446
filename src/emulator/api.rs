//! The listener of Connect and STS: who calls, may they, what do they want.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::api_sts::answer_sts;
use super::call::{Answer, Call};
use super::clock::{Clock, epoch_seconds, http_date, random_id};
use super::encoding::form_fields;
use super::error::{ApiError, ApiResult};
use super::history::HistoryEntry;
use super::operation::{Operation, Route, route};
use super::shared::{Inner, Shared};
use super::sigv4::{ApiRequest, Caller, Expected, verify};
use super::state::Instance;
use super::{
    federation, hierarchy, listing, proficiencies, quick_connects, search, search_groups, sessions, tags,
    user_config, users,
};

const LARGEST_BODY: usize = 1 << 20;

/// Connect, STS and the management paths.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().merge(super::manage::router(shared.clone())).fallback(answer).with_state(shared)
}

/// What the history tells about a call.
#[derive(Default)]
pub(super) struct About {
    pub(super) principal: Option<String>,
    pub(super) username: Option<String>,
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return rest_json(&Err(ApiError::invalid_request("Request body is too large")), "");
    };
    let request = ApiRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let mut response = if request.method == "POST" && request.path == "/" {
        answer_sts(&shared, &request)
    } else {
        answer_connect(&shared, &request)
    };
    if let Ok(date) = HeaderValue::from_str(&http_date(shared.clock.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

pub(super) fn authenticate(
    inner: &Inner,
    request: &ApiRequest,
    service: &str,
    clock: &Clock,
) -> ApiResult<Caller> {
    let regions: Vec<String> = inner.world.instances.iter().map(|instance| instance.region.clone()).collect();
    let expected = Expected {
        service,
        regions: &regions,
        keys: &inner.world.keys,
        signing_times: clock.signing_times(),
        now: clock.now(),
    };
    verify(request, &expected)
}

fn answer_connect(shared: &Shared, request: &ApiRequest) -> Response {
    let request_id = random_id();
    let mut about = About::default();
    let route = route(&request.method, &request.path);
    let outcome = call_connect(shared, request, route.as_ref(), &mut about);
    let operation = route.map_or_else(|| "Unknown".to_owned(), |route| route.operation.name());
    let (status, error) =
        outcome.as_ref().map_or_else(|error| (error.status, Some(error.code)), |_| (200, None));
    record(shared, "connect", operation, status, error, about, &request_id);
    rest_json(&outcome, &request_id)
}

fn call_connect(shared: &Shared, request: &ApiRequest, route: Option<&Route>, about: &mut About) -> Answer {
    let now = shared.clock.now();
    let inner = &mut *shared.lock();
    let caller = authenticate(inner, request, "connect", &shared.clock)?;
    about.principal = Some(caller.principal.label().to_owned());
    let route = route.ok_or_else(|| ApiError::unknown_operation("No operation has this method and path"))?;
    check_weather(inner, &caller, route.operation, now)?;
    let outage = inner.behaviour.outage;
    let is_out = inner.faults.is_out(outage);
    if is_out && outage.is_some_and(|outage| !outage.loses_answers) {
        return Err(fault());
    }
    let failure = inner.behaviour.failure(&route.operation.name());
    if let Some((code, false)) = &failure {
        return Err(failed(code));
    }
    let (instance_id, id) = target(route, request, &caller)?;
    let Inner { world, behaviour, tokens, .. } = inner;
    check_instance_id(route.operation, &instance_id)?;
    authorize(&caller, route.operation, &instance_id, &id, &request.body)?;
    let instance = instance(&mut world.instances, &caller, &instance_id)?;
    let site_url = shared.urls.site(&instance.alias);
    let mut call = Call {
        instance,
        principal: &caller.principal,
        behaviour,
        now,
        id: &id,
        query: form_fields(request.query.as_bytes()),
        raw_query: &request.query,
        body: &request.body,
        tokens,
        site_url: &site_url,
        page_key: &shared.page_key,
        about: None,
    };
    let answer = perform(route.operation, &mut call);
    about.username = call.about;
    match failure {
        Some((code, _)) => Err(failed(&code)),
        None if is_out => Err(fault()),
        None => answer,
    }
}

/// Instance, and user or group, that the request is about.
fn target(route: &Route, request: &ApiRequest, caller: &Caller) -> ApiResult<(String, String)> {
    match route.operation {
        Operation::SearchUsers
        | Operation::SearchUserHierarchyGroups
        | Operation::SearchQuickConnects
        | Operation::DeleteAllEntitySessions => Ok((search::instance_id(&request.body)?, String::new())),
        Operation::TagResource | Operation::UntagResource => {
            tags::user_of(&route.id, &caller.region, &caller.principal)
        }
        _ => Ok((route.instance_id.clone(), route.id.clone())),
    }
}

/// Too many calls, or bad luck.
fn check_weather(
    inner: &mut Inner,
    caller: &Caller,
    operation: Operation,
    now: time::OffsetDateTime,
) -> ApiResult<()> {
    if let Some(rates) = inner.behaviour.throttle
        && !inner.throttle.admits(
            &caller.principal.account,
            &caller.region,
            &operation.name(),
            rates.connect,
            now,
        )
    {
        return Err(ApiError::throttled("Rate exceeded"));
    }
    if inner.faults.strikes(inner.behaviour.fault_rate) {
        return Err(fault());
    }
    Ok(())
}

/// What a test asked for.
pub(super) fn failed(code: &str) -> ApiError {
    ApiError::named(code, "The emulator was told to fail this call").unwrap_or_else(fault)
}

fn fault() -> ApiError {
    ApiError::internal("Request processing failed because of an error or failure with the service.")
}

/// `DescribeInstance` documents no `InvalidParameterException`.
fn check_instance_id(operation: Operation, id: &str) -> ApiResult<()> {
    let message = "InstanceId must be 1 to 100 characters";
    match operation {
        _ if (1..=100).contains(&id.chars().count()) => Ok(()),
        Operation::DescribeInstance => Err(ApiError::invalid_request(message)),
        _ => Err(ApiError::invalid_parameter(message)),
    }
}

/// IAM decides before the service looks whether the instance exists.
fn authorize(
    caller: &Caller,
    operation: Operation,
    instance_id: &str,
    id: &str,
    body: &[u8],
) -> ApiResult<()> {
    let principal = &caller.principal;
    let action = format!("connect:{}", operation.name());
    let instance = format!("arn:aws:connect:{}:{}:instance/{instance_id}", caller.region, principal.account);
    let resources = operation.resources(id, &principal.user_id, body);
    let resources = resources.into_iter().map(|part| match part.as_str() {
        "" => instance.clone(),
        part => format!("{instance}/{part}"),
    });
    for resource in resources {
        if !principal.may(&action, &resource, Some(instance_id)) {
            return Err(ApiError::access_denied(principal.refusal(&action, &resource)));
        }
    }
    Ok(())
}

fn instance<'a>(instances: &'a mut [Instance], caller: &Caller, id: &str) -> ApiResult<&'a mut Instance> {
    let own = |instance: &&mut Instance| {
        instance.id == id && instance.region == caller.region && instance.account == caller.principal.account
    };
    instances.iter_mut().find(own).ok_or_else(|| ApiError::not_found(format!("Instance not found: {id}")))
}

fn perform(operation: Operation, call: &mut Call<'_>) -> Answer {
    match operation {
        Operation::CreateUser => users::create(call),
        Operation::DescribeUser => users::describe(call),
        Operation::ListUsers => listing::users(call),
        Operation::SearchUsers => search::users(call),
        Operation::UpdateUserRoutingProfile => users::update_routing_profile(call),
        Operation::UpdateUserHierarchy => users::update_hierarchy(call),
        Operation::UpdateUserPhoneConfig => users::update_phone_config(call),
        Operation::UpdateUserConfig => user_config::update(call),
        Operation::UpdateUserIdentityInfo => users::update_identity_info(call),
        Operation::UpdateUserSecurityProfiles => users::update_security_profiles(call),
        Operation::DeleteUser => users::delete(call),
        Operation::AssociateUserProficiencies => proficiencies::associate(call),
        Operation::UpdateUserProficiencies => proficiencies::update(call),
        Operation::DisassociateUserProficiencies => proficiencies::disassociate(call),
        Operation::ListUserProficiencies => proficiencies::list(call),
        Operation::TagResource => tags::tag(call),
        Operation::UntagResource => tags::untag(call),
        Operation::ListSecurityProfiles => listing::security_profiles(call),
        Operation::ListRoutingProfiles => listing::routing_profiles(call),
        Operation::DescribeUserHierarchyStructure => hierarchy::describe_structure(call),
        Operation::UpdateUserHierarchyStructure => hierarchy::update_structure(call),
        Operation::ListUserHierarchyGroups => listing::groups(call),
        Operation::DescribeUserHierarchyGroup => hierarchy::describe_group(call),
        Operation::CreateUserHierarchyGroup => hierarchy::create_group(call),
        Operation::DeleteUserHierarchyGroup => hierarchy::delete_group(call),
        Operation::UpdateUserHierarchyGroupName => hierarchy::rename_group(call),
        Operation::SearchUserHierarchyGroups => search_groups::groups(call),
        Operation::GetFederationToken => federation::token(call),
        Operation::DescribeInstance => Ok(Some(described(call))),
        Operation::DeleteAllEntitySessions => sessions::end_all(call),
        Operation::SearchQuickConnects => quick_connects::search(call),
    }
}

/// `DescribeInstance`.
fn described(call: &Call<'_>) -> Value {
    let instance = &*call.instance;
    let mut answer = json!({"Instance": {
        "Id": instance.id,
        "Arn": instance.arn(),
        "IdentityManagementType": instance.identity_management,
        "InstanceAlias": instance.alias,
        "CreatedTime": epoch_seconds(instance.created),
        "ServiceRole": format!(
            "arn:aws:iam::{}:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect",
            instance.account
        ),
        "InstanceStatus": instance.status,
        "InboundCallsEnabled": true,
        "OutboundCallsEnabled": true,
        "InstanceAccessUrl": call.site_url,
    }});
    if let Some(endpoint) = &instance.global_sign_in_endpoint {
        answer["ReplicationConfiguration"] = json!({
            "SourceRegion": instance.region,
            "GlobalSignInEndpoint": endpoint,
            "ReplicationStatusSummaryList": [{
                "Region": instance.region,
                "ReplicationStatus": "INSTANCE_REPLICATION_COMPLETE",
            }],
        });
    }
    answer
}

pub(super) fn record(
    shared: &Shared,
    service: &'static str,
    operation: String,
    status: u16,
    error: Option<&str>,
    about: About,
    request_id: &str,
) {
    shared.history.record(HistoryEntry {
        time: shared.clock.now(),
        service,
        operation,
        status,
        error: error.map(str::to_owned),
        principal: about.principal,
        username: about.username,
        request_id: request_id.to_owned(),
    });
}

fn rest_json(outcome: &Answer, request_id: &str) -> Response {
    let (status, body) = match outcome {
        Ok(answer) => (200, answer.as_ref().map(Value::to_string).unwrap_or_default()),
        Err(error) => {
            let mut members = error.members.clone();
            members.insert("Message".to_owned(), json!(error.message));
            (error.status, Value::Object(members).to_string())
        }
    };
    let mut response = response(status, "application/json", body, request_id);
    if let Err(error) = outcome {
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    }
    response
}

pub(super) fn response(status: u16, content_type: &'static str, body: String, request_id: &str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", request_id);
    }
    response
}
