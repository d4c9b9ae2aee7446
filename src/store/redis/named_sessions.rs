//! Which sessions belong to whom.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::Redis;
use super::name::{Name, tag};
use super::script::Script;
use crate::model::{NamedSessions, SessionId, StateUnavailable, SubjectKey};

/// Who has ended goes when somebody comes; both records live as long as the last of their sessions.
static REGISTER: Script = Script::new(
    r"local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))) do
  redis.call('HDEL', KEYS[1], ended)
  redis.call('ZREM', KEYS[2], ended)
end
for _, record in ipairs(KEYS) do
  if redis.call('PTTL', record) < tonumber(ARGV[3]) then redis.call('PEXPIRE', record, ARGV[3]) end
end",
);

static FIND: Script = Script::new("return redis.call('HGETALL', KEYS[1])");

static REMOVE: Script =
    Script::new("redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('ZREM', KEYS[2], ARGV[1])");

#[derive(Serialize, Deserialize)]
struct Entry {
    session: String,
    session_index: Option<String>,
    #[serde(with = "time::serde::timestamp")]
    until: OffsetDateTime,
}

/// [`NamedSessions`] in Redis.
pub struct RedisNamedSessions {
    redis: Redis,
}

impl RedisNamedSessions {
    /// Over this connection.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// The entries, and when they end.
    fn records(&self, subject: &SubjectKey) -> (Name, Name) {
        let entries = self.redis.name_of_guessable("subject", &[subject.as_bytes()]);
        let ends = entries.part("ends");
        (entries, ends)
    }
}

#[async_trait]
impl NamedSessions for RedisNamedSessions {
    async fn register(
        &self,
        subject: SubjectKey,
        session_index: Option<String>,
        session: SessionId,
        until: OffsetDateTime,
    ) -> Result<(), StateUnavailable> {
        let Some(life) = self.redis.life(until) else { return Ok(()) };
        let (entries, ends) = self.records(&subject);
        let field = field(&session);
        let entry = Entry { session: session.expose().to_owned(), session_index, until };
        let sealed = self.redis.sealed(&entries.part(&field), &entry)?;
        self.redis.run("subject.register", &REGISTER, &[&entries, &ends], (field, sealed, life)).await
    }

    async fn find(
        &self,
        subject: &SubjectKey,
        session_indexes: &[String],
    ) -> Result<Vec<SessionId>, StateUnavailable> {
        let (entries, _) = self.records(subject);
        let found: Vec<(String, Vec<u8>)> = self.redis.run("subject.find", &FIND, &[&entries], ("",)).await?;
        let opened = found
            .iter()
            .filter_map(|(field, sealed)| self.redis.opened::<Entry>(&entries.part(field), sealed));
        let asked_for = |entry: &Entry| {
            let index = entry.session_index.as_ref();
            session_indexes.is_empty() || index.is_none_or(|index| session_indexes.contains(index))
        };
        let live = opened.filter(|entry| self.redis.life(entry.until).is_some() && asked_for(entry));
        Ok(live.map(|entry| SessionId::new(entry.session)).collect())
    }

    async fn remove(&self, subject: &SubjectKey, session: &SessionId) -> Result<(), StateUnavailable> {
        let (entries, ends) = self.records(subject);
        self.redis.run("subject.remove", &REMOVE, &[&entries, &ends], (field(session),)).await
    }
}

fn field(session: &SessionId) -> String {
    tag(Sha256::digest(session.expose().as_bytes()).into())
}
