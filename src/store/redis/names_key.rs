//! The key that makes names: the same at every replica, whichever key seals at present.
//!
//! It is random and stands sealed in Redis itself: whoever can't open that record has a wrong key, and whoever
//! exchanges the keys that seal finds everything under its old name. A server that lost its data has lost this record
//! too; then the first who looks writes theirs, and the others take it over.

use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Redis;
use super::epoch::epoch;
use super::keyed::Key;
use super::name::Name;
use super::script::Script;
use crate::model::{Random, StateUnavailable};

/// How long the record is believed without looking again.
const FRESH: Duration = Duration::from_secs(5);
/// So old it is looked at before anything else is done; until then beside it, so that nobody waits.
const STALE: Duration = Duration::from_secs(10);
/// Longer than anything else is kept; each look begins it anew.
const LIFE_MS: u64 = 7 * 24 * 3600 * 1000;

/// Keeps what is there, unless that is the last argument, and notices a new server.
static KEEP: Script = Script::new(concat!(
    r"local kept = redis.call('GET', KEYS[1])
if not kept or kept == ARGV[3] then
  kept = ARGV[1]
  redis.call('SET', KEYS[1], kept, 'PX', ARGV[2])
end
",
    epoch!("KEYS[2]"),
    r"redis.call('PEXPIRE', KEYS[1], ARGV[2])
return kept"
));

/// The key that makes names, as this replica knows it.
pub(super) struct NamesKey {
    key: RwLock<Key>,
    looked: Mutex<Option<Instant>>,
}

/// When the record is to be looked at.
enum Due {
    Later,
    /// While other things are done.
    Soon,
    /// Before anything else.
    Now,
}

/// Why the record could not be looked at.
pub(super) enum Failed {
    /// It is sealed with a key that we don't have.
    WrongKey,
    /// Redis did not answer.
    Unavailable(StateUnavailable),
}

impl From<Failed> for StateUnavailable {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::WrongKey => {
                Self::NoAnswer("other replicas seal with a key that this one does not have".to_owned())
            }
            Failed::Unavailable(unavailable) => unavailable,
        }
    }
}

impl NamesKey {
    /// One of our own, until Redis is asked for the others'.
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut key[..]);
        Self { key: RwLock::new(key), looked: Mutex::new(None) }
    }

    pub(super) fn current(&self) -> Key {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, key: Key) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Whether it is time to look; whoever is told so looks.
    fn is_due(&self) -> Due {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = match looked.map(|looked| looked.elapsed()) {
            Some(age) if age < FRESH => return Due::Later,
            Some(age) if age < STALE => Due::Soon,
            _ => Due::Now,
        };
        *looked = Some(Instant::now());
        due
    }

    /// Whoever asks next looks first.
    pub(super) fn look_again(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Redis {
    /// Looks at the record now and then.
    pub(super) async fn keep_names_key(&self, deadline: Instant) -> Result<(), StateUnavailable> {
        match (self.0.names_key.is_due(), Handle::try_current()) {
            (Due::Later, _) => Ok(()),
            (Due::Soon, Ok(runtime)) => {
                let redis = self.clone();
                // Where it fails, whoever comes next finds out.
                runtime.spawn(async move { redis.look_again(deadline).await.ok() });
                Ok(())
            }
            _ => self.look_again(deadline).await.map_err(StateUnavailable::from),
        }
    }

    async fn look_again(&self, deadline: Instant) -> Result<(), Failed> {
        let looked = self.look_at_names_key(deadline).await;
        if looked.is_err() {
            self.0.names_key.look_again();
        }
        looked
    }

    /// Takes over the key that stands in Redis, or writes ours where none does.
    pub(super) async fn look_at_names_key(&self, deadline: Instant) -> Result<(), Failed> {
        let (name, ours) = (self.names_record(), self.0.names_key.current());
        let kept = self.kept_names_key(&ours, b"", deadline).await?;
        let key = self
            .0
            .sealer
            .open(&name, &kept)
            .and_then(|key| Some(Zeroizing::new(key.first_chunk().copied()?)));
        let key = key.ok_or(Failed::WrongKey)?;
        if !self.sealer().is_current(&kept) {
            // So that the other key can be dropped.
            self.kept_names_key(&key, &kept, deadline).await?;
        }
        self.0.names_key.replace(key);
        Ok(())
    }

    /// Beside the epoch, so that one look finds out about both.
    fn names_record(&self) -> Name {
        self.name_of_one("replay").part("names")
    }

    /// What stands in Redis after `key` was put in place of `instead`, which may be nothing.
    async fn kept_names_key(&self, key: &Key, instead: &[u8], deadline: Instant) -> Result<Vec<u8>, Failed> {
        let (name, epoch) = (self.names_record(), self.name_of_one("replay").part("epoch"));
        let args = (self.sealer().seal(&name, &key[..]), LIFE_MS, instead);
        self.run_until("state.names", &KEEP, &[&name, &epoch], &args, deadline)
            .await
            .map_err(Failed::Unavailable)
    }
}
