//! The file of the rules and the folder with its versions, a file for each: `00000012.toml`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use time::OffsetDateTime;

use crate::admin::{Digest, Kept, NotWritten, Version, Versions, Written};

use super::files::unreadable;
use super::{replace, version_file};

/// Versions that are kept.
const KEPT: usize = 200;
/// How long another process may take to publish: so many tries, with this pause between them.
const TRIES: (u32, Duration) = (50, Duration::from_millis(100));

/// The file of the rules and its versions. Every process that has the folder sees the same.
#[derive(Debug, Clone)]
pub struct History {
    file: PathBuf,
    folder: PathBuf,
    keep: usize,
}

impl History {
    pub(super) fn new(file: PathBuf, folder: PathBuf) -> Self {
        Self { file, folder, keep: KEPT }
    }

    /// The texts that can be read.
    pub(super) fn texts(&self) -> Vec<String> {
        let all = self.all().unwrap_or_default();
        all.into_iter().filter_map(|kept| kept.version.ok()).map(|(_, text)| text).collect()
    }

    /// Holds off every other process that publishes, until it is dropped.
    fn turn(&self) -> Result<File, NotWritten> {
        let failed = |error: &io::Error| failed(&self.folder, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(|error| failed(&error))?;
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(self.folder.join(".lock"));
        let lock = lock.map_err(|error| failed(&error))?;
        for _ in 0..TRIES.0 {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) => sleep(TRIES.1),
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
        Err(NotWritten::Failed("another process has been publishing for too long".to_owned()))
    }

    /// In the order in which they were kept.
    fn numbers(&self) -> io::Result<Vec<u32>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let number =
            |entry: io::Result<fs::DirEntry>| number_of(&entry.ok()?.file_name().into_string().ok()?);
        let mut numbers: Vec<u32> = entries.filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:08}.toml"))
    }

    fn read(&self, number: u32) -> Kept {
        let text = fs::read_to_string(self.path(number));
        let text = text.map_err(|error| format!("can't be read: {}", unreadable(&error)));
        Kept { number, version: text.and_then(|text| version_file::parse(&text)) }
    }

    fn keep(&self, number: u32, version: &Version, text: &str) -> Result<(), NotWritten> {
        let file = version_file::render(version, text).map_err(NotWritten::Failed)?;
        let path = self.path(number);
        let kept = replace::create(&path, &file, None);
        if kept.is_err() {
            fs::remove_file(&path).ok();
        }
        kept.map_err(|error| failed(&path, &error))?;
        replace::sync_folder(&path);
        Ok(())
    }

    /// What is about to be replaced, when it is not the newest version: somebody changed the file by hand.
    fn by_hand(&self, before: &str, newest: Option<u32>, now: OffsetDateTime) -> Option<Version> {
        let digest = Digest::of(before);
        let newest =
            newest.and_then(|number| self.read(number).version.ok()).map(|(version, _)| version.digest);
        if before.is_empty() || newest.as_ref() == Some(&digest) {
            return None;
        }
        let changed = fs::metadata(&self.file).and_then(|metadata| metadata.modified());
        let at = changed.map_or(now, OffsetDateTime::from);
        Some(Version { at, by: None, why: String::new(), digest, base: newest })
    }

    /// Removes the oldest; how many.
    fn prune(&self) -> usize {
        let numbers = self.numbers().unwrap_or_default();
        let old = &numbers[..numbers.len().saturating_sub(self.keep)];
        old.iter().filter(|number| fs::remove_file(self.path(**number)).is_ok()).count()
    }
}

impl Versions for History {
    fn file(&self) -> Result<String, String> {
        match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            text => text.map_err(|error| about(&self.file, &error)),
        }
    }

    fn all(&self) -> Result<Vec<Kept>, String> {
        let numbers = self.numbers().map_err(|error| about(&self.folder, &error))?;
        Ok(numbers.into_iter().rev().map(|number| self.read(number)).collect())
    }

    fn publish(&self, version: &Version, text: &str) -> Result<Written, NotWritten> {
        let _turn = self.turn()?;
        let before = self.file().map_err(NotWritten::Failed)?;
        if version.base != Some(Digest::of(&before)) {
            return Err(NotWritten::Conflict);
        }
        let newest = self.numbers().map_err(|error| failed(&self.folder, &error))?.last().copied();
        let mut number = newest.unwrap_or(0) + 1;
        if let Some(by_hand) = self.by_hand(&before, newest, version.at) {
            self.keep(number, &by_hand, &before)?;
            number += 1;
        }
        // First: nothing is ever in force without a word of who put it there.
        self.keep(number, version, text)?;
        replace::replace(&self.file, text).map_err(|error| {
            fs::remove_file(self.path(number)).ok();
            failed(&self.file, &error)
        })?;
        Ok(Written { number, pruned: self.prune() })
    }

    fn check_writable(&self) -> Result<(), String> {
        replace::check(&self.file).map_err(|error| about(&self.file, &error))?;
        match self.turn() {
            Err(NotWritten::Failed(why)) => Err(why),
            _ => Ok(()),
        }
    }
}

fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".toml")?;
    let plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn failed(path: &Path, error: &io::Error) -> NotWritten {
    NotWritten::Failed(about(path, error))
}

fn about(path: &Path, error: &io::Error) -> String {
    format!("{}: {}", path.display(), unreadable(error))
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
