//! `connect-gateway doctor`: looks at the deployment as it runs, and says what to do.

mod certificates;
mod clock;
mod gateway;
mod proxy;
mod public;

use std::path::Path;

use serde_json::{Value, json};

use super::check::{asked, shared_state};
use super::remark::{Remark, Standing, looking_at};
use super::{Outcome, parts_of_command, read_config, sdk};
use crate::audit;
use crate::config::Loaded;
use crate::model::Username;

pub use proxy::{DoctorProxy, doctor_proxy};

/// Exit status where something should be looked at, and nothing fails.
const DOUBTFUL: u8 = 2;

/// Prints a line for everything that was looked at. The federation role is tried under the name `tried_as`. Exit status 0: all
/// is well; 2: something should be looked at; 1: something fails.
pub async fn doctor(path: &Path, tried_as: &str, as_json: bool) -> Outcome {
    let name = match Username::new(tried_as) {
        Ok(name) => name,
        Err(error) => return Outcome::failed(&format!("--as: {error}")),
    };
    let remarks = match read_config(path, None).0 {
        // Boxed: the SDK's futures are large.
        Ok(loaded) => Box::pin(examined(loaded, path, &name)).await,
        Err(problems) => {
            problems.iter().map(|problem| Remark::failing("configuration", problem.to_string())).collect()
        }
    };
    told(&remarks, as_json)
}

/// Prints them. The exit status is that of the worst.
fn told(remarks: &[Remark], as_json: bool) -> Outcome {
    let worst = remarks.iter().map(|remark| remark.standing).max().unwrap_or(Standing::Well);
    if as_json {
        let listed: Vec<Value> = remarks.iter().map(Remark::as_json).collect();
        say!("{:#}", json!({ "standing": worst.word(), "checks": listed }));
    } else {
        let width = remarks.iter().map(|remark| remark.about.len()).max().unwrap_or_default();
        for remark in remarks {
            say!("{:<4}  {:<width$}  {}", remark.standing.word(), remark.about, remark.text);
        }
    }
    match worst {
        Standing::Well => Outcome::Done,
        Standing::Doubtful => Outcome::Exit(DOUBTFUL, Vec::new()),
        Standing::Failing => Outcome::Failed(Vec::new()),
    }
}

async fn examined(loaded: Loaded, path: &Path, name: &Username) -> Vec<Remark> {
    let Loaded { config, warnings, .. } = loaded;
    let failed = config.rules.failed_tests();
    let mut remarks: Vec<Remark> =
        failed.iter().map(|problem| Remark::failing("configuration", problem.to_string())).collect();
    remarks.extend(warnings.iter().map(|warning| Remark::doubtful("configuration", warning.to_string())));
    if remarks.is_empty() {
        remarks.push(Remark::well("configuration", "can be used, and nobody else can read its secrets"));
    }
    looking_at("the gateway on this machine");
    remarks.extend(gateway::examined(&config, path).await);
    looking_at("the public address");
    remarks.extend(public::examined(&config).await);
    remarks.push(clock::examined(&config).await);
    remarks.extend(shared_state(&config.state).await);
    let sdk = match sdk(&config).await {
        Ok(sdk) => sdk,
        Err(reason) => {
            remarks.push(Remark::failing("outbound", reason));
            return remarks;
        }
    };
    match parts_of_command(config, &sdk) {
        Ok(parts) => {
            remarks.extend(asked(&parts, name).await);
            remarks.extend(certificates::examined(&parts));
        }
        Err(error) => remarks.push(Remark::failing("configuration", audit::cause(&error))),
    }
    remarks
}
