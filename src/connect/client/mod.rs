//! Every call this room makes to Amazon Connect.
//! <https://docs.aws.amazon.com/connect/latest/APIReference/API_Operations_Amazon_Connect_Service.html>

mod apply;
mod hierarchy;
mod leaving;
mod people;
mod sessions;

use std::future::Future;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_connect::Client;
use aws_sdk_connect::config::Region;
use aws_sdk_connect::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_connect::operation::describe_instance::DescribeInstanceOutput;
use aws_sdk_connect::types::{HierarchyGroup, User};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use url::Url;

use super::error::Error;
use super::forgotten::Turns;
use super::plan::Proficiencies;
use super::wire;
use crate::model::{Call, CallError, CallUse, Caller, Cause, InstanceArn, Pace, Patience};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that a `List` operation returns at once.
const PAGE_SIZE: i32 = 1000;
/// The most that `ListUserProficiencies` does, and `SearchUserHierarchyGroups`.
const SMALL_PAGE: i32 = 100;
/// The most that `SearchUsers` returns at once.
const SEARCH_PAGE: i32 = 500;
/// A listing serves everybody, so each of its pages may wait longer than one sign-in would.
const PAGE_PATIENCE: Duration = Duration::from_secs(30);

/// A resource's name and id.
pub(super) type Named = (String, String);

type Answer<T, E> = Result<T, SdkError<E, HttpResponse>>;
/// Items, and the token of the next page.
type Page<I> = (Vec<I>, Option<String>);

