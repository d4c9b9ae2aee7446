//! Assertions that were used.

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::Redis;
use super::epoch::epoch;
use super::name::tag;
use super::script::Script;
use crate::model::{ReplayGuard, ReplayKey, StateUnavailable, Use};

/// The first to come leaves its nonce: it is the first when it comes again because its answer was lost.
static USE: Script = Script::new(concat!(
    r"if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
end
",
    epoch!("KEYS[1]"),
    "return since"
));

/// [`ReplayGuard`] in Redis.
pub struct RedisReplay {
    redis: Redis,
}

impl RedisReplay {
    /// Over this connection.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl ReplayGuard for RedisReplay {
    async fn first_use(&self, key: ReplayKey, until: OffsetDateTime) -> Result<Use, StateUnavailable> {
        // What is over could be used again at once: nobody asks for that.
        let Some(life) = self.redis.life(until) else { return Ok(Use::Again) };
        let replay = self.redis.name_of_one("replay");
        let (epoch, used, nonce) = (replay.part("epoch"), replay.part(&word(&key)), self.redis.nonce());
        let since: Option<String> =
            self.redis.run("replay.use", &USE, &[&epoch, &used], (&nonce[..], life)).await?;
        let Some(since) = since else { return Ok(Use::Again) };
        Ok(Use::First { remembered_since: Some(moment(&since)?) })
    }
}

/// Both parts, kept apart by the length of the first. Whoever issues an assertion makes its id one that nobody can guess. SAML
/// core 1.3.4.
fn word(key: &ReplayKey) -> String {
    let mut hash = Sha256::new();
    hash.update((key.issuer.len() as u64).to_be_bytes());
    hash.update(key.issuer.as_bytes());
    hash.update(key.assertion_id.as_bytes());
    tag(hash.finalize().into())
}

fn moment(milliseconds: &str) -> Result<OffsetDateTime, StateUnavailable> {
    let nanoseconds = milliseconds.parse::<i128>().ok().and_then(|ms| ms.checked_mul(1_000_000));
    nanoseconds
        .and_then(|ns| OffsetDateTime::from_unix_timestamp_nanos(ns).ok())
        .ok_or_else(|| StateUnavailable::NoAnswer("replay.use: the epoch is not a moment".to_owned()))
}
