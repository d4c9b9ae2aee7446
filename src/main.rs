//! `connect-gateway serve | check | doctor | …`: parses arguments, calls the app. `connect-gateway help` lists all commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use connect_gateway::app::{self, For, HierarchyFile, IamPrint, Inspection, Outcome};

#[path = "main/audit.rs"]
mod audit;
#[path = "main/config.rs"]
mod config;
#[path = "main/doctor.rs"]
mod doctor;
#[path = "main/keys.rs"]
mod keys;
#[path = "main/mapping.rs"]
mod mapping;
#[path = "main/reference.rs"]
mod reference;
#[path = "main/users.rs"]
mod users;

/// Signs people in to Amazon Connect with SAML 2.0.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve sign-ins until told to stop.
    Serve {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
    },
    /// Look at SAML messages.
    #[command(subcommand)]
    Saml(Saml),
    /// Begin, look at and bring up to date the configuration.
    #[command(subcommand)]
    Config(config::Config),
    /// Make, look at and replace keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Look at what the rules make of people.
    #[command(subcommand)]
    Mapping(mapping::Mapping),
    /// Keep an instance's hierarchy in a file.
    #[command(subcommand)]
    Hierarchy(Hierarchy),
    /// Look at the users of an instance, make them what the rules make of a roster, and remove people who left.
    #[command(subcommand)]
    Users(users::Users),
    /// See and end who is signed in at the gateway that runs on this machine.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Print what AWS must allow.
    #[command(subcommand)]
    Iam(Iam),
    /// Look at audit lines.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Find what was refused under a support id in the gateway's JSON log or its audit file, and say why.
    Explain {
        /// What the person read from the page, such as 4F7K-9Q2M-X0TB.
        support_id: String,
        /// The log; standard input when not named.
        #[arg(long)]
        log: Option<PathBuf>,
        /// The configuration file: its audit.file is read.
        #[arg(long, short, conflicts_with = "log")]
        config: Option<PathBuf>,
        /// Print the lines of the log as a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with a configuration before it is deployed. Exit status 0: nothing; 1: something.
    Check {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Also ask the identity providers and AWS. Changes nothing there.
        #[arg(long)]
        online: bool,
        /// The user name under which the federation role is tried: one that its trust policy allows.
        #[arg(
            long = "as",
            value_name = "NAME",
            default_value = "connect-gateway-check",
            requires = "online"
        )]
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at the deployment as it runs: configuration, clock, secrets' files, listeners, public address, certificates, AWS.
    /// Changes nothing. Exit status 0: all is well; 2: something should be looked at; 1: something fails.
    Doctor(doctor::Doctor),
    /// Ask the gateway that runs on this machine whether it is well, for container platforms. Exit status 0: it is; 1: not.
    Healthcheck {
        /// The configuration file: its operations.listen, or its listen, is asked.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Ask there instead: an http or https address, or `unix:` and the path of a socket.
        #[arg(long)]
        url: Option<String>,
        /// Ask whether the process lives, instead of whether it takes sign-ins.
        #[arg(long, conflicts_with = "url")]
        live: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a script that completes these commands in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write one for each command.
    Man(reference::Man),
}

#[derive(Subcommand)]
enum Iam {
    /// Print the IAM policies and trust policies that the configuration needs, and nothing that it does not.
    /// Exit status 0: printed; 1: not.
    Print {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The instance's name in the configuration; by default all of them.
        #[arg(long)]
        instance: Option<String>,
        /// ARN of the gateway's own role, which the trust policies let in.
        #[arg(long, value_name = "ARN")]
        principal: Option<String>,
        /// Whose policies.
        #[arg(long = "for", value_enum, default_value_t = Whose::All)]
        whose: Whose,
        /// Ask AWS for the ids of the security profiles that rules grant.
        #[arg(long)]
        online: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Whose {
    /// The gateway's own identity.
    Gateway,
    /// The federation roles, and who may assume them.
    Federation,
    /// What manages users: the provisioning roles, or a part of the gateway's own policy; and whoever runs `users`.
    Users,
    /// Whoever runs `connect-gateway hierarchy`.
    Hierarchy,
    /// All of them.
    All,
}

impl From<Whose> for Option<For> {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Gateway => Some(For::Gateway),
            Whose::Federation => Some(For::Federation),
            Whose::Users => Some(For::Users),
            Whose::Hierarchy => Some(For::Hierarchy),
            Whose::All => None,
        }
    }
}

