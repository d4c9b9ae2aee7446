//! What the commands about one instance share.

use std::sync::Arc;
use std::time::Duration;

use super::mapping::chosen;
use super::{Outcome, sdk};
use crate::audit;
use crate::budget::ProcessBudget;
use crate::config::{Config, Instance};
use crate::connect;
use crate::model::{Pace, SystemRandom};

/// Exit status of a plan with changes.
pub(super) const CHANGES: u8 = 2;
/// Exit status where nobody has the user name.
pub(super) const NOBODY: u8 = 3;
/// How long one piece of work may wait for its turns: listings can have hundreds of pages, and nobody waits for a page.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// The instance of that name, or the only one.
pub(super) fn instance(config: &Config, asked: Option<&str>) -> Result<Instance, Outcome> {
    let names = config.instances.iter().map(|instance| instance.name.as_str());
    let name = chosen("--instance", asked, names).map_err(|reason| Outcome::Failed(vec![reason]))?;
    let found = config.instances.iter().find(|instance| instance.name.as_str() == name);
    found.cloned().ok_or_else(|| Outcome::failed(&name))
}

/// Calls to an instance by the AWS identity of whoever runs the command, at the configured pace.
pub(super) async fn client(config: &Config, instance: &Instance) -> Result<(connect::Client, Pace), Outcome> {
    // Boxed: the SDK's futures are large.
    let sdk = Box::pin(sdk(config)).await.map_err(|reason| Outcome::Failed(vec![reason]))?;
    let client = connect::client(&sdk, &instance.connect.arn, config.endpoints.connect.as_ref());
    let pace = Pace::new(Arc::new(ProcessBudget::new(config.rates.clone())), Arc::new(SystemRandom));
    Ok((client, pace))
}

/// What failed, and the permission that `identity` lacks, where it is that.
pub(super) fn failure(error: &connect::Error, identity: &str) -> String {
    let advice = error.missing_permission().map(|permission| format!("; {identity} needs {permission}"));
    audit::cause(error) + advice.as_deref().unwrap_or_default()
}
