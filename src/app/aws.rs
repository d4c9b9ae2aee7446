//! Who asks AWS, and what it says of the instances.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};

use super::background::ticks;
use crate::audit;
use crate::config::{self, Config};
use crate::connect;
use crate::federation::{self, Endpoints};
use crate::model::{Clock, Pace};
use crate::sign_in::SignIn;

/// How often it is seen whether it is time to ask AWS about an instance.
const INSTANCE_TICK: Duration = Duration::from_secs(5);

/// The gateway's own AWS identity, by the SDK's default chain.
pub(super) async fn sdk(config: &Config) -> SdkConfig {
    let region = Region::new(config.aws_region.clone());
    aws_config::defaults(BehaviorVersion::latest()).region(region).load().await
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
