//! The identity that manages an instance's users: its provisioning role, assumed by the gateway's own identity.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use url::Url;

use super::role::sts_config;
use super::wire;
use crate::model::{Call, CallError, Caller, Cause, Clock, InstanceArn, Pace, Patience, Secret, Stopped};

/// The longest session that STS gives to whom a role assumes the role; every role allows it.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>
const DURATION_SECONDS: u32 = 3600;
/// What is left of a session when it is replaced.
const REPLACED_AHEAD: Duration = Duration::from_mins(5);
/// How long a call waits for the role.
const PATIENCE: Duration = Duration::from_secs(8);
/// What `CloudTrail` calls the gateway where it manages users.
pub const SESSION_NAME: &str = "connect-gateway";
const OPERATION: &str = "AssumeRole";

/// A role that may manage an instance's users.
#[derive(Debug, Clone)]
pub struct ProvisioningRole {
    /// Its ARN, in the instance's own account.
    pub role_arn: String,
    /// `ExternalId` of its trust policy.
    pub external_id: Option<Secret>,
}

/// `sdk` with the credentials of the role in the place of the gateway's own; they are replaced ahead of their end.
/// `endpoint` is that of STS, where it is another one than AWS's.
#[must_use]
pub fn provisioning_identity(
    sdk: &SdkConfig,
    role: ProvisioningRole,
    arn: &InstanceArn,
    endpoint: Option<&Url>,
    (pace, clock): (Pace, Arc<dyn Clock>),
) -> SdkConfig {
    let credentials = Assumed {
        client: aws_sdk_sts::Client::from_conf(sts_config(sdk, arn, endpoint).build()),
        caller: Caller::new(pace),
        call: Call::about(arn, OPERATION),
        role,
        clock,
    };
    let cache = IdentityCache::lazy().buffer_time(REPLACED_AHEAD).load_timeout(PATIENCE).build();
    sdk.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(cache)
        .build()
}

struct Assumed {
    client: aws_sdk_sts::Client,
    caller: Caller,
    call: Call,
    role: ProvisioningRole,
    clock: Arc<dyn Clock>,
}

impl Assumed {
    async fn assume(&self) -> provider::Result {
        let request = self
            .client
            .assume_role()
            .role_arn(&self.role.role_arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(self.role.external_id.as_ref().map(|id| id.expose().to_owned()))
            .duration_seconds(DURATION_SECONDS.cast_signed());
        let attempt = || {
            let answer = Box::pin(request.clone().send());
            async move { answer.await.map_err(|error| wire::call_error(OPERATION, &error)) }
        };
        // `Expiration` is by AWS's clock, which may be ahead of ours.
        let latest = SystemTime::from(self.clock.now()) + Duration::from_secs(DURATION_SECONDS.into());
        let answer = self.caller.call(&self.call, Patience::lasting(PATIENCE), attempt).await;
        let answer = answer.map_err(|stopped| CredentialsError::provider_error(failed(stopped)))?;
        let keys = answer
            .credentials
            .ok_or_else(|| CredentialsError::provider_error(unanswered("an answer without credentials")))?;
        let ends = SystemTime::try_from(keys.expiration).map_err(CredentialsError::unhandled)?;
        let (id, secret, token) = (keys.access_key_id, keys.secret_access_key, keys.session_token);
        Ok(Credentials::new(id, secret, Some(token), Some(ends.min(latest)), "provisioning role"))
    }
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed").field("role", &self.role).finish_non_exhaustive()
    }
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// What the call that needs the credentials finds in its error.
fn failed(stopped: Stopped) -> CallError {
    match stopped {
        Stopped::Failed(call) => call,
        Stopped::Busy(_) => unanswered("its turn is too far away"),
        Stopped::Unavailable(_) => unanswered("whose turn it is can't be told: shared state is unavailable"),
    }
}

fn unanswered(why: &str) -> CallError {
    CallError { operation: OPERATION, cause: Cause::Unavailable, code: why.to_owned(), request_id: None }
}
