//! The file itself: a JSON object a line, the latest of a person and instance counts.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::model::{InstanceName, Sighting, Username};

/// For our eyes only.
const MODE: u32 = 0o600;
/// A larger file is not read, in bytes.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// A person at an instance: names that differ in case may be two people's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(InstanceName, Username);

impl Key {
    pub(super) fn of(sighting: &Sighting) -> Self {
        Self(sighting.instance.clone(), sighting.username.clone())
    }
}

/// The latest sign-ins of a file.
pub(super) type Latest = BTreeMap<Key, Sighting>;

/// A file with everybody's latest sign-in.
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The one at `path`, which need not be there yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Each person's latest sign-in at each instance, and how many lines could not be read. One that is cut off, as a
    /// crash leaves it, is among these.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> io::Result<(Vec<Sighting>, usize)> {
        let (latest, unread) = self.latest()?;
        Ok((latest.into_values().collect(), unread))
    }

    fn latest(&self) -> io::Result<(Latest, usize)> {
        let file = File::open(&self.path)?;
        if file.metadata()?.len() > LARGEST {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut octets = Vec::new();
        file.take(LARGEST).read_to_end(&mut octets)?;
        let (mut latest, mut unread) = (Latest::new(), 0);
        for line in octets.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
            let Some(sighting) = sighting(line) else {
                unread += 1;
                continue;
            };
            let key = Key::of(&sighting);
            if latest.get(&key).is_none_or(|known| known.at <= sighting.at) {
                latest.insert(key, sighting);
            }
        }
        Ok((latest, unread))
    }

    /// Adds a line, of so many bytes. Opened anew each time: another process, or an operator, may have put another file in
    /// its place, which is closed to others first.
    pub(super) fn append(&self, sighting: &Sighting) -> io::Result<usize> {
        let _turn = self.turn()?;
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(MODE).open(&self.path)?;
        file.set_permissions(Permissions::from_mode(MODE))?;
        let line = serde_json::to_string(sighting)?;
        // Behind a line that was cut off this one would be lost too.
        let before = if self.ends_in_a_line()? { "" } else { "\n" };
        let line = format!("{before}{line}\n");
        file.write_all(line.as_bytes())?;
        Ok(line.len())
    }

    /// Writes the file anew with a line for each person and instance, whole or not at all. Those, and the file's size.
    pub(super) fn compact(&self) -> io::Result<(Latest, usize)> {
        let _turn = self.turn()?;
        let latest = match self.latest() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Latest::new(), 0)),
            latest => latest?.0,
        };
        let new = beside(&self.path, ".new");
        // A process that was killed may have left one.
        fs::remove_file(&new).ok();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&new)?;
        let mut text = Vec::new();
        for sighting in latest.values() {
            serde_json::to_writer(&mut text, sighting)?;
            text.push(b'\n');
        }
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        Ok((latest, text.len()))
    }

    /// Holds off every other process that writes, until it is dropped.
    fn turn(&self) -> io::Result<File> {
        let path = beside(&self.path, ".lock");
        let lock = OpenOptions::new().create(true).append(true).mode(MODE).open(path)?;
        lock.lock()?;
        Ok(lock)
    }

    fn ends_in_a_line(&self) -> io::Result<bool> {
        use std::os::unix::fs::FileExt as _;
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        Ok(last == *b"\n")
    }
}

/// Somebody may have written in the file: a name is as good as any that came in.
fn sighting(line: &[u8]) -> Option<Sighting> {
    let sighting: Sighting = serde_json::from_slice(line).ok()?;
    Username::new(sighting.username.as_str()).is_ok().then_some(sighting)
}

/// `.seen.jsonl.new` beside `seen.jsonl`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{end}"))
}
