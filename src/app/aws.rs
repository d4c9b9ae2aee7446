//! Who asks AWS, and what it says of the instances.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_types::service_config::ServiceConfigKey;

use super::background::ticks;
use crate::audit;
use crate::config::{self, Config};
use crate::connect;
use crate::federation::{self, Endpoints};
use crate::model::{Clock, Pace};
use crate::sign_in::SignIn;

/// The services that are asked, and those that the credentials chain may ask.
const SERVICES: [&str; 4] = ["Connect", "STS", "SSO", "SSO OIDC"];
/// How often it is seen whether it is time to ask AWS about an instance.
const INSTANCE_TICK: Duration = Duration::from_secs(5);

/// The gateway's own AWS identity, by the SDK's default chain.
///
/// # Errors
/// Where plain HTTP would leave this machine.
pub(super) async fn sdk(config: &Config) -> Result<SdkConfig, String> {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).region(Region::new(config.aws_region.clone()));
    if let Some(http) = config.outbound.aws_client().map_err(|error| format!("outbound: {error}"))? {
        loader = loader.http_client(http);
    }
    let sdk = loader.load().await;
    check_endpoints(&sdk)?;
    Ok(sdk)
}

/// Endpoints that the SDK finds by itself, in the AWS profile too.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
fn check_endpoints(sdk: &SdkConfig) -> Result<(), String> {
    let of_service = |service| {
        let key =
            ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        sdk.service_config()?.load_config(key.build().ok()?)
    };
    let found = SERVICES.into_iter().filter_map(of_service).chain(sdk.endpoint_url().map(str::to_owned));
    for endpoint in found.filter(|endpoint| !endpoint.is_empty()) {
        config::check_endpoint(&endpoint)
            .map_err(|message| format!("endpoint_url of the AWS profile: {message}"))?;
    }
    Ok(())
}

/// Who looks at and writes an instance's users.
pub(super) fn user_client(
    sdk: &SdkConfig,
    instance: &config::Instance,
    endpoints: &Endpoints,
    (pace, clock): (&Pace, &Arc<dyn Clock>),
) -> connect::Client {
    let arn = &instance.connect.arn;
    let assumed = instance.provisioning_role.clone().map(|role| {
        let in_turn = (pace.clone(), Arc::clone(clock));
        federation::provisioning_identity(sdk, role, arn, endpoints.sts.as_ref(), in_turn)
    });
    connect::client(assumed.as_ref().unwrap_or(sdk), arn, endpoints.connect.as_ref())
}

/// Asks AWS about the instances, again and again.
pub(super) async fn look_at_instances(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(INSTANCE_TICK);
    loop {
        ticks.tick().await;
        for (instance, standing) in sign_in.look_at_instances().await {
            audit::instance(&instance, standing.word(), standing.warning().as_deref());
        }
    }
}
