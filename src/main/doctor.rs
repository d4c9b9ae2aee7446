//! `connect-gateway doctor …`: its arguments.

use std::path::PathBuf;

use clap::Args;
use connect_gateway::app::{self, Outcome};

#[derive(Args)]
pub(crate) struct Doctor {
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

impl Doctor {
    pub(crate) async fn run(self) -> Outcome {
        app::doctor(&self.config, &self.name, self.json).await
    }
}
