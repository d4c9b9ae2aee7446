//! The way of an audit line from whoever writes it to where it goes: a queue and a thread, so that nobody's sign-in waits
//! for a disk or a server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use tracing::Level;

use super::sink::{Sink, Written};
use crate::audit::Link;
use crate::config::AuditTo;
use crate::model::{AuditLost, Clock};

/// Most lines that wait; beyond that they are lost, and counted.
const QUEUE: usize = 10_000;
/// Most of them that are about requests of nobody known: the rest is kept for decisions, however many such requests come.
const ANONYMOUS: usize = QUEUE / 5;
/// Pause before a line that could not be delivered is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the last lines may take when the gateway stops.
const LAST: Duration = Duration::from_secs(3);

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Somebody who is known, or the gateway itself.
    Decision,
    /// A request that was refused before it was known who asked.
    Anonymous,
}

/// One line, before it is text.
pub(super) struct Line {
    pub(super) of: Of,
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
    /// Lines in the queue that are about requests of nobody known.
    anonymous: Arc<AtomicUsize>,
    lost: Arc<AuditLost>,
    begins_anew: bool,
}

impl Stream {
    /// `None` where lines stay in the log.
    pub(super) fn to(audit: &AuditTo, clock: Arc<dyn Clock>) -> Result<Option<Self>, String> {
        let Some(sink) = Sink::open(audit)? else { return Ok(None) };
        let begins_anew = sink.begins_anew();
        let (queue, lines) = sync_channel(QUEUE);
        let (anonymous, lost) = (Arc::<AtomicUsize>::default(), Arc::<AuditLost>::default());
        let writer = Writer {
            sink,
            lines,
            anonymous: Arc::clone(&anonymous),
            lost: Arc::clone(&lost),
            told: lost.counts(),
            noted: lost.counts(),
            clock,
            is_failing: false,
        };
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run());
        thread.map_err(|error| format!("audit: {error}"))?;
        Ok(Some(Self { queue, anonymous, lost, begins_anew }))
    }

    /// Never waits.
    pub(super) fn send(&self, line: Line) {
        let of = line.of;
        if !self.has_place(of) {
            count(&self.lost, of);
        } else if self.queue.try_send(Message::Line(line)).is_err() {
            left(&self.anonymous, of);
            count(&self.lost, of);
        }
    }

    /// Takes a place in the queue, of which there are fewer for a line about nobody known.
    fn has_place(&self, of: Of) -> bool {
        let one_more = |waiting: usize| (waiting < ANONYMOUS).then_some(waiting + 1);
        of == Of::Decision
            || self.anonymous.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Whether the audit file did not end with a line of its chain.
    pub(super) fn begins_anew(&self) -> bool {
        self.begins_anew
    }

    pub(super) fn reopen(&self) {
        // A queue that is full has a file that can't be written: that one is opened again in any case.
        let _ = self.queue.try_send(Message::Reopen);
    }

    pub(super) fn lost(&self) -> Arc<AuditLost> {
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

/// A line is out of the queue.
fn left(anonymous: &AtomicUsize, of: Of) {
    if of == Of::Anonymous {
        anonymous.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One more is lost.
fn count(lost: &AuditLost, of: Of) {
    let lost = match of {
        Of::Decision => &lost.decisions,
        Of::Anonymous => &lost.anonymous,
    };
    lost.fetch_add(1, Ordering::Relaxed);
}

/// The thread's.
struct Writer {
    sink: Sink,
    lines: Receiver<Message>,
    anonymous: Arc<AtomicUsize>,
    lost: Arc<AuditLost>,
    /// Lost lines that the log knows of: decisions, and about nobody known.
    told: (u64, u64),
    /// Those that a line of the stream itself knows of.
    noted: (u64, u64),
    clock: Arc<dyn Clock>,
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
            self.note_lost();
            self.sink.settle();
            self.tell_lost();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Line(line) => self.deliver(line),
            Message::Reopen => self.sink.reopen(),
            Message::Stop(done) => {
                self.note_lost();
                self.sink.settle();
                let _ = done.send(());
            }
        }
    }

    /// Tries until it is delivered; meanwhile lines wait in the queue.
    fn deliver(&mut self, line: Line) {
        let of = line.of;
        left(&self.anonymous, of);
        let prepared = self.sink.prepared(line);
        loop {
            match self.sink.write(&prepared) {
                Written::Done => break,
                Written::Never => {
                    count(&self.lost, of);
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

    /// A line in the place of those that were lost before it: whoever reads the stream knows that it is not whole.
    fn note_lost(&mut self) {
        let (lost, noted) = (self.lost.counts(), self.noted);
        if lost == noted {
            return;
        }
        self.noted = lost;
        let now = self.clock.now().format(&Rfc3339).unwrap_or_default();
        let fields = json!({
            "timestamp": now,
            "level": Level::ERROR.as_str(),
            "target": "audit",
            "event": "lost",
            "lost_decisions": lost.0 - noted.0,
            "lost_anonymous": lost.1 - noted.1,
            "message": "lines before this one were lost",
        });
        if let Value::Object(fields) = fields {
            self.deliver(Line { of: Of::Decision, timestamp: now, level: Level::ERROR, fields });
        }
    }

    fn tell_lost(&mut self) {
        let (lost, told) = (self.lost.counts(), self.told);
        if lost != told {
            let (decisions, anonymous) = (lost.0 - told.0, lost.1 - told.1);
            tracing::error!(decisions, anonymous, "audit lines are lost");
            self.told = lost;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::config::SyslogAddress;
    use crate::model::SystemClock;

    fn line(of: Of, number: usize) -> Line {
        let fields = serde_json::json!({ "event": "request", "at": format!("{of:?} {number}.") });
        let fields = fields.as_object().unwrap().clone();
        Line { of, timestamp: "2026-03-01T09:30:00Z".to_owned(), level: Level::INFO, fields }
    }

    /// A server that does not read at first.
    #[test]
    fn anonymous_lines_leave_places_to_decisions_and_what_is_lost_is_counted_by_kind() {
        let path = std::env::temp_dir().join(format!("connect-gateway-stream-{}", std::process::id()));
        let server = UnixDatagram::bind(&path).unwrap();
        server.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let to = AuditTo::Syslog(SyslogAddress::Unix(path.clone()));
        let stream = Stream::to(&to, Arc::new(SystemClock)).unwrap().unwrap();
        for number in 0..3 * QUEUE {
            stream.send(line(Of::Anonymous, number));
        }
        let decisions = QUEUE - ANONYMOUS;
        for number in 0..decisions {
            stream.send(line(Of::Decision, number));
        }
        let (lost, anonymous) = stream.lost().counts();
        assert_eq!(lost, 0, "no decision is lost");
        assert!(anonymous >= QUEUE as u64, "{anonymous}");

        let mut buffer = [0_u8; 4_096];
        let mut read = |until: &str| {
            let mut read = 0;
            loop {
                let length = server.recv(&mut buffer).unwrap();
                read += 1;
                if std::str::from_utf8(&buffer[..length]).unwrap().contains(until) {
                    return read;
                }
            }
        };
        assert_eq!(
            3 * QUEUE + decisions,
            read(&format!("Decision {}.", decisions - 1)) + usize::try_from(anonymous).unwrap()
        );
        assert_eq!(read(&format!("\"lost_anonymous\":{anonymous}")), 1);
        // Whoever was let in has left: there is room for as many again.
        stream.send(line(Of::Anonymous, 0));
        assert_eq!(read("Anonymous 0."), 1);
        assert_eq!(stream.lost().counts(), (0, anonymous));
        std::fs::remove_file(&path).ok();
    }
}
