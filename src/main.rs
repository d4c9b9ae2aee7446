//! `connect-gateway serve | check`: parses arguments, calls the app.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use connect_gateway::app::{self, Outcome};

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

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve { config } => app::serve(&config).await,
        Command::Check { config, online, name } => app::check(&config, online.then_some(&*name)).await,
    };
    match outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Failed(reasons) => {
            for reason in reasons {
                eprintln!("{reason}");
            }
            ExitCode::FAILURE
        }
    }
}
