//! `connect-gateway users list | show | export | plan | apply`: the people of an instance, by the rules of a sign-in.

mod apply;
mod json;
mod leavers;
mod list;
mod plan;
mod show;
mod source;
mod step;
mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::command::{self, PATIENCE, failure};
use super::terminal::progress;
use super::{Outcome, control, load};
use crate::budget::Rates;
use crate::connect::{self, Connect, Error, Index};
use crate::mapping::Rules;
use crate::model::{IdpName, InstanceName, SystemClock};

pub use apply::apply_users;
pub use list::{Form, export_users, list_users};
pub use plan::plan_users;
pub use show::show_user;

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
    /// The roster; without one, it is about everybody who was seen.
    pub roster: Option<PathBuf>,
    /// Files of the gateway with everybody's latest sign-in.
    pub seen: Vec<PathBuf>,
    /// Who has not signed in for so many days is a leaver.
    pub not_seen_for: Option<u32>,
    /// The identity provider of rows that name none.
    pub idp: Option<String>,
    /// What stands between several values in one cell of a sheet.
    pub separator: Option<String>,
}

/// What may be taken away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Leave {
    /// Whether leavers are removed.
    pub remove_leavers: bool,
    /// So many users are removed at most, old ones of renamed people too; without it, 20 or a tenth of the users, whichever
    /// is more.
    pub max_leavers: Option<usize>,
    /// Whether a person with another user name gets a new user, and the old one is removed.
    pub recreate_renamed: bool,
}

/// An instance, and the rules that people are placed by.
struct Opened {
    connect: Connect,
    instance: InstanceName,
    idps: Vec<IdpName>,
    rules: Rules,
    rates: Rates,
    /// Where the gateway that runs on this machine answers, or why nobody knows.
    socket: Result<PathBuf, String>,
}

async fn open(ask: &Users) -> Result<Opened, Outcome> {
    let config = load(&ask.config)?.config;
    let instance = command::instance(&config, ask.instance.as_deref())?;
    let socket = control::path(&config, &ask.config).map(Path::to_owned);
    let (client, pace) = command::client(&config, &instance).await?;
    let settings = connect::Settings { patience: PATIENCE, directory_max_age: ONE_LOOK, ..instance.connect };
    let connect = Connect::new(settings, client, pace, Arc::new(config.protected), Arc::new(SystemClock));
    Ok(Opened {
        connect,
        instance: instance.name,
        idps: instance.idps,
        rules: config.rules,
        rates: config.rates,
        socket,
    })
}

impl Opened {
    async fn index(&self) -> Result<Index, Error> {
        self.connect.index(&mut progress("reading", "users", READING_STEP)).await
    }

    fn failed(&self, error: &Error) -> Outcome {
        Outcome::Failed(vec![format!("instance.{}: {}", self.instance, told(error))])
    }
}

/// A failure, and what to do about it.
fn told(error: &Error) -> String {
    failure(error, "the AWS identity of this command")
}
