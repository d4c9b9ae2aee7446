//! `connect-gateway keys …`: its arguments.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use connect_gateway::app::{self, KeyAlgorithm, KeyKind, KeyOrder, Outcome};

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key: for signing and decryption with a certificate that it signs itself, for state and audit 32 random
    /// octets in base64. Never overwrites a file. Exit status 0: made; 1: not.
    New {
        /// What the key is for.
        kind: Kind,
        /// The folder for the files, which must be there.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        out: PathBuf,
        /// The files' name before `.key` and `.crt`; by default what the key is for.
        #[arg(long)]
        name: Option<String>,
        /// The kind of key, for signing. Keys for decryption are always RSA.
        #[arg(long, value_enum, default_value_t = Algorithm::Rsa3072)]
        algorithm: Algorithm,
        /// For how many days the certificate is valid.
        #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=7300))]
        days: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say where the replacement of a key stands by the configuration, what to change in it next, and what to wait for before.
    /// Makes the next key when it is time for that. Changes no other file. Exit status 0: said; 1: not.
    Rotate {
        /// Which key is replaced.
        kind: Rotated,
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the certificates in use, ours and those of the identity providers, with fingerprint, kind of key and end; never a
    /// private key. Exit status 0: printed; 1: the configuration or a metadata document can't be used.
    Show {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Also ask for metadata that is configured by its URL.
        #[arg(long)]
        online: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Signs our requests to identity providers.
    Signing,
    /// Opens what identity providers encrypt for us.
    Decryption,
    /// Seals what is shared between replicas.
    State,
    /// Keeps personal values in logs comparable, and no more.
    Audit,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Rotated {
    /// The key that signs our requests.
    Signing,
    /// The key that identity providers encrypt for.
    Decryption,
    /// The key that seals what is shared between replicas.
    State,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Algorithm {
    /// RSA of 3072 bits: every identity provider knows it.
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// ECDSA on P-256.
    #[value(name = "p-256")]
    P256,
}

impl From<Kind> for KeyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Signing => Self::Signing,
            Kind::Decryption => Self::Decryption,
            Kind::State => Self::State,
            Kind::Audit => Self::Audit,
        }
    }
}

impl From<Rotated> for KeyKind {
    fn from(kind: Rotated) -> Self {
        match kind {
            Rotated::Signing => Self::Signing,
            Rotated::Decryption => Self::Decryption,
            Rotated::State => Self::State,
        }
    }
}

impl From<Algorithm> for KeyAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rsa3072 => Self::Rsa3072,
            Algorithm::P256 => Self::P256,
        }
    }
}

impl Keys {
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::New { kind, out, name, algorithm, days, json } => {
                let order =
                    KeyOrder { kind: kind.into(), folder: out, name, algorithm: algorithm.into(), days };
                app::new_key(&order, json)
            }
            Self::Rotate { kind, config, json } => app::rotate_key(kind.into(), &config, json),
            Self::Show { config, online, json } => app::show_keys(&config, online, json).await,
        }
    }
}
