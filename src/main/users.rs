//! `connect-gateway users …`: its arguments.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use connect_gateway::app::{self, Form, Leave, Outcome, PeopleFile, RemoveUsers};

#[derive(Subcommand)]
pub(crate) enum Users {
    /// Print every user of the instance.
    List {
        #[command(flatten)]
        instance: Instance,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print one user as Amazon Connect has it, and what a sign-in would change if a roster is given. Exit status 0:
    /// printed; 3: there is no such user; 1: an error.
    Show {
        /// The user's name.
        name: String,
        #[command(flatten)]
        instance: Instance,
        /// The roster with the person.
        #[arg(long, value_name = "FILE")]
        roster: Option<PathBuf>,
        #[command(flatten)]
        reading: Reading,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print every user of the instance as a sheet. It is no roster: Amazon Connect knows nobody's groups.
    Export {
        #[command(flatten)]
        instance: Instance,
        /// As comma-separated values, or as a JSON array.
        #[arg(long, value_enum, default_value = "csv")]
        format: Format,
    },
    /// Say what would change, person by person. Changes nothing. Exit status 0: nothing to do; 2: there are changes;
    /// 1: an error, or somebody for whom nothing can be done.
    Plan {
        #[command(flatten)]
        file: Comparison,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Delete or park people who left, as [instance.<name>.removal] says, end their sessions, and tell the gateway that runs
    /// on this machine. Exit status 0: none of them is left; 1: one is; 2: with --dry-run, there are changes.
    Remove {
        /// User names as Amazon Connect spells them, letter by letter.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The instance's name in the configuration.
        #[arg(long)]
        instance: Option<String>,
        /// Say what would be done. Changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Don't ask.
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
    /// Do for everybody in the roster what a sign-in would do. Exit status 0: it is done; 1: it is not.
    Apply {
        #[command(flatten)]
        file: Comparison,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Json,
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Json => Self::Json,
        }
    }
}

#[derive(Args)]
pub(crate) struct Instance {
    /// The configuration file.
    #[arg(long, short, default_value = "config/gateway.toml")]
    config: PathBuf,
    /// The instance's name in the configuration.
    #[arg(long)]
    instance: Option<String>,
}

impl From<Instance> for app::Users {
    fn from(Instance { config, instance }: Instance) -> Self {
        Self { config, instance }
    }
}

#[derive(Args)]
pub(crate) struct Reading {
    /// A file of the gateway with everybody's latest sign-in, as `[people]` names it; once for each replica.
    #[arg(long, value_name = "FILE")]
    seen: Vec<PathBuf>,
    /// The identity provider of everybody in the roster who names none; may be left out when there is only one.
    #[arg(long)]
    idp: Option<String>,
    /// What stands between several values in one cell of a sheet, such as |.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    separator: Option<String>,
}

#[derive(Args)]
#[command(group = ArgGroup::new("removing").multiple(true))]
pub(crate) struct Comparison {
    #[command(flatten)]
    instance: Instance,
    /// The people: a JSON array, or a sheet of comma- or semicolon-separated values, as docs/people.md shows them.
    #[arg(long, value_name = "FILE", required_unless_present = "seen")]
    roster: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Who last signed in longer ago than this is a leaver, such as 90d. Who was never seen is not.
    #[arg(long, value_name = "DAYS", value_parser = days, requires = "seen")]
    not_seen_for: Option<u32>,
    /// Remove people who are in the instance and not in the roster, or whom the rules refuse, as [instance.<name>.removal]
    /// says. Never who is protected.
    #[arg(long, group = "removing")]
    remove_leavers: bool,
    /// How many users are removed at most, old ones of renamed people too. Without it: 20, or a tenth of the users if
    /// that is more.
    #[arg(long, value_name = "N", requires = "removing")]
    max_leavers: Option<usize>,
    /// Give a person whose row has a `previous_username` a new user, and remove the old one.
    #[arg(long, group = "removing")]
    recreate_renamed: bool,
}

fn days(text: &str) -> Result<u32, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| *days > 0);
    days.ok_or_else(|| "write a number of days, such as 90d".to_owned())
}

impl Reading {
    fn of(self, roster: Option<PathBuf>) -> PeopleFile {
        PeopleFile { roster, seen: self.seen, not_seen_for: None, idp: self.idp, separator: self.separator }
    }
}

impl Comparison {
    fn parts(self) -> (app::Users, PeopleFile, Leave) {
        let Self { remove_leavers, max_leavers, recreate_renamed, .. } = self;
        let leave = Leave { remove_leavers, max_leavers, recreate_renamed };
        let file = PeopleFile { not_seen_for: self.not_seen_for, ..self.reading.of(self.roster) };
        (self.instance.into(), file, leave)
    }
}

impl Users {
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::List { instance, json } => app::list_users(&instance.into(), json).await,
            Self::Show { name, instance, roster, reading, json } => {
                let file = reading.of(roster);
                app::show_user(&name, &instance.into(), &file, json).await
            }
            Self::Remove { names, config, instance, dry_run, yes } => {
                app::remove_users(&RemoveUsers { config, instance, names, dry_run, yes }).await
            }
            Self::Export { instance, format } => app::export_users(&instance.into(), format.into()).await,
            Self::Plan { file, json } => {
                let (users, file, leave) = file.parts();
                app::plan_users(&users, &file, leave, json).await
            }
            Self::Apply { file, yes } => {
                let (users, file, leave) = file.parts();
                app::apply_users(&users, &file, leave, yes).await
            }
        }
    }
}
