//! Shared state in Redis or Valkey, for several replicas.
//!
//! Every record has an end, every value that could identify a person or open a door is sealed, and no name tells
//! what it is about. Whatever belongs together happens in one script.

mod epoch;
mod failure;
mod keyed;
mod link;
mod name;
mod named_sessions;
mod names_key;
mod notes;
mod pending;
mod records;
mod replay;
mod rights;
mod script;
mod seal;
mod sessions;
mod settings;
mod start;
mod turns;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ToRedisArgs, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use crate::model::{Clock, Random, RoundTrip, StateObserver, StateProbe, StateUnavailable, spans};

use link::Link;
use name::Name;
use names_key::NamesKey;
use script::Script;
use seal::Sealer;

pub use named_sessions::RedisNamedSessions;
pub use pending::RedisPending;
pub use replay::RedisReplay;
pub use sessions::RedisSessions;
pub use settings::{Address, Login, Mode, Settings, StateKey, Tls, Transport};
pub use start::Error;
pub use turns::SharedBudget;

/// How long one request may take with everything that goes wrong meanwhile: a server that restarts within three
/// seconds is noticed by nobody.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The connection to Redis or Valkey, shared by all clones.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Link,
    sealer: Sealer,
    prefix: String,
    names_key: NamesKey,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observer: Arc<dyn StateObserver>,
    round_trips: AtomicU64,
    /// The last question had no answer.
    is_silent: AtomicBool,
}

impl Redis {
    /// [`Self::new`] and [`Self::start`].
    ///
    /// # Errors
    /// As theirs.
    pub async fn connect(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Arc<dyn StateObserver>,
    ) -> Result<Self, Error> {
        let redis = Self::new(settings, clock, random, observer)?;
        redis.start().await?;
        Ok(redis)
    }

    /// Not connected yet. `observer` is told every round trip.
    ///
    /// # Errors
    /// When a certificate or an address can't be used.
    pub fn new(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Arc<dyn StateObserver>,
    ) -> Result<Self, Error> {
        let link = Link::new(settings).map_err(|error| Error::Settings(failure::words(&error)))?;
        let other = settings.other_key.as_ref().map(|key| &key.0);
        Ok(Self(Arc::new(Inner {
            link,
            sealer: Sealer::new(&settings.key.0, other, random.clone()),
            prefix: settings.prefix.clone(),
            names_key: NamesKey::new(&*random),
            clock,
            random,
            observer,
            round_trips: AtomicU64::new(0),
            is_silent: AtomicBool::new(false),
        })))
    }

