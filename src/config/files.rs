//! Files that the configuration names: secrets, certificates, metadata.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::model::{Problem, Secret};

use super::section::Section;

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it is.
    pub path: PathBuf,
    /// Tells its content from another; `None`: it could not be read.
    pub digest: Option<u64>,
}

impl Seen {
    /// The same file as it is now.
    #[must_use]
    pub fn now(&self) -> Self {
        Self { digest: std::fs::read(&self.path).ok().map(|octets| digest(&octets)), ..self.clone() }
    }
}

fn digest(octets: &[u8]) -> u64 {
    let mut digest = DefaultHasher::new();
    octets.hash(&mut digest);
    digest.finish()
}

/// Where files are looked for.
pub(super) struct Files<'p> {
    base_dir: &'p Path,
    config_file: Option<&'p Path>,
    read: RefCell<Vec<Seen>>,
    only: Option<BTreeSet<String>>,
    instead: Option<(PathBuf, &'p str)>,
    /// Whether a secret that others can read is an error.
    strict: Cell<bool>,
}

impl<'p> Files<'p> {
    /// Relative paths start at `base_dir`.
    pub(super) fn new(base_dir: &'p Path, config_file: Option<&'p Path>) -> Self {
        Self {
            base_dir,
            config_file,
            read: RefCell::default(),
            only: None,
            instead: None,
            strict: Cell::new(false),
        }
    }

    /// The same, but for texts of these names only.
    pub(super) fn only(self, names: BTreeSet<String>) -> Self {
        Self { only: Some(names), ..self }
    }

    /// The same, but with `text` for what is in the file at `path`.
    pub(super) fn instead(self, path: PathBuf, text: &'p str) -> Self {
        Self { instead: Some((path, text)), ..self }
    }

    /// From now on a secret that others can read is an error.
    pub(super) fn be_strict(&self) {
        self.strict.set(true);
    }

    /// Where relative paths start.
    pub(super) fn base_dir(&self) -> &Path {
        self.base_dir
    }

    /// The configuration itself.
    pub(super) fn config_file(&self) -> Option<&Path> {
        self.config_file
    }

    /// Every file that was looked at, the configuration itself first.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.read.borrow().clone()
    }

    /// The configuration's own text.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn config_text(&self) -> Result<String, Problem> {
        let path = self.config_file.unwrap_or(Path::new(""));
        self.text_at(path).map_err(|error| {
            Problem::new(path.display().to_string(), format!("can't be read: {}", unreadable(&error)))
        })
    }

    /// The text, whose digest is of just these octets: a file that changes a moment later is another one.
    fn text_at(&self, path: &Path) -> Result<String, Error> {
        let octets = std::fs::read(path);
        let digest = octets.as_ref().ok().map(|octets| digest(octets));
        self.read.borrow_mut().push(Seen { path: path.to_owned(), digest });
        String::from_utf8(octets?).map_err(|_| ErrorKind::InvalidData.into())
    }

    /// The secret under `key`, or in the file that `file_key` names.
    pub(super) fn secret(&self, section: &mut Section<'_>, key: &str, file_key: &str) -> Option<Secret> {
        let inline = section.has(key) && !section.is_override(key);
        let written = section.secret(key, not_empty);
        let (text, path) = self.or_file(section, key, file_key, written)?;
        match (&path, self.config_file) {
            (Some(path), _) => self.look_who_reads(section, file_key, path),
            (None, Some(config)) if inline => self.look_who_reads(section, key, config),
            (None, _) => {}
        }
        Some(Secret::new(text))
    }

    /// The secret in the file at `path`, which is one of those that `key` names.
    pub(super) fn secret_at(&self, section: &Section<'_>, key: &str, path: &str) -> Option<Secret> {
        let (text, path) = self.read(path).map_err(|problem| section.problem(key, problem)).ok()?;
        self.look_who_reads(section, key, &path);
        Some(Secret::new(text))
    }

    pub(super) fn look_who_reads(&self, section: &Section<'_>, key: &str, path: &Path) {
        if !readable_by_others(path) {
            return;
        }
        let said = "the secret's file can be read by others: chmod 600";
        if self.strict.get() {
            section.problem(key, format!("{said}, or take strict_permissions out"));
        } else {
            section.warning(key, said);
        }
    }

    /// The text under `key`, or in the file that `file_key` names, with that file's path.
    pub(super) fn text(
        &self,
        section: &mut Section<'_>,
        key: &str,
        file_key: &str,
    ) -> Option<(String, Option<PathBuf>)> {
        let written = section.parsed(key, not_empty);
        self.or_file(section, key, file_key, written)
    }

    fn or_file(
        &self,
        section: &mut Section<'_>,
        key: &str,
        file_key: &str,
        written: Option<String>,
    ) -> Option<(String, Option<PathBuf>)> {
        let from_file = section.parsed(file_key, |path| self.read(path));
        match (written, from_file) {
            (Some(_), Some(_)) => {
                section.problem(key, format!("is set twice: keep either {key} or {file_key}"));
                None
            }
            (Some(text), None) => Some((text, None)),
            (None, Some((text, path))) => Some((text, Some(path))),
            (None, None) => None,
        }
    }

    /// The file's text without its last line break, and its path.
    pub(super) fn read(&self, path: &str) -> Result<(String, PathBuf), String> {
        if self.only.as_ref().is_some_and(|names| !names.contains(path)) {
            return Err(
                "the playground reads only the tables that the rules in the file read: name it there first"
                    .to_owned(),
            );
        }
        let (text, path) = self.read_whole(path)?;
        Ok((not_empty(text.trim_end_matches(['\r', '\n']))?, path))
    }

    /// The file's text as it is, and its path.
    pub(super) fn read_whole(&self, path: &str) -> Result<(String, PathBuf), String> {
        let path = self.base_dir.join(not_empty(path)?);
        if let Some((_, text)) = self.instead.as_ref().filter(|(instead, _)| *instead == path) {
            return Ok(((*text).to_owned(), path));
        }
        let text = self
            .text_at(&path)
            .map_err(|error| format!("{} can't be read: {}", path.display(), unreadable(&error)))?;
        Ok((text, path))
    }

    /// The file's octets, at most `most` of them.
    pub(super) fn octets(&self, path: &str, most: usize) -> Result<Vec<u8>, String> {
        let path = self.base_dir.join(not_empty(path)?);
        let octets = std::fs::read(&path)
            .map_err(|error| format!("{} can't be read: {}", path.display(), unreadable(&error)))?;
        if octets.len() > most {
            return Err(format!("{} has more than {} kB", path.display(), most / 1024));
        }
        Ok(octets)
    }
}

/// Why a file can't be read, in an operator's words.
pub(crate) fn unreadable(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    }
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> bool {
    false
}
