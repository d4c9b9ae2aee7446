//! `connect-gateway serve | check | mapping | hierarchy | users | sessions | iam | saml | explain`: parses arguments, calls
//! the app.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use connect_gateway::app::{self, Explain, For, HierarchyFile, IamPrint, Inspection, Outcome};

#[path = "main/audit.rs"]
mod audit;
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
    /// Look at the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Look at what the rules make of people.
    #[command(subcommand)]
    Mapping(Mapping),
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
    },
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
enum Config {
    /// Print a JSON Schema of the configuration file, for editors.
    Schema,
    /// Print each key with what is in force under it and where that comes from: the file, the environment or a default.
    /// Secrets are left out. Exit status 0: printed; 1: the configuration can't be used.
    Dump {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Also name the keys that are not set and have no default.
        #[arg(long)]
        all: bool,
    },
}

#[derive(Subcommand)]
enum Mapping {
    /// Say what was received, what each rule makes of it and why, and the result, by the code that a sign-in runs.
    /// Changes nothing. Exit status 0: would be let in; 3: refused; 4: something needed was not sent; 2: the
    /// configuration can't be used; 1: anything else. With --online, what Amazon Connect has would refuse counts too.
    Explain {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The identity provider's name in the configuration.
        #[arg(long)]
        idp: Option<String>,
        /// The instance's name in the configuration.
        #[arg(long)]
        instance: Option<String>,
        /// A JSON file of what the identity provider would send, as docs/mapping.md shows it.
        #[arg(long, value_name = "FILE", required_unless_present_any = ["saml_response", "sign_in", "live"])]
        attributes: Option<PathBuf>,
        /// A captured answer: the XML, its base64, or the body of the browser's form.
        #[arg(long, value_name = "FILE", conflicts_with = "attributes")]
        saml_response: Option<PathBuf>,
        /// The moment to check the captured answer at, such as 2026-03-01T09:30:00Z; by default the present one.
        #[arg(long, requires = "saml_response")]
        at: Option<String>,
        /// The identity provider's metadata, where the configuration only has its URL.
        #[arg(long, requires = "saml_response", requires = "idp")]
        metadata: Option<PathBuf>,
        /// A recent sign-in by its support id, such as 4F7K-9Q2M-X0TB: the gateway that runs on this machine is asked
        /// at the configuration's admin.socket, and the rules of the configuration file explain it.
        #[arg(long, value_name = "SUPPORT_ID", conflicts_with_all = ["attributes", "saml_response", "idp"])]
        sign_in: Option<String>,
        /// A test sign-in that changes nothing: prints the address to open, waits for its end, explains it.
        #[arg(long, conflicts_with_all = ["attributes", "saml_response", "sign_in"])]
        live: bool,
        /// Authenticate anew in the test, to sign in with another account.
        #[arg(long, requires = "live", conflicts_with_all = ["attributes", "saml_response", "sign_in"])]
        again: bool,
        /// Also ask Amazon Connect what the user is like now, and say what a sign-in would change. Changes nothing.
        #[arg(long)]
        online: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run every [[mapping.test]] of the configuration. Exit status 0: all as expected; 1: not; 2: the configuration
    /// can't be used.
    Test {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
    },
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
        Command::Serve { config } => app::serve(&config).await,
        Command::Check { config, online, name } => app::check(&config, online.then_some(&*name)).await,
        Command::Saml(Saml::Inspect { file, config, at, idp, metadata, request_id, show_values }) => {
            let inspection = Inspection { file, config, at, idp, metadata, request_id, show_values };
            app::inspect(&inspection)
        }
        Command::Audit(audit) => audit.run(),
        Command::Config(Config::Schema) => app::config_schema(),
        Command::Config(Config::Dump { config, json, all }) => app::config_dump(&config, json, all),
        Command::Mapping(Mapping::Explain {
            config,
            idp,
            instance,
            attributes,
            saml_response,
            at,
            metadata,
            sign_in,
            live,
            again,
            online,
            json,
        }) => {
            app::explain_mapping(&Explain {
                config,
                idp,
                instance,
                attributes,
                saml_response,
                at,
                metadata,
                sign_in,
                live,
                again,
                online,
                json,
            })
            .await
        }
        Command::Mapping(Mapping::Test { config }) => app::test_mapping(&config),
        Command::Hierarchy(Hierarchy::Plan { file, json }) => app::plan_hierarchy(&file.into(), json).await,
        Command::Hierarchy(Hierarchy::Apply { file, yes }) => app::apply_hierarchy(&file.into(), yes).await,
        Command::Hierarchy(Hierarchy::Export { config, instance }) => {
            app::export_hierarchy(&config, instance.as_deref()).await
        }
        Command::Users(users) => users.run().await,
        Command::Sessions(Sessions::List { config, json }) => app::list_sessions(&config, json).await,
        Command::Sessions(Sessions::End { username, config, instance }) => {
            app::end_sessions(&config, &username, instance.as_deref()).await
        }
        Command::Iam(Iam::Print { config, instance, principal, whose, online, json }) => {
            let subject = whose.into();
            app::print_iam(&IamPrint { config, instance, principal, subject, online, json }).await
        }
        Command::Explain { support_id, log, config } => {
            app::explain(&support_id, log.as_deref(), config.as_deref())
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