/// A client for the instance's Region. The SDK's own retries are off: its list of throttling errors has
/// `LimitExceededException`, which is a full quota, and only the budget knows when a call's turn is.
#[must_use]
pub fn client(sdk: &SdkConfig, arn: &InstanceArn, endpoint: Option<&Url>) -> Client {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
    let mut config = aws_sdk_connect::config::Builder::from(sdk)
        .region(Region::new(arn.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.build());
    config.set_endpoint_url(
        endpoint.map(ToString::to_string).or_else(|| sdk.endpoint_url().map(str::to_owned)),
    );
    Client::from_conf(config.build())
}

/// The calls of one instance.
pub(super) struct Calls {
    client: Client,
    caller: Caller,
    arn: InstanceArn,
}

impl Calls {
    pub(super) fn new(client: Client, pace: Pace, arn: InstanceArn) -> Self {
        Self { client, caller: Caller::new(pace), arn }
    }

    /// Needs `connect:DescribeInstance`.
    pub(super) async fn describe_instance(
        &self,
        patience: Patience,
    ) -> Result<DescribeInstanceOutput, Error> {
        let request = self.client.describe_instance().instance_id(&self.arn.id);
        self.call("DescribeInstance", patience, || request.clone().send()).await
    }

    /// Needs `connect:ListUsers`.
    pub(super) async fn users(&self) -> Result<Vec<Named>, Error> {
        to_the_end(|token| async move {
            let request = self.client.list_users().instance_id(&self.arn.id).max_results(PAGE_SIZE);
            let request = request.set_next_token(token);
            let page = self.page("ListUsers", || request.clone().send()).await?;
            Ok((wire::named(page.user_summary_list, |u| (u.username, u.id)), page.next_token))
        })
        .await
    }

    /// Needs `connect:ListSecurityProfiles`.
    pub(super) async fn security_profiles(&self) -> Result<Vec<Named>, Error> {
        to_the_end(|token| async move {
            let request =
                self.client.list_security_profiles().instance_id(&self.arn.id).max_results(PAGE_SIZE);
            let request = request.set_next_token(token);
            let page = self.page("ListSecurityProfiles", || request.clone().send()).await?;
            Ok((wire::named(page.security_profile_summary_list, |p| (p.name, p.id)), page.next_token))
        })
        .await
    }

    /// Needs `connect:ListRoutingProfiles`.
    pub(super) async fn routing_profiles(&self) -> Result<Vec<Named>, Error> {
        to_the_end(|token| async move {
            let request =
                self.client.list_routing_profiles().instance_id(&self.arn.id).max_results(PAGE_SIZE);
            let request = request.set_next_token(token);
            let page = self.page("ListRoutingProfiles", || request.clone().send()).await?;
            Ok((wire::named(page.routing_profile_summary_list, |p| (p.name, p.id)), page.next_token))
        })
        .await
    }

    /// Needs `connect:ListUserHierarchyGroups`.
    pub(super) async fn hierarchy_groups(&self) -> Result<Vec<Named>, Error> {
        to_the_end(|token| async move {
            let request =
                self.client.list_user_hierarchy_groups().instance_id(&self.arn.id).max_results(PAGE_SIZE);
            let request = request.set_next_token(token);
            let page = self.page("ListUserHierarchyGroups", || request.clone().send()).await?;
            Ok((wire::named(page.user_hierarchy_group_summary_list, |g| (g.name, g.id)), page.next_token))
        })
        .await
    }

    /// Every group with its path. Needs `connect:SearchUserHierarchyGroups`.
    pub(super) async fn search_hierarchy_groups(&self) -> Result<Vec<HierarchyGroup>, Error> {
        to_the_end(|token| async move {
            let request =
                self.client.search_user_hierarchy_groups().instance_id(&self.arn.id).max_results(SMALL_PAGE);
            let request = request.set_next_token(token);
            let page = self.page("SearchUserHierarchyGroups", || request.clone().send()).await?;
            Ok((page.user_hierarchy_groups.unwrap_or_default(), page.next_token))
        })
        .await
    }

    /// How the calls of this instance's account and Region stand, in the order of their names. STS's too, where they
    /// are made there.
    pub(super) fn uses(&self) -> Vec<CallUse> {
        let own =
            |used: &CallUse| used.call.account == self.arn.account && used.call.region == self.arn.region;
        let mut uses: Vec<CallUse> = self.caller.budget().uses().into_iter().filter(own).collect();
        uses.sort_by_key(|used| used.call.operation);
        uses
    }

    /// Needs `connect:DescribeUserHierarchyGroup`.
    pub(super) async fn describe_hierarchy_group(
        &self,
        id: &str,
        patience: Patience,
    ) -> Result<Option<HierarchyGroup>, Error> {
        let request =
            self.client.describe_user_hierarchy_group().instance_id(&self.arn.id).hierarchy_group_id(id);
        let answer = self.call("DescribeUserHierarchyGroup", patience, || request.clone().send()).await?;
        Ok(answer.hierarchy_group)
    }

    /// Needs `connect:DescribeUser`.
    pub(super) async fn describe_user(&self, id: &str, patience: Patience) -> Result<Option<User>, Error> {
        let request = self.client.describe_user().instance_id(&self.arn.id).user_id(id);
        let answer = self.call("DescribeUser", patience, || request.clone().send()).await?;
        Ok(answer.user)
    }

    /// The user's proficiencies. Needs `connect:ListUserProficiencies`.
    pub(super) async fn proficiencies(&self, id: &str, patience: Patience) -> Result<Proficiencies, Error> {
        let all = to_the_end(|token| async move {
            let request = self.client.list_user_proficiencies().instance_id(&self.arn.id).user_id(id);
            let request = request.max_results(SMALL_PAGE).set_next_token(token);
            let page = self.call("ListUserProficiencies", patience, || request.clone().send()).await?;
            Ok((page.user_proficiency_list.unwrap_or_default(), page.next_token))
        });
        Ok(all.await?.iter().filter_map(wire::proficiency).collect())
    }

    async fn page<T, E, F>(&self, operation: &'static str, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Answer<T, E>>,
    {
        self.call(operation, Patience::lasting(PAGE_PATIENCE), attempt).await
    }

    async fn call<T, E, F>(
        &self,
        operation: &'static str,
        turns: impl Into<Turns<'_>>,
        attempt: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Answer<T, E>>,
    {
        let turns = turns.into();
        let call = Call::about(&self.arn, operation);
        // Boxed: the SDK's futures are large.
        let attempt = || {
            let answer = turns.are_wanted().then(|| Box::pin(attempt()));
            async move {
                let answer = answer.ok_or_else(|| unwanted(operation))?;
                answer.await.map_err(|error| wire::call_error(operation, &error))
            }
        };
        let answer = self.caller.call(&call, turns.patience, attempt).await;
        answer.map_err(|stopped| if turns.are_wanted() { stopped.into() } else { Error::Forgotten })
    }
}

/// Its turn has come, and it is not made.
fn unwanted(operation: &'static str) -> CallError {
    let code = "not asked, since the user was forgotten meanwhile".to_owned();
    CallError { operation, cause: Cause::Refused, code, request_id: None }
}

/// Reads pages until there is no further one.
async fn to_the_end<I, F: Future<Output = Result<Page<I>, Error>>>(
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<I>, Error> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (mut some, next) = page(token).await?;
        all.append(&mut some);
        match next.filter(|next| !next.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(all),
        }
    }
}
