//! `connect-gateway doctor`.

use std::path::PathBuf;

use clap::Subcommand;
use connect_gateway::app::{self, DoctorProxy, Outcome};

#[derive(Subcommand)]
pub(crate) enum Doctor {
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
        match self {
            Self::Proxy { config, url, json } => app::doctor_proxy(&DoctorProxy { config, url, json }).await,
        }
    }
}
