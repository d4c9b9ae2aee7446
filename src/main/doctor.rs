//! `connect-gateway doctor …`: its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use connect_gateway::app::{self, DoctorProxy, Outcome};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Doctor {
    #[command(subcommand)]
    what: Option<What>,
    /// The configuration file.
    #[arg(long, short, default_value = "config/gateway.toml")]
    config: PathBuf,
    /// The user name under which the federation role is tried: one that its trust policy allows.
    #[arg(long = "as", value_name = "NAME", default_value = "connect-gateway-check")]
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Ask the gateway through its public address, as a browser would and as a forger would, and say whether it believes
    /// what it should not. Changes nothing. Run it from where browsers are, not on the proxy itself. Exit status 0: all is
    /// well; 2: something should be looked at; 1: something is wrong.
    Proxy {
        /// The configuration file: where the public address is. Not read where --url alone is given.
        #[arg(long, short)]
        config: Option<PathBuf>,
        /// The address to ask, instead of the configuration's `public_url`.
        #[arg(long)]
        url: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Doctor {
    pub(crate) async fn run(self) -> Outcome {
        match self.what {
            None => app::doctor(&self.config, &self.name, self.json).await,
            Some(What::Proxy { config, url, json }) => {
                app::doctor_proxy(&DoctorProxy { config, url, json }).await
            }
        }
    }
}
