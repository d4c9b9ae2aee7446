//! `connect-gateway config …`: its arguments.

use std::path::PathBuf;

use clap::Subcommand;
use connect_gateway::app::{self, Beginning, Outcome};

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Write a first configuration with its signing key and certificate, and say what to do next. Never overwrites a file.
    /// Exit status 0: written; 1: not.
    Init {
        /// The folder for the files, which is made where it is missing.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        out: PathBuf,
        /// The identity provider's product, such as okta or entra: where it puts its values. Left out: by the usual names.
        #[arg(long)]
        preset: Option<String>,
        /// The address of the identity provider's metadata.
        #[arg(long, value_name = "URL")]
        metadata_url: Option<String>,
        /// The gateway's address as browsers see it.
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        /// ARN of the Amazon Connect instance.
        #[arg(long, value_name = "ARN")]
        instance_arn: Option<String>,
        /// The instance's address as people open it.
        #[arg(long, value_name = "URL")]
        instance_url: Option<String>,
        /// ARN of the role that the gateway assumes to federate people.
        #[arg(long, value_name = "ARN")]
        role_arn: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring a configuration file of an older version up to date: say which keys moved, and with --write move them. Comments are
    /// kept. Exit status 0: nothing to do, or written; 2: there are changes; 1: an error.
    Migrate {
        /// The configuration file.
        #[arg(default_value = "config/gateway.toml")]
        file: PathBuf,
        /// Write the file; the old one is kept beside it.
        #[arg(long)]
        write: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
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

impl Config {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Init {
                out,
                preset,
                metadata_url,
                public_url,
                instance_arn,
                instance_url,
                role_arn,
                json,
            } => {
                let beginning = Beginning {
                    folder: out,
                    preset,
                    metadata_url,
                    public_url,
                    instance_arn,
                    instance_url,
                    role_arn,
                };
                app::config_init(&beginning, json)
            }
            Self::Migrate { file, write, json } => app::config_migrate(&file, write, json),
            Self::Schema => app::config_schema(),
            Self::Dump { config, json, all } => app::config_dump(&config, json, all),
        }
    }
}
