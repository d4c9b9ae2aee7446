//! Sign-ins under way, and answers that wait for a person's word.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::script::Script;
use super::{PATIENCE, Redis};
use crate::model::{Pending, PendingKey, StateUnavailable};

static PUT: Script = Script::new("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])");

/// Whoever took it is remembered for a while: an answer may get lost on its way, and the same request comes again.
static TAKE: Script = Script::new(
    r"local found = redis.call('GET', KEYS[1])
if found then
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[2], ARGV[1] .. found, 'PX', 30000)
  return found
end
local taken = redis.call('GET', KEYS[2])
if taken and string.sub(taken, 1, #ARGV[1]) == ARGV[1] then
  return string.sub(taken, #ARGV[1] + 1)
end
return false",
);

/// [`Pending`] in Redis.
pub struct RedisPending<T> {
    redis: Redis,
    kind: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> RedisPending<T> {
    /// `kind` tells what is pending from what else is kept there.
    #[must_use]
    pub fn new(redis: Redis, kind: &'static str) -> Self {
        Self { redis, kind, of: PhantomData }
    }
}

#[async_trait]
impl<T: Serialize + DeserializeOwned + Send + 'static> Pending<T> for RedisPending<T> {
    async fn ready(&self) -> Result<(), StateUnavailable> {
        self.redis.keep_names_key(Instant::now() + PATIENCE).await
    }

    async fn put(
        &self,
        key: PendingKey,
        pending: T,
        expires_at: OffsetDateTime,
    ) -> Result<(), StateUnavailable> {
        let Some(life) = self.redis.life(expires_at) else { return Ok(()) };
        let name = self.redis.name_of_random(self.kind, key.as_bytes());
        let sealed = self.redis.sealed(&name, &pending)?;
        drop(pending);
        self.redis.run("pending.put", &PUT, &[&name], (sealed, life)).await
    }

    async fn take(&self, key: &PendingKey) -> Result<Option<T>, StateUnavailable> {
        let name = self.redis.name_of_random(self.kind, key.as_bytes());
        let (taken, nonce) = (name.part("taken"), self.redis.nonce());
        let found: Option<Vec<u8>> =
            self.redis.run("pending.take", &TAKE, &[&name, &taken], (&nonce[..],)).await?;
        Ok(found.and_then(|sealed| self.redis.opened(&name, &sealed)))
    }
}