#[derive(Subcommand)]
enum Hierarchy {
    /// Say what would change. Changes nothing. Exit status 0: nothing to do; 2: there are changes; 1: an error.
    Plan {
        #[command(flatten)]
        file: Comparison,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the instance's hierarchy as the file wants it. Exit status 0: it is, but for what is kept; 1: it is not.
    Apply {
        #[command(flatten)]
        file: Comparison,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Print the instance's hierarchy as such a file.
    Export {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The instance's name in the configuration.
        #[arg(long)]
        instance: Option<String>,
        /// Print JSON instead.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum Sessions {
    /// Print who is signed in, those who came last first.
    List {
        /// The configuration file: its admin.socket is where the gateway is asked.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a user's sessions at the gateway and in Amazon Connect. Exit status 0: none is left; 1: one may be;
    /// 3: nobody has that name.
    End {
        /// The user name as Amazon Connect spells it.
        #[arg(value_name = "USER")]
        username: String,
        /// The configuration file: its admin.socket is where the gateway is asked.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Only this instance's user; by default the users of that name in all of them.
        #[arg(long)]
        instance: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Comparison {
    /// The configuration file.
    #[arg(long, short, default_value = "config/gateway.toml")]
    config: PathBuf,
    /// The instance's name in the configuration.
    #[arg(long)]
    instance: Option<String>,
    /// The file with the hierarchy.
    #[arg(long, short, default_value = "hierarchy.toml")]
    file: PathBuf,
    /// Delete groups that are not in the file, unless there are people in them.
    #[arg(long)]
    prune: bool,
    /// Remove levels that are not in the file. AWS cuts them off from all contacts so far, for good.
    #[arg(long)]
    remove_levels: bool,
}

impl From<Comparison> for HierarchyFile {
    fn from(Comparison { config, instance, file, prune, remove_levels }: Comparison) -> Self {
        Self { config, instance, file, prune, remove_levels }
    }
}

#[derive(Subcommand)]
enum Saml {
    /// Explain a captured answer against the configuration, offline: what it says, what it had to say, and the first
    /// check that refuses it. Exit status 0: it would be accepted; 1: not.
    Inspect {
        /// The answer: the XML, its base64, or the body of the browser's form.
        file: PathBuf,
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The moment to check it at, such as 2026-03-01T09:30:00Z; by default the present one.
        #[arg(long)]
        at: Option<String>,
        /// The identity provider's name in the configuration; by default told by the answer.
        #[arg(long)]
        idp: Option<String>,
        /// That identity provider's metadata, where the configuration only has its URL.
        #[arg(long, requires = "idp")]
        metadata: Option<PathBuf>,
        /// The request that it should answer; by default the one it names.
        #[arg(long)]
        request_id: Option<String>,
        /// Also print the name identifier and the attributes' values.
        #[arg(long)]
        show_values: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Not clap's own 2: that says of a plan that there are changes.
        Err(wrong) => {
            let told = wrong.print().is_ok();
            return if told && !wrong.use_stderr() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let outcome = match arguments.command {
        Command::Serve { config } => Box::pin(app::serve(&config)).await,
        Command::Check { config, online, name, json } => {
            Box::pin(app::check(&config, online.then_some(&*name), json)).await
        }
        Command::Doctor(doctor) => doctor.run().await,
        Command::Healthcheck { config, url, live, json } => {
            app::healthcheck(&config, url.as_deref(), live, json).await
        }
        Command::Keys(keys) => keys.run().await,
        Command::Completions { shell } => reference::completions(shell, Arguments::command()),
        Command::Man(man) => reference::man(&man, Arguments::command()),
        Command::Saml(Saml::Inspect { file, config, at, idp, metadata, request_id, show_values, json }) => {
            let inspection = Inspection { file, config, at, idp, metadata, request_id, show_values, json };
            app::inspect(&inspection)
        }
        Command::Audit(audit) => audit.run(),
        Command::Config(config) => config.run(),
        Command::Mapping(mapping) => mapping.run().await,
        Command::Hierarchy(Hierarchy::Plan { file, json }) => app::plan_hierarchy(&file.into(), json).await,
        Command::Hierarchy(Hierarchy::Apply { file, yes }) => app::apply_hierarchy(&file.into(), yes).await,
        Command::Hierarchy(Hierarchy::Export { config, instance, json }) => {
            app::export_hierarchy(&config, instance.as_deref(), json).await
        }
        Command::Users(users) => users.run().await,
        Command::Sessions(Sessions::List { config, json }) => app::list_sessions(&config, json).await,
        Command::Sessions(Sessions::End { username, config, instance, json }) => {
            app::end_sessions(&config, &username, instance.as_deref(), json).await
        }
        Command::Iam(Iam::Print { config, instance, principal, whose, online, json }) => {
            let subject = whose.into();
            app::print_iam(&IamPrint { config, instance, principal, subject, online, json }).await
        }
        Command::Explain { support_id, log, config, json } => {
            app::explain(&support_id, log.as_deref(), config.as_deref(), json)
        }
    };
    let (status, reasons) = match outcome {
        Outcome::Done => (ExitCode::SUCCESS, Vec::new()),
        Outcome::Failed(reasons) => (ExitCode::FAILURE, reasons),
        Outcome::Exit(status, reasons) => (ExitCode::from(status), reasons),
    };
    for reason in reasons {
        eprintln!("{reason}");
    }
    status
}
