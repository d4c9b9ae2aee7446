//! `connect-gateway audit verify`.

use std::path::PathBuf;

use clap::Subcommand;
use connect_gateway::app::{self, Outcome};

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Say whether the lines of an audit file are the ones that were written, as far as audit.chain vouches for them.
    /// Exit status 0: they are; 3: they are not; 1: the file can't be read.
    Verify {
        /// The file, or an older one that was moved away.
        file: PathBuf,
        /// The file with `audit.chain_key`, where there is one.
        #[arg(long)]
        key_file: Option<PathBuf>,
        /// The configuration file, which knows the key.
        #[arg(long, short, conflicts_with = "key_file")]
        config: Option<PathBuf>,
        /// Where the chain began in an older file: the seal of that file's last line, as this command prints it.
        #[arg(long, value_name = "SEAL")]
        after: Option<String>,
        /// Where the chain began in an older file: the number of the first line of this one.
        #[arg(long, value_name = "NUMBER")]
        first: Option<u64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub(crate) fn run(self) -> Outcome {
        let Self::Verify { file, key_file, config, after, first, json } = self;
        let key = match (&key_file, &config) {
            (Some(path), _) => app::Key::File(path),
            (None, Some(path)) => app::Key::Config(path),
            (None, None) => app::Key::None,
        };
        app::verify_audit(&file, &key, &app::Begins { number: first, after }, json)
    }
}
