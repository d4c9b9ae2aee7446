//! `connect-gateway users list | show | export | plan | apply`: the people of an instance, by the rules of a sign-in.

mod apply;
mod json;
mod list;
mod plan;
mod show;
mod source;
mod text;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::mapping::chosen;
use super::terminal::progress;
use super::{Outcome, load, sdk};
use crate::audit;
use crate::budget::{ProcessBudget, Rates};
use crate::connect::{self, Connect, Error, Index};
use crate::mapping::Rules;
use crate::model::{IdpName, InstanceName, Pace, SystemClock, SystemRandom};

pub use apply::apply_users;
pub use list::{Form, export_users, list_users};
pub use plan::plan_users;
pub use show::show_user;

/// How long one piece of work may wait for its turns. Nobody waits for a page.
const PATIENCE: Duration = Duration::from_mins(5);
/// For how long names and ids are not read again: a command is one look at an instance.
const ONE_LOOK: Duration = Duration::from_hours(1);
/// How often a long reading says how far it is, in users.
const READING_STEP: usize = 1000;

/// Whose people.
#[derive(Debug)]
pub struct Users {
    /// The configuration file.
    pub config: PathBuf,
    /// The instance's name in the configuration; may be left out when there is only one.
    pub instance: Option<String>,
}

/// Who is compared with an instance.
#[derive(Debug)]
pub struct PeopleFile {
    /// The roster.
    pub roster: PathBuf,
    /// The identity provider of rows that name none.
    pub idp: Option<String>,
    /// What stands between several values in one cell of a sheet.
    pub separator: Option<String>,
}

/// An instance, and the rules that people are placed by.
struct Opened {
    connect: Connect,
    instance: InstanceName,
    idps: Vec<IdpName>,
    rules: Rules,
    rates: Rates,
}

async fn open(ask: &Users) -> Result<Opened, Outcome> {
    let config = load(&ask.config)?.config;
    let names = config.instances.iter().map(|instance| instance.name.as_str());
    let name = chosen("--instance", ask.instance.as_deref(), names);
    let name = name.map_err(|reason| Outcome::Failed(vec![reason]))?;
    let sdk = sdk(&config).await;
    let found = config.instances.into_iter().find(|instance| instance.name.as_str() == name);
    let instance = found.ok_or_else(|| Outcome::failed(&name))?;
    let client = connect::client(&sdk, &instance.connect.arn, config.endpoints.connect.as_ref());
    let pace = Pace::new(Arc::new(ProcessBudget::new(config.rates.clone())), Arc::new(SystemRandom));
    let settings = connect::Settings { patience: PATIENCE, directory_max_age: ONE_LOOK, ..instance.connect };
    let connect = Connect::new(settings, client, pace, Arc::new(config.protected), Arc::new(SystemClock));
    let instance_name = InstanceName::new(name);
    Ok(Opened {
        connect,
        instance: instance_name,
        idps: instance.idps,
        rules: config.rules,
        rates: config.rates,
    })
}

impl Opened {
    async fn index(&self) -> Result<Index, Outcome> {
        let index = self.connect.index(&mut progress("reading", "users", READING_STEP)).await;
        index.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> Outcome {
        Outcome::Failed(vec![format!("instance.{}: {}", self.instance, told(error))])
    }
}

/// A failure, and what to do about it.
fn told(error: &Error) -> String {
    let advice = match error.missing_permission() {
        Some(permission) => format!("; the AWS identity of this command needs {permission}"),
        None => String::new(),
    };
    format!("{}{advice}", audit::cause(error))
}
