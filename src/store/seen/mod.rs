//! Everybody's latest sign-in, in a file of lines that only grows until it is written anew. Personal data.

mod journal;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use time::Date;

use crate::model::{SeenPeople, Sighting, Unseen};

pub use journal::Journal;
use journal::Key;

/// So many sign-ins wait to be written; more are not written at all.
const WAITING: usize = 4096;
/// More than this of one person is not written, in bytes.
const LARGEST_SIGHTING: usize = 64 * 1024;
/// Bytes beyond twice those of everybody's latest before the file is written anew.
const SPARE_BYTES: usize = 16 * 1024 * 1024;
/// Lines beyond two for each person before the file is written anew.
const SPARE_LINES: usize = 1000;

/// [`SeenPeople`] in a file. A thread of its own writes, from the first sign-in on; what waits is written before this is
/// dropped.
pub struct SeenFile {
    path: PathBuf,
    writing: Mutex<Option<Writing>>,
}

struct Writing {
    queue: SyncSender<Sighting>,
    thread: JoinHandle<()>,
}

impl SeenFile {
    /// Writes to the file at `path`, once somebody signs in.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, writing: Mutex::default() }
    }
}

/// Who keeps everybody's latest sign-in: a file, or nobody.
#[must_use]
pub fn seen_people(file: Option<PathBuf>) -> Arc<dyn SeenPeople> {
    match file {
        Some(file) => Arc::new(SeenFile::new(file)),
        None => Arc::new(Unseen),
    }
}

impl SeenPeople for SeenFile {
    fn saw(&self, sighting: Sighting) {
        if size(&sighting) > LARGEST_SIGHTING {
            warn("what was sent is larger than 64 KiB");
            return;
        }
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = writing.get_or_insert_with(|| {
            let (queue, sightings) = sync_channel(WAITING);
            let writer = Writer::new(self.path.clone());
            Writing { queue, thread: thread::spawn(move || writer.run(&sightings)) }
        });
        match writing.queue.try_send(sighting) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => warn("too many wait already"),
            Err(TrySendError::Disconnected(_)) => warn("nothing writes any more"),
        }
    }
}

impl Drop for SeenFile {
    fn drop(&mut self) {
        let writing = self.writing.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Writing { queue, thread }) = writing {
            drop(queue);
            thread.join().ok();
        }
    }
}

fn warn(why: &str) {
    tracing::warn!(why, "a sign-in was not written to people.seen_file");
}

/// How many bytes were sent.
fn size(Sighting { name_id, attributes, .. }: &Sighting) -> usize {
    let name_id = name_id.as_ref().map_or(0, |name_id| name_id.value.len());
    let values = attributes.iter().flat_map(|(name, values)| values.iter().chain([name]));
    name_id + values.map(String::len).sum::<usize>()
}

/// What is known of a person's line: the day, and a digest of what was sent.
type Known = (Date, u64);

struct Writer {
    journal: Journal,
    known: HashMap<Key, Known>,
    lines: usize,
    /// Bytes of the file, and how many there were when it was written anew.
    size: (usize, usize),
    /// Whether the file was read and written anew since the start.
    is_read: bool,
}

impl Writer {
    fn new(path: PathBuf) -> Self {
        Self { journal: Journal::at(path), known: HashMap::new(), lines: 0, size: (0, 0), is_read: false }
    }

    fn run(mut self, sightings: &Receiver<Sighting>) {
        for sighting in sightings {
            if let Err(error) = self.write(&sighting) {
                warn(&error.kind().to_string());
            }
        }
    }

    /// At most one line for each person, instance and day, unless something else was sent.
    fn write(&mut self, sighting: &Sighting) -> io::Result<()> {
        if !self.is_read || self.has_grown() {
            self.compact()?;
        }
        let (key, known) = (Key::of(sighting), known(sighting));
        if self.known.get(&key) == Some(&known) {
            return Ok(());
        }
        self.size.0 += self.journal.append(sighting)?;
        self.known.insert(key, known);
        self.lines += 1;
        Ok(())
    }

    fn has_grown(&self) -> bool {
        let (now, least) = self.size;
        self.lines > 2 * self.known.len() + SPARE_LINES || now > 2 * least + SPARE_BYTES
    }

    fn compact(&mut self) -> io::Result<()> {
        let (latest, size) = self.journal.compact()?;
        self.size = (size, size);
        self.lines = latest.len();
        self.known = latest.iter().map(|(key, sighting)| (key.clone(), known(sighting))).collect();
        self.is_read = true;
        Ok(())
    }
}

fn known(sighting: &Sighting) -> Known {
    let mut digest = DefaultHasher::new();
    sighting.username.hash(&mut digest);
    sighting.idp.hash(&mut digest);
    sighting.name_id.as_ref().map(|name_id| (&name_id.value, &name_id.format)).hash(&mut digest);
    sighting.attributes.hash(&mut digest);
    (sighting.at.date(), digest.finish())
}
