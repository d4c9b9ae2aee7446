//! Sessions.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Result, SessionStore};

use super::expiring::Expiring;
use super::redis::RedisSessions;
use super::revisions::{Revisions, changed, replaces, revision};
use crate::model::session_record::REVISION;
use crate::model::{Clock, OpenSessions, SessionId, StateUnavailable};

/// Each session took a completed sign-in; beyond this the one that ends next gives way.
const MOST: usize = 200_000;

type Kept = (HashMap<String, Value>, OffsetDateTime);

/// Sessions in memory. Clones share them.
#[derive(Clone)]
pub struct MemorySessions {
    clock: Arc<dyn Clock>,
    entries: Arc<Mutex<Expiring<i128, Kept>>>,
    revisions: Revisions,
}

impl MemorySessions {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { revisions: Revisions::new(clock.clone()), clock, entries: Arc::default() }
    }

    fn swept(&self) -> MutexGuard<'_, Expiring<i128, Kept>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.sweep(self.clock.now());
        entries
    }
}

/// A session's content is personal data: `Debug` shows none of it.
impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemorySessions(..)")
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut entries = self.swept();
        while entries.contains(&record.id.0) {
            record.id = Id::default();
        }
        while entries.len() >= MOST {
            entries.drop_oldest();
        }
        entries.insert(record.id.0, (record.data.clone(), record.expiry_date), record.expiry_date);
        self.revisions.note(revision(record)?);
        Ok(())
    }

    /// Changes a session that exists and that nobody else has changed. One that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let revision = revision(record)?;
        if self.revisions.has(revision) {
            return Ok(());
        }
        let mut entries = self.swept();
        let kept = entries.find(&record.id.0).and_then(|(data, _)| data.get(REVISION)?.as_str());
        if kept != Some(replaces(record)) {
            return Err(changed());
        }
        entries.insert(record.id.0, (record.data.clone(), record.expiry_date), record.expiry_date);
        self.revisions.note(revision);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let entries = self.swept();
        Ok(entries.find(&id.0).map(|(data, expiry_date)| Record {
            id: *id,
            data: data.clone(),
            expiry_date: *expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.swept().remove(&id.0);
        Ok(())
    }
}

#[async_trait]
impl OpenSessions for MemorySessions {
    async fn ids(&self) -> std::result::Result<Vec<SessionId>, StateUnavailable> {
        Ok(self.swept().keys().map(|id| SessionId::new(Id(*id).to_string())).collect())
    }

    async fn count(&self) -> std::result::Result<usize, StateUnavailable> {
        Ok(self.swept().len())
    }
}

/// Sessions, wherever they are kept. Clones share them.
#[derive(Debug, Clone)]
pub enum Sessions {
    /// In this process's memory.
    Memory(MemorySessions),
    /// In Redis.
    Redis(RedisSessions),
}

impl Sessions {
    fn store(&self) -> &dyn SessionStore {
        match self {
            Self::Memory(sessions) => sessions,
            Self::Redis(sessions) => sessions,
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.store().create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.store().save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.store().load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store().delete(id).await
    }
}

#[async_trait]
impl OpenSessions for Sessions {
    async fn ids(&self) -> std::result::Result<Vec<SessionId>, StateUnavailable> {
        match self {
            Self::Memory(sessions) => sessions.ids().await,
            Self::Redis(sessions) => sessions.ids().await,
        }
    }

    async fn count(&self) -> std::result::Result<usize, StateUnavailable> {
        match self {
            Self::Memory(sessions) => sessions.count().await,
            Self::Redis(sessions) => sessions.count().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::model::SystemClock;
    use crate::model::session_record::REPLACES;

    fn record(id: i128, text: &str) -> Record {
        Record {
            id: Id(id),
            data: HashMap::from([(REVISION.to_owned(), Value::from(text))]),
            expiry_date: SystemClock.now() + Duration::hours(1),
        }
    }

    fn store() -> MemorySessions {
        MemorySessions::new(Arc::new(SystemClock))
    }

    #[tokio::test]
    async fn all_sessions_that_have_not_ended_are_named() {
        let (store, mut over) = (store(), record(3, "c"));
        over.expiry_date = SystemClock.now() - Duration::hours(1);
        for mut session in [record(1, "a"), record(2, "b"), over] {
            store.create(&mut session).await.unwrap();
        }
        store.delete(&Id(2)).await.unwrap();
        let ids = store.ids().await.unwrap();
        assert_eq!(ids.iter().map(SessionId::expose).collect::<Vec<_>>(), [Id(1).to_string()]);
    }

    #[tokio::test]
    async fn a_session_is_found_until_it_is_deleted() {
        let (store, mut session) = (store(), record(1, "a"));
        store.create(&mut session).await.unwrap();
        assert_eq!(store.load(&session.id).await.unwrap(), Some(session.clone()));
        store.delete(&session.id).await.unwrap();
        assert_eq!(store.load(&session.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_new_session_never_takes_the_id_of_another() {
        let (store, mut first, mut second) = (store(), record(1, "a"), record(1, "b"));
        store.create(&mut first).await.unwrap();
        store.create(&mut second).await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(store.load(&first.id).await.unwrap(), Some(first));
    }

    #[tokio::test]
    async fn a_request_still_under_way_does_not_bring_an_ended_session_back() {
        let (store, mut session) = (store(), record(1, "a"));
        store.create(&mut session).await.unwrap();
        store.delete(&session.id).await.unwrap();
        for (key, text) in [(REPLACES, "a"), (REVISION, "b")] {
            session.data.insert(key.to_owned(), Value::from(text));
        }
        assert!(store.save(&session).await.is_err());
        assert_eq!(store.load(&session.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_expired_session_is_not_there() {
        let (store, mut session) = (store(), record(1, "a"));
        session.expiry_date = SystemClock.now() - Duration::seconds(1);
        store.create(&mut session).await.unwrap();
        assert_eq!(store.load(&session.id).await.unwrap(), None);
    }

    #[test]
    fn a_session_store_does_not_print_its_content() {
        assert_eq!(format!("{:?}", store()), "MemorySessions(..)");
    }
}
