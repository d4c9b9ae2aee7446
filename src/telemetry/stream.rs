//! The way of an audit line from whoever writes it to where it goes: a queue and a thread, so that nobody's sign-in waits
//! for a disk or a server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::Level;

use super::sink::{Sink, Written};
use crate::audit::Link;
use crate::config::AuditTo;

/// Most lines that wait; beyond that they are lost, and counted.
const QUEUE: usize = 10_000;
/// Pause before a line that could not be delivered is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the last lines may take when the gateway stops.
const LAST: Duration = Duration::from_secs(3);

/// One line, before it is text.
pub(super) struct Line {
    pub(super) timestamp: String,
    pub(super) level: Level,
    pub(super) fields: Map<String, Value>,
}

impl Line {
    /// One JSON object, without an end of line.
    pub(super) fn text(mut self, link: Option<&Link>) -> String {
        if let Some(Link { number, previous }) = link {
            self.fields.insert("number".to_owned(), (*number).into());
            self.fields.insert("previous".to_owned(), previous.as_str().into());
        }
        Value::Object(self.fields).to_string()
    }
}

enum Message {
    Line(Line),
    Reopen,
    Stop(SyncSender<()>),
}

/// Takes lines.
#[derive(Clone)]
pub(super) struct Stream {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    begins_anew: bool,
}

impl Stream {
    /// `None` where lines stay in the log.
    pub(super) fn to(audit: &AuditTo) -> Result<Option<Self>, String> {
        let Some(sink) = Sink::open(audit)? else { return Ok(None) };
        let begins_anew = sink.begins_anew();
        let (queue, lines) = sync_channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let writer = Writer { sink, lines, lost: Arc::clone(&lost), told: 0, is_failing: false };
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run());
        thread.map_err(|error| format!("audit: {error}"))?;
        Ok(Some(Self { queue, lost, begins_anew }))
    }

    /// Never waits.
    pub(super) fn send(&self, line: Line) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the audit file did not end with a line of its chain.
    pub(super) fn begins_anew(&self) -> bool {
        self.begins_anew
    }

    pub(super) fn reopen(&self) {
        // A queue that is full has a file that can't be written: that one is opened again in any case.
        let _ = self.queue.try_send(Message::Reopen);
    }

    pub(super) fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }

    /// Waits until every line so far is delivered.
    pub(super) fn stop(&self) {
        let (done, end) = sync_channel(1);
        if self.queue.try_send(Message::Stop(done)).is_ok() {
            let _ = end.recv_timeout(LAST);
        }
    }
}

/// The thread's.
struct Writer {
    sink: Sink,
    lines: Receiver<Message>,
    lost: Arc<AtomicU64>,
    /// Lost lines that the log knows of.
    told: u64,
    is_failing: bool,
}

impl Writer {
    fn run(mut self) {
        loop {
            match self.lines.recv_timeout(Duration::from_mins(1)) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(message) = self.lines.try_recv() {
                self.take(message);
            }
            self.sink.settle();
            self.tell_lost();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Line(line) => self.deliver(line),
            Message::Reopen => self.sink.reopen(),
            Message::Stop(done) => {
                self.sink.settle();
                let _ = done.send(());
            }
        }
    }

    /// Tries until it is delivered; meanwhile lines wait in the queue.
    fn deliver(&mut self, line: Line) {
        let prepared = self.sink.prepared(line);
        loop {
            match self.sink.write(&prepared) {
                Written::Done => break,
                Written::Never => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Written::Failed(error) => self.failed(&error),
            }
        }
        if self.is_failing {
            self.is_failing = false;
            tracing::warn!("audit lines are delivered again");
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if !self.is_failing {
            self.is_failing = true;
            tracing::error!(cause = %error, "audit lines are not delivered: they wait");
        }
        self.tell_lost();
        thread::sleep(PAUSE);
    }

    fn tell_lost(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.told {
            tracing::error!(lines = lost - self.told, "audit lines are lost");
            self.told = lost;
        }
    }
}