    /// How many round trips there were.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.0.round_trips.load(Ordering::Relaxed)
    }

    /// The name of something that there is once.
    fn name_of_one(&self, kind: &str) -> Name {
        Name::of_one(&self.0.prefix, kind)
    }

    /// The name of one of a few things of a kind.
    fn name_of_one_of(&self, kind: &str, number: u8) -> Name {
        Name::tagged(&self.0.prefix, kind, &format!("{kind}{number}"))
    }

    /// The name of something found by an identifier that nobody can guess.
    fn name_of_random(&self, kind: &str, id: &[u8]) -> Name {
        Name::of_random(&self.0.prefix, kind, id)
    }

    /// The name of something found by what could be guessed, such as a user's name.
    fn name_of_guessable(&self, kind: &str, parts: &[&[u8]]) -> Name {
        Name::tagged(&self.0.prefix, kind, &name::tag(self.digest_of_guessable(kind, parts)))
    }

    /// A digest of what could be guessed, the same at every replica.
    fn digest_of_guessable(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        let parts = std::iter::once(kind.as_bytes()).chain(parts.iter().copied());
        keyed::digest(&self.0.names_key.current(), parts)
    }

    /// `value` as it may be kept under `name`.
    fn sealed<T: Serialize>(&self, name: &Name, value: &T) -> Result<Vec<u8>, StateUnavailable> {
        let written = serde_json::to_vec(value)
            .map_err(|_| StateUnavailable::NoAnswer("a record could not be written".to_owned()))?;
        Ok(self.0.sealer.seal(name, &Zeroizing::new(written)))
    }

    /// What was kept under `name`; `None` when it is not readable: sealed with a key that is gone, or written by another
    /// version of the gateway.
    fn opened<T: DeserializeOwned>(&self, name: &Name, sealed: &[u8]) -> Option<T> {
        serde_json::from_slice(&self.0.sealer.open(name, sealed)?).ok()
    }

    /// The seals themselves, for what is not JSON.
    fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    /// Milliseconds until then, for `PX`; `None` when that is over.
    fn life(&self, until: OffsetDateTime) -> Option<u64> {
        let left = (until - self.0.clock.now()).whole_milliseconds();
        u64::try_from(left).ok().filter(|left| *left > 0)
    }

    /// A word of ours by which a script knows the same request again, when its first answer was lost.
    fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.0.random.fill(&mut nonce);
        nonce
    }

    /// Runs the script over the records, all of one tag. `operation` is what monitoring calls it.
    ///
    /// # Errors
    /// [`StateUnavailable`], after [`PATIENCE`] at most.
    async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &'static Script,
        names: &[&Name],
        args: impl ToRedisArgs,
    ) -> Result<T, StateUnavailable> {
        let deadline = Instant::now() + PATIENCE;
        self.keep_names_key(deadline).await?;
        let answer = self.run_until(operation, script, names, &args, deadline).await;
        if answer.is_ok() {
            // Where the connection broke meanwhile: what begins next is not to look older than this server's memory. Where it
            // fails, whoever comes next looks.
            self.keep_names_key(deadline).await.ok();
        }
        answer
    }

    async fn run_until<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &'static Script,
        names: &[&Name],
        args: &impl ToRedisArgs,
        deadline: Instant,
    ) -> Result<T, StateUnavailable> {
        let mut answer = self.ask_until(operation, &script.by_hash(names, args), deadline).await;
        if answer.as_ref().is_err_and(failure::is_unknown_script) {
            answer = self.ask_until(operation, &script.in_full(names, args), deadline).await;
        }
        let value = answer.and_then(|value| T::from_redis_value(value).map_err(RedisError::from));
        value.map_err(|error| failure::unavailable(operation, &error))
    }

    /// Asks again while nobody answers, or somebody who can't yet.
    async fn ask_until(&self, operation: &'static str, cmd: &Cmd, deadline: Instant) -> RedisResult<Value> {
        loop {
            match timeout_at(deadline, self.ask(operation, cmd)).await {
                Ok(Err(error)) if failure::passes(&error) && Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                Ok(answer) => return answer,
                Err(_) => return Err((ErrorKind::Io, "no answer in time").into()),
            }
        }
    }

    async fn ask(&self, operation: &'static str, cmd: &Cmd) -> RedisResult<Value> {
        let (span, began) = (spans::store(operation), Instant::now());
        let asked = self.ask_once(cmd).instrument(span.clone()).await;
        let outcome = asked.as_ref().map_or_else(failure::outcome, |_| RoundTrip::Answered);
        spans::ended(&span, (outcome != RoundTrip::Answered).then_some(outcome.word()));
        self.0.observer.round_trip(operation, began.elapsed(), outcome);
        self.tell_change(operation, asked.as_ref().err());
        asked
    }

    /// Once when answers stop, and once when they come again.
    fn tell_change(&self, operation: &'static str, error: Option<&RedisError>) {
        let silence = error.filter(|error| failure::is_silence(error));
        if self.0.is_silent.swap(silence.is_some(), Ordering::Relaxed) == silence.is_some() {
            return;
        }
        if let Some(silence) = silence {
            let cause = failure::words(silence);
            tracing::warn!(operation, cause, "shared state does not answer");
        } else {
            tracing::warn!("shared state answers again");
        }
    }

    async fn ask_once(&self, cmd: &Cmd) -> RedisResult<Value> {
        let (generation, mut connection) = self.0.link.open().await?;
        self.0.round_trips.fetch_add(1, Ordering::Relaxed);
        let answer = connection.ask(cmd).await;
        if answer.as_ref().is_err_and(failure::is_of_the_connection) {
            self.0.link.close(generation).await;
            // The next connection may lead to a server that has forgotten something.
            self.0.names_key.look_again();
        }
        answer
    }
}

#[async_trait]
impl StateProbe for Redis {
    async fn probe(&self) -> Result<(), StateUnavailable> {
        self.look_at_names_key(Instant::now() + PATIENCE).await.map_err(StateUnavailable::from)
    }
}

/// The connection knows a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis(..)")
    }
}
