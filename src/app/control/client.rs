//! The command line's side.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Answer, Question};

/// The longest answer, in bytes: what an identity provider may say fits many times over.
const LONGEST: u64 = 8 * 1024 * 1024;
/// How long an answer may take: longer than the gateway waits for a test, and for AWS where it ends sessions in every
/// instance.
const PATIENCE: Duration = Duration::from_mins(5);

/// Asks the gateway that listens at `path`.
///
/// # Errors
/// What went wrong and what to do; a refusal's reason.
pub(crate) async fn ask(path: &Path, question: &Question) -> Result<Answer, String> {
    let told = |error: std::io::Error| format!("{}: {}", path.display(), unreachable(&error));
    let line = timeout(PATIENCE, exchange(path, question)).await;
    let line = line.map_err(|_| format!("{}: the gateway does not answer", path.display()))?.map_err(told)?;
    match serde_json::from_slice(&line) {
        Ok(Answer::Refused { reason }) => Err(reason),
        Ok(answer) => Ok(answer),
        Err(_) => Err(unexpected(path)),
    }
}

/// What can't be read, or answers another question.
pub(crate) fn unexpected(path: &Path) -> String {
    format!("{}: the answer can't be read: is the gateway of another version?", path.display())
}

async fn exchange(path: &Path, question: &Question) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(path).await?;
    let question = serde_json::to_string(question).unwrap_or_default() + "\n";
    stream.write_all(question.as_bytes()).await?;
    let mut line = Vec::new();
    BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut line).await?;
    if line.is_empty() { Err(ErrorKind::PermissionDenied.into()) } else { Ok(line) }
}

fn unreachable(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
            "no gateway answers there. Does it run on this machine, with this admin.socket, since its last start?"
                .to_owned()
        }
        ErrorKind::PermissionDenied | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "not allowed: only the user that the gateway runs as, and root, may ask it".to_owned()
        }
        kind => kind.to_string(),
    }
}
