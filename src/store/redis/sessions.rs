//! Sessions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};

use super::Redis;
use super::name::{Name, tag};
use super::script::Script;
use crate::model::{OpenSessions, SessionId, StateUnavailable};
use crate::store::revisions::{Revisions, changed, replaces, revision};

/// The index that names a session stands beside it: so many share the work in a cluster.
const SHARDS: u8 = 64;
/// How many are read in one script, when all are wanted.
const AT_ONCE: usize = 200;

/// The index is written first: no session goes unnamed.
macro_rules! put {
    () => {
        r"local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[4]), ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'sealed', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1"
    };
}

static CREATE: Script = Script::new(concat!(
    r"local kept = redis.call('HGET', KEYS[1], 'revision')
if kept then
  if kept == ARGV[1] then return 1 end
  return 0
end
",
    put!()
));

static SAVE: Script = Script::new(concat!(
    r"local kept = redis.call('HGET', KEYS[1], 'revision')
if kept and kept == ARGV[1] then return 1 end
if not kept or kept ~= ARGV[2] then return 0 end
",
    put!()
));

static LOAD: Script = Script::new("return redis.call('HGET', KEYS[1], 'sealed')");

static LOAD_MANY: Script = Script::new(
    r"local found = {}
for at, record in ipairs(KEYS) do found[at] = redis.call('HGET', record, 'sealed') end
return found",
);

static DELETE: Script = Script::new("redis.call('DEL', KEYS[1]) redis.call('ZREM', KEYS[2], ARGV[1])");

static NAMED: Script = Script::new(
    r"local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), '+inf')",
);

static COUNT: Script = Script::new(
    r"local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), '+inf')",
);

/// For how long a count is told again: everybody who asks costs a request for each shard.
const COUNTED_FOR: Duration = Duration::from_secs(30);

/// How many sessions there were, and when.
type Counted = Option<(Instant, std::result::Result<usize, StateUnavailable>)>;

/// Sessions in Redis. Clones share them.
#[derive(Clone)]
pub struct RedisSessions {
    redis: Redis,
    revisions: Revisions,
    counted: Arc<Mutex<Counted>>,
}

/// Where one session stands.
struct Place {
    record: Name,
    index: Name,
    /// In the index.
    member: String,
}

impl RedisSessions {
    /// Over this connection.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        let revisions = Revisions::new(redis.clock());
        Self { redis, revisions, counted: Arc::default() }
    }

    fn place(&self, id: &Id) -> Place {
        let digest: [u8; 32] = Sha256::digest(id.0.to_be_bytes()).into();
        let (shard, member) = (self.shard(digest[31] % SHARDS), tag(digest));
        Place { record: shard.part(&member), index: shard.part("index"), member }
    }

    fn shard(&self, number: u8) -> Name {
        self.redis.name_of_one_of("session", number)
    }

    /// Whether it was kept.
    async fn put(&self, operation: &'static str, script: &'static Script, record: &Record) -> Result<bool> {
        let Some(life) = self.redis.life(record.expiry_date) else { return Ok(true) };
        let place = self.place(&record.id);
        let sealed = self.redis.sealed(&place.record, record).map_err(|error| backend(&error))?;
        let args = (revision(record)?, replaces(record), sealed, life, place.member);
        let kept: u8 = self
            .redis
            .run(operation, script, &[&place.record, &place.index], args)
            .await
            .map_err(|error| backend(&error))?;
        Ok(kept == 1)
    }

    async fn ids_of(
        &self,
        shard: &Name,
        members: &[String],
    ) -> std::result::Result<Vec<SessionId>, StateUnavailable> {
        let records: Vec<Name> = members.iter().map(|member| shard.part(member)).collect();
        let names: Vec<&Name> = records.iter().collect();
        let sealed: Vec<Option<Vec<u8>>> =
            self.redis.run("session.load_many", &LOAD_MANY, &names, ("",)).await?;
        let opened = records.iter().zip(sealed).filter_map(|(name, sealed)| {
            let record: Record = self.redis.opened(name, &sealed?)?;
            Some(SessionId::new(record.id.to_string()))
        });
        Ok(opened.collect())
    }

    /// All shards at once, each counted by Redis.
    async fn counted(&self) -> std::result::Result<usize, StateUnavailable> {
        let mut shards = JoinSet::new();
        for index in (0..SHARDS).map(|number| self.shard(number).part("index")) {
            let redis = self.redis.clone();
            shards.spawn(async move { redis.run::<usize>("session.count", &COUNT, &[&index], ("",)).await });
        }
        let mut count = 0_usize;
        while let Some(shard) = shards.join_next().await {
            let stopped = |_| StateUnavailable::NoAnswer("session.count: stopped".to_owned());
            count += shard.map_err(stopped)??;
        }
        Ok(count)
    }

    async fn read(&self, record: &Name) -> std::result::Result<Option<Record>, StateUnavailable> {
        let sealed: Option<Vec<u8>> = self.redis.run("session.load", &LOAD, &[record], ("",)).await?;
        Ok(sealed.and_then(|sealed| self.redis.opened(record, &sealed)))
    }
}

/// A session's content is personal data: `Debug` shows none of it.
impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisSessions(..)")
    }
}

#[async_trait]
impl SessionStore for RedisSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.put("session.create", &CREATE, record).await? {
            record.id = Id::default();
        }
        self.revisions.note(revision(record)?);
        Ok(())
    }

    /// Changes a session that exists and that nobody else has changed. One that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let revision = revision(record)?;
        if self.revisions.has(revision) {
            return Ok(());
        }
        if !self.put("session.save", &SAVE, record).await? {
            return Err(changed());
        }
        self.revisions.note(revision);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.read(&self.place(id).record).await.map_err(|error| backend(&error))?;
        Ok(found.filter(|record| record.id == *id && self.redis.life(record.expiry_date).is_some()))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let Place { record, index, member } = self.place(id);
        let deleted = self.redis.run("session.delete", &DELETE, &[&record, &index], (member,)).await;
        deleted.map_err(|error| backend(&error))
    }
}

#[async_trait]
impl OpenSessions for RedisSessions {
    async fn ids(&self) -> std::result::Result<Vec<SessionId>, StateUnavailable> {
        let mut ids = Vec::new();
        for shard in (0..SHARDS).map(|number| self.shard(number)) {
            let members: Vec<String> =
                self.redis.run("session.named", &NAMED, &[&shard.part("index")], ("",)).await?;
            for members in members.chunks(AT_ONCE) {
                ids.extend(self.ids_of(&shard, members).await?);
            }
        }
        Ok(ids)
    }

    async fn count(&self) -> std::result::Result<usize, StateUnavailable> {
        let mut counted = self.counted.lock().await;
        match &*counted {
            Some((at, count)) if at.elapsed() < COUNTED_FOR => count.clone(),
            _ => counted.insert((Instant::now(), self.counted().await)).1.clone(),
        }
    }
}

/// What went wrong, as the trait has it; `session` reads it back.
fn backend(error: &StateUnavailable) -> Error {
    Error::Backend(error.to_string())
}
