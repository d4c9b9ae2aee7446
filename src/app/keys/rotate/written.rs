//! What the configuration says of keys, and the files that it names.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;
use time::OffsetDateTime;

use crate::config::{Origin, Setting, Shown, unreadable};
use crate::saml::{Usage, certificate_of};

/// When a certificate begins to be valid and, where that is the same second, when its file was written: the later one is the
/// newer one.
pub(super) type Age = (OffsetDateTime, SystemTime);

/// What the configuration says.
pub(super) struct Written {
    settings: Vec<Setting>,
    folder: PathBuf,
}

impl Written {
    pub(super) fn new(settings: Vec<Setting>, path: &Path) -> Self {
        Self { settings, folder: path.parent().unwrap_or(Path::new("")).to_owned() }
    }

    fn value(&self, key: &str) -> Option<&serde_json::Value> {
        let setting = self.settings.iter().find(|setting| setting.key == key)?;
        match setting.value.as_ref()? {
            Shown::Value(value) => Some(value),
            Shown::Secret => None,
        }
    }

    /// Whether `key` has a value, be it a secret.
    pub(super) fn has(&self, key: &str) -> bool {
        self.settings.iter().any(|setting| setting.key == key && setting.value.is_some())
    }

    /// A file that `key` names, as it is written.
    pub(super) fn file(&self, key: &str) -> Option<String> {
        Some(self.value(key)?.as_str()?.to_owned())
    }

    pub(super) fn files(&self, key: &str) -> Vec<String> {
        let listed = self.value(key).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(|file| Some(file.as_str()?.to_owned())).collect()
    }

    /// Where to write `key`: in the file, unless a variable overrides it.
    pub(super) fn line(&self, section: &str, key: &str, value: &serde_json::Value) -> String {
        let path = format!("{section}.{key}");
        let origin = self.settings.iter().find(|setting| setting.key == path).map(|setting| &setting.origin);
        match origin {
            Some(Origin::Environment(variable)) => format!("{variable}={}", bare(value)),
            _ => format!("[{section}] {key} = {value}"),
        }
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// How old a certificate and its file are.
    pub(super) fn age(&self, certificate: &str) -> Result<Age, String> {
        let path = self.path(certificate);
        let pem = fs::read_to_string(&path).map_err(|error| told(&path, &error))?;
        let start = certificate_of(Usage::Signing, &pem).and_then(|certificate| certificate.start);
        let start = start.ok_or_else(|| format!("{}: is not a certificate", path.display()))?;
        Ok((start, self.modified(certificate)?))
    }

    /// When a file was written.
    pub(super) fn modified(&self, file: &str) -> Result<SystemTime, String> {
        let path = self.path(file);
        fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(|error| told(&path, &error))
    }
}

fn told(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {}", path.display(), unreadable(error))
}

/// Text of a variable stands without quotes.
fn bare(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
