//! Where audit lines end up: standard output, a file, or a syslog server.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _, stdout};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::stream::Line;
use super::syslog::Syslog;
use crate::audit::Chain;
use crate::config::{AuditTo, ChainKey};

/// The end of a file that is looked at for its last line, in bytes: lines are shorter.
const LONGEST_LINE: u64 = 256 * 1024;

/// What came of a line.
pub(super) enum Written {
    /// It is there.
    Done,
    /// It can never be delivered.
    Never,
    /// Not yet.
    Failed(io::Error),
}

impl From<io::Result<()>> for Written {
    fn from(result: io::Result<()>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Done)
    }
}

/// Where lines go.
pub(super) enum Sink {
    Stdout,
    File(AuditFile),
    Syslog(Syslog),
}

impl Sink {
    /// `None`: among the log's lines.
    pub(super) fn open(audit: &AuditTo) -> Result<Option<Self>, String> {
        Ok(Some(match audit {
            AuditTo::Log => return Ok(None),
            AuditTo::Stdout => Self::Stdout,
            AuditTo::File { path, chain } => Self::File(AuditFile::open(path, chain.as_ref())?),
            AuditTo::Syslog(address) => Self::Syslog(Syslog::new(address.clone())),
        }))
    }

    /// The text of a line, as it goes out.
    pub(super) fn prepared(&self, line: Line) -> String {
        match self {
            Self::Stdout => line.text(None) + "\n",
            Self::File(file) => file.prepared(line) + "\n",
            Self::Syslog(syslog) => syslog.message(line),
        }
    }

    /// Whether the file that was there did not end with a line of its chain.
    pub(super) fn begins_anew(&self) -> bool {
        matches!(self, Self::File(file) if file.begins_anew)
    }

    pub(super) fn write(&mut self, text: &str) -> Written {
        match self {
            Self::Stdout => stdout().lock().write_all(text.as_bytes()).into(),
            Self::File(file) => file.write(text).into(),
            Self::Syslog(syslog) => syslog.send(text.as_bytes()),
        }
    }

    /// Everything so far is safe. A failure shows at the next line.
    pub(super) fn settle(&mut self) {
        match self {
            Self::File(file) => file.settle(),
            Self::Stdout => _ = stdout().lock().flush(),
            Self::Syslog(_) => {}
        }
    }

    pub(super) fn reopen(&mut self) {
        if let Self::File(file) = self {
            file.settle();
            file.file = None;
        }
    }
}

/// A file that only the gateway reads.
pub(super) struct AuditFile {
    path: PathBuf,
    /// `None`: it is to be opened (again).
    file: Option<File>,
    is_settled: bool,
    chain: Option<Chain>,
    begins_anew: bool,
}

impl AuditFile {
    fn open(path: &Path, chain: Option<&ChainKey>) -> Result<Self, String> {
        let problem = |error: io::Error| format!("audit.file: {}: {error}", path.display());
        let mut file = open(path).map_err(problem)?;
        let mut chain = chain.map(|ChainKey(key)| Chain::new(key.clone()));
        let begins_anew = match &mut chain {
            Some(chain) => !follow(&mut file, chain).map_err(problem)?,
            None => false,
        };
        Ok(Self { path: path.to_owned(), file: Some(file), is_settled: true, chain, begins_anew })
    }

    fn prepared(&self, line: Line) -> String {
        match &self.chain {
            Some(chain) => chain.sealed(&line.text(Some(chain.next()))),
            None => line.text(None),
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(text.as_bytes()) {
            take_back(&mut file, before, text.as_bytes());
            return Err(error);
        }
        self.is_settled = false;
        if let Some(chain) = &mut self.chain {
            // What was just sealed holds.
            let _ = chain.follow(text.trim_end_matches('\n').as_bytes());
        }
        self.file = Some(file);
        Ok(())
    }

    fn settle(&mut self) {
        if let (Some(file), false) = (&self.file, self.is_settled) {
            // Whoever can't be written to is told so by the next line.
            let _ = file.sync_data();
            self.is_settled = true;
        }
    }
}

/// Takes away what a disk that is full took of a line: it is written again, whole. Nothing but its beginning is taken away.
fn take_back(file: &mut File, before: u64, line: &[u8]) {
    let mut written = Vec::new();
    let read = file.seek(SeekFrom::Start(before)).and_then(|_| file.read_to_end(&mut written));
    if read.is_ok() && line.starts_with(&written) {
        // Where that fails, too, the next start ends the line, and `audit verify` tells it.
        let _ = file.set_len(before);
    }
}

/// Appends; makes it so that nobody else may read it. Ends a last line that was cut off.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Goes on behind the file's last line. `false`: that is not one of the chain.
fn follow(file: &mut File, chain: &mut Chain) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(LONGEST_LINE);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut end)?;
    let end = end.strip_suffix(b"\n").unwrap_or(&end);
    let last = end.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(length == 0 || chain.follow(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn only_what_the_chain_sealed_and_nothing_at_all_is_gone_on_behind() {
        let path = std::env::temp_dir().join(format!("connect-gateway-sink-{}.jsonl", std::process::id()));
        let key = ChainKey(Some(Secret::new("0123456789abcdef")));
        let ChainKey(secret) = key.clone();
        let mut chain = Chain::new(secret);
        let first = chain.sealed(r#"{"number":1,"previous":""}"#);
        assert!(chain.follow(first.as_bytes()));
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap());
        let long = chain
            .sealed(&format!(r#"{{"long":"{long}","number":2,"previous":"{}"}}"#, chain.next().previous));
        for (text, begins_anew, next) in [
            (String::new(), false, 1),
            (format!("{first}\n"), false, 2),
            (first.clone(), false, 2),
            ("\n".to_owned(), true, 1),
            (format!("{first}\n\n"), true, 1),
            (format!("{first}\n{long}\n"), true, 1),
            (first[1..].to_owned(), true, 1),
        ] {
            std::fs::write(&path, &text).unwrap();
            let file = AuditFile::open(&path, Some(&key)).unwrap();
            let at = &text[..text.len().min(200)];
            assert_eq!(file.begins_anew, begins_anew, "{at}");
            assert_eq!(file.chain.unwrap().next().number, next, "{at}");
            assert!(std::fs::read_to_string(&path).unwrap().starts_with(&text), "{at}");
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_beginning_of_a_line_is_taken_back_and_nothing_else() {
        let path = std::env::temp_dir().join(format!("connect-gateway-sink-{}", std::process::id()));
        let whole = "{\"event\":\"one\"}\n";
        for (then, left) in [("{\"eve", ""), ("", ""), ("{\"event\":\"other", "{\"event\":\"other")] {
            std::fs::remove_file(&path).ok();
            let mut file = open(&path).unwrap();
            file.write_all(whole.as_bytes()).unwrap();
            let before = file.metadata().unwrap().len();
            file.write_all(then.as_bytes()).unwrap();
            take_back(&mut file, before, b"{\"event\":\"two\"}\n");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{whole}{left}"));
        }
        std::fs::remove_file(&path).ok();
    }
}
