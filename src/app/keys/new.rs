//! Makes a key in a file that nobody else can read. Never overwrites one.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zeroize::Zeroizing;

use super::super::Outcome;
use crate::audit;
use crate::model::{Clock as _, Random as _, Secret, SystemClock, SystemRandom};
use crate::saml::{KeyAlgorithm, NewKey, Usage, certificate_of};

/// The name in the certificates; nobody looks anything up by it.
const COMMON_NAME: &str = "connect-gateway";
/// Octets of a key that has no certificate.
const PLAIN_KEY: usize = 32;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs our requests.
    Signing,
    /// Opens what identity providers encrypt.
    Decryption,
    /// Seals what is shared between replicas.
    State,
    /// Keeps personal values in logs comparable.
    Audit,
}

impl KeyKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Decryption => "decryption",
            Self::State => "state",
            Self::Audit => "audit",
        }
    }

    fn usage(self) -> Option<Usage> {
        match self {
            Self::Signing => Some(Usage::Signing),
            Self::Decryption => Some(Usage::Encryption),
            Self::State | Self::Audit => None,
        }
    }
}

/// Which key to make, and where.
#[derive(Debug)]
pub struct KeyOrder {
    /// What it is for.
    pub kind: KeyKind,
    /// The folder for its files.
    pub folder: PathBuf,
    /// The files' name before `.key` and `.crt`; what it is for when left out.
    pub name: Option<String>,
    /// The kind of key, for signing; keys for decryption are RSA.
    pub algorithm: KeyAlgorithm,
    /// For how many days its certificate is valid.
    pub days: u32,
}

/// Files that were made.
#[derive(Debug)]
pub(in crate::app) struct Made {
    pub(in crate::app) key: PathBuf,
    /// Beside it, and its fingerprint; a plain key has none.
    pub(in crate::app) certificate: Option<(PathBuf, String)>,
}

/// Makes a key and prints where it is. Exit status 0: made; 1: not.
#[must_use]
pub fn new_key(order: &KeyOrder, as_json: bool) -> Outcome {
    let made = match make(order) {
        Ok(made) => made,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let certificate = made.certificate.as_ref();
    if as_json {
        let (path, sha256) = certificate.map(|(path, sha256)| (path.display().to_string(), sha256)).unzip();
        say!(
            "{:#}",
            json!({ "kind": order.kind.word(), "key_file": made.key.display().to_string(), "certificate_file": path, "sha256": sha256 })
        );
        return Outcome::Done;
    }
    say!("{}: the key, for the gateway alone: mode 0600", made.key.display());
    if let Some((path, sha256)) = certificate {
        say!("{}: its certificate, SHA-256 {sha256}", path.display());
    }
    Outcome::Done
}

/// Makes the files.
///
/// # Errors
/// When one of them is there already or can't be written; nothing is left behind then.
pub(in crate::app) fn make(order: &KeyOrder) -> Result<Made, String> {
    let name = order.name.as_deref().unwrap_or(order.kind.word());
    if name.is_empty() || name.contains(['/', '\0']) {
        return Err("--name: write the name of a file, without a folder: that is --out".to_owned());
    }
    let (key, certificate) =
        (order.folder.join(format!("{name}.key")), order.folder.join(format!("{name}.crt")));
    match order.kind.usage() {
        None => {
            write(&key, plain_key().expose(), 0o600)?;
            Ok(Made { key, certificate: None })
        }
        Some(usage) => {
            let pair = pair(order)?;
            write(&certificate, &pair.certificate, 0o644)?;
            if let Err(reason) = write(&key, pair.key.expose(), 0o600) {
                // It was made a moment ago, and is nobody's certificate now.
                std::fs::remove_file(&certificate).ok();
                return Err(reason);
            }
            let sha256 = certificate_of(usage, &pair.certificate).map(|it| it.sha256).unwrap_or_default();
            Ok(Made { key, certificate: Some((certificate, sha256)) })
        }
    }
}

fn pair(order: &KeyOrder) -> Result<NewKey, String> {
    if order.kind == KeyKind::Decryption && order.algorithm != KeyAlgorithm::Rsa3072 {
        return Err("--algorithm: keys for decryption are RSA: nobody could encrypt for another".to_owned());
    }
    let made = NewKey::make(order.algorithm, COMMON_NAME, SystemClock.now(), order.days);
    made.map_err(|error| audit::cause(&error))
}

fn plain_key() -> Secret {
    let mut octets = Zeroizing::new([0; PLAIN_KEY]);
    SystemRandom.fill(octets.as_mut());
    Secret::new(STANDARD.encode(octets.as_ref()) + "\n")
}

/// A new file with exactly that mode from its first moment on; the system's mask can only take from it.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), String> {
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{}: is there already, and is never overwritten: choose another --name", path.display())
        }
        kind => format!("{}: can't be written: {kind}", path.display()),
    })
}
