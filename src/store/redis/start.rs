//! What is looked at before the first person comes.

use std::time::Duration;

use redis::{Value, cmd};
use tokio::time::{Instant, sleep};

use super::names_key::Failed;
use super::rights::{refusal, refused_with};
use super::{PATIENCE, Redis};

/// How long a server may take to come up.
const START: Duration = Duration::from_secs(30);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// `GETDEL`, `SET … KEEPTTL` and `INFO` in scripts.
const OLDEST: (u32, u32) = (6, 2);

/// Why the gateway can't work with this Redis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The settings can't be used.
    #[error("[state]: the connection can't be set up: {0}")]
    Settings(String),
    /// Nobody answered in time.
    #[error("[state]: Redis does not answer at the addresses in urls: {0}")]
    Unreachable(String),
    /// It answered, and refused.
    #[error("[state]: Redis refuses the gateway: {0}")]
    Refused(String),
    /// It answered, and its user may not do all that scripts do: the rules that are missing.
    #[error(
        "[state]: Redis refuses its user what the gateway needs: add {0} to the rules of that user (ACL SETUSER, or the ACL \
         file); docs/operations.md lists all of them"
    )]
    Rights(String),
    /// It is too old.
    #[error("[state]: Redis {0} is too old: 6.2 or later is needed, or Valkey")]
    Version(String),
    /// It throws records away when it is full, and among them may be used assertions.
    #[error(
        "[state]: Redis must never throw records away: set its maxmemory-policy to noeviction; it is {0}"
    )]
    Eviction(String),
    /// Other replicas seal with a key that is not in the configuration.
    #[error(
        "[state]: other replicas seal with another key: it must be the same at all of them, or other_key_file (other_key) \
         must be theirs while keys are exchanged"
    )]
    WrongKey,
}

impl Redis {
    /// Looks whether the gateway can work with this Redis, and waits a while for one that is not up yet.
    ///
    /// # Errors
    /// When it can't.
    pub async fn start(&self) -> Result<(), Error> {
        let deadline = Instant::now() + START;
        loop {
            match self.check().await {
                Err(Error::Unreachable(cause)) if Instant::now() + PAUSE < deadline => {
                    tracing::warn!(cause, "waiting for Redis");
                    sleep(PAUSE).await;
                }
                checked => return checked,
            }
        }
    }

    /// The same, once.
    ///
    /// # Errors
    /// When the gateway can't work with this Redis.
    pub async fn check(&self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let answer = self.ask_until("state.start", &cmd("INFO"), deadline).await;
        let answer = answer.map_err(|error| refusal(&error))?;
        for about in texts(answer) {
            check_version(&about)?;
            check_policy(&about)?;
        }
        self.check_rights(deadline).await?;
        match self.look_at_names_key(deadline).await {
            Ok(()) => Ok(()),
            Err(Failed::WrongKey) => Err(Error::WrongKey),
            Err(Failed::Unavailable(unavailable)) => Err(refused_with(unavailable.to_string())),
        }
    }
}

/// One text of one server, or of every node of a cluster.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::BulkString(bytes) => vec![String::from_utf8_lossy(&bytes).into_owned()],
        Value::VerbatimString { text, .. } => vec![text],
        Value::Map(pairs) => pairs.into_iter().flat_map(|(_, value)| texts(value)).collect(),
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn line<'a>(about: &'a str, key: &str) -> Option<&'a str> {
    about.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

/// Valkey tells the version of Redis that it stands for too.
fn check_version(about: &str) -> Result<(), Error> {
    let Some(version) = line(about, "redis_version") else { return Ok(()) };
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST { Err(Error::Version(version.to_owned())) } else { Ok(()) }
}

/// `INFO` says it where a managed service forbids `CONFIG`.
fn check_policy(about: &str) -> Result<(), Error> {
    match line(about, "maxmemory_policy") {
        None | Some("noeviction") => Ok(()),
        Some(policy) => Err(Error::Eviction(policy.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_and_one_that_throws_away_are_refused() {
        let about = |version: &str, policy: &str| {
            format!("# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory_policy:{policy}\r\n")
        };
        let check = |about: &str| check_version(about).and_then(|()| check_policy(about));
        assert_eq!(check(&about("6.2.14", "noeviction")), Ok(()));
        assert_eq!(check(&about("7.0.15", "noeviction")), Ok(()));
        assert_eq!(check(&about("6.0.16", "noeviction")), Err(Error::Version("6.0.16".to_owned())));
        let policy = "volatile-lru".to_owned();
        assert_eq!(check(&about("7.2.4", &policy)), Err(Error::Eviction(policy)));
    }
}
