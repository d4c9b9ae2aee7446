//! Which sessions belong to whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::model::{Clock, NamedSessions, SessionId, StateUnavailable, SubjectKey};

/// As many as there may be sessions; beyond this the one that ends next gives way.
const MOST: usize = 200_000;

/// Subject first, so that one subject's sessions stand side by side; then a digest of the session's id.
type Key = ([u8; 32], [u8; 32]);

struct Entry {
    session_index: Option<String>,
    session: SessionId,
    until: OffsetDateTime,
}

#[derive(Default)]
struct Entries {
    by_key: BTreeMap<Key, Entry>,
    ends: BTreeSet<(OffsetDateTime, Key)>,
}

/// [`NamedSessions`] in memory.
pub struct MemoryNamedSessions {
    clock: Arc<dyn Clock>,
    most: usize,
    entries: Mutex<Entries>,
}

impl MemoryNamedSessions {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, most: MOST, entries: Mutex::default() }
    }

    fn swept(&self) -> MutexGuard<'_, Entries> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        while let Some((until, key)) = entries.ends.first().copied() {
            if until > now {
                break;
            }
            entries.remove(&key);
        }
        entries
    }
}

impl Entries {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.by_key.remove(key) {
            self.ends.remove(&(entry.until, *key));
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.ends.first().copied() {
            self.remove(&key);
        }
    }
}

#[async_trait]
impl NamedSessions for MemoryNamedSessions {
    async fn register(
        &self,
        subject: SubjectKey,
        session_index: Option<String>,
        session: SessionId,
        until: OffsetDateTime,
    ) -> Result<(), StateUnavailable> {
        let mut entries = self.swept();
        let key = key(&subject, &session);
        entries.remove(&key);
        while entries.by_key.len() >= self.most {
            entries.drop_oldest();
        }
        entries.ends.insert((until, key));
        entries.by_key.insert(key, Entry { session_index, session, until });
        Ok(())
    }

    async fn find(
        &self,
        subject: &SubjectKey,
        session_indexes: &[String],
    ) -> Result<Vec<SessionId>, StateUnavailable> {
        let asked_for = |index: &Option<String>| {
            session_indexes.is_empty() || index.as_ref().is_none_or(|index| session_indexes.contains(index))
        };
        let entries = self.swept();
        let range =
            entries.by_key.range((*subject.as_bytes(), [0; 32])..=(*subject.as_bytes(), [u8::MAX; 32]));
        let found = range.filter(|(_, entry)| asked_for(&entry.session_index));
        Ok(found.map(|(_, entry)| entry.session.clone()).collect())
    }

    async fn remove(&self, subject: &SubjectKey, session: &SessionId) -> Result<(), StateUnavailable> {
        self.swept().remove(&key(subject, session));
        Ok(())
    }
}

fn key(subject: &SubjectKey, session: &SessionId) -> Key {
    (*subject.as_bytes(), Sha256::digest(session.expose().as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::model::{IdpName, NameId, SystemClock};

    fn subject(value: &str) -> SubjectKey {
        let name =
            NameId { value: value.to_owned(), format: None, name_qualifier: None, sp_name_qualifier: None };
        SubjectKey::new(&IdpName::new("company"), "https://idp.test", &name, "https://sp.test")
    }

    async fn register(
        store: &MemoryNamedSessions,
        who: &str,
        index: Option<&str>,
        session: &str,
        minutes: i64,
    ) {
        let until = SystemClock.now() + Duration::minutes(minutes);
        let index = index.map(str::to_owned);
        store.register(subject(who), index, SessionId::new(session), until).await.unwrap();
    }

    async fn find(store: &MemoryNamedSessions, who: &str, indexes: &[&str]) -> BTreeSet<String> {
        let indexes: Vec<String> = indexes.iter().map(|index| (*index).to_owned()).collect();
        let found = store.find(&subject(who), &indexes).await.unwrap();
        found.iter().map(|session| session.expose().to_owned()).collect()
    }

    fn set(sessions: &[&str]) -> BTreeSet<String> {
        sessions.iter().map(|session| (*session).to_owned()).collect()
    }

    #[tokio::test]
    async fn sessions_are_found_by_subject_and_index_and_all_of_them_without_one() {
        let store = MemoryNamedSessions::new(Arc::new(SystemClock));
        register(&store, "alice", Some("1"), "a1", 10).await;
        register(&store, "alice", Some("2"), "a2", 10).await;
        register(&store, "alice", None, "a0", 10).await;
        register(&store, "bob", Some("1"), "b1", 10).await;
        assert_eq!(find(&store, "alice", &[]).await, set(&["a0", "a1", "a2"]));
        assert_eq!(find(&store, "alice", &["2", "3"]).await, set(&["a0", "a2"]));
        assert_eq!(find(&store, "carol", &[]).await, set(&[]));
        store.remove(&subject("alice"), &SessionId::new("a2")).await.unwrap();
        assert_eq!(find(&store, "alice", &[]).await, set(&["a0", "a1"]));
    }

    #[tokio::test]
    async fn an_entry_ends_with_its_session_and_the_store_is_bounded() {
        let store = MemoryNamedSessions { most: 2, ..MemoryNamedSessions::new(Arc::new(SystemClock)) };
        register(&store, "alice", None, "over", -1).await;
        assert_eq!(find(&store, "alice", &[]).await, set(&[]));
        for (session, minutes) in [("first", 10), ("second", 20), ("third", 30)] {
            register(&store, "alice", None, session, minutes).await;
        }
        assert_eq!(find(&store, "alice", &[]).await, set(&["second", "third"]));
        let entries = store.entries.lock().unwrap();
        assert_eq!((entries.by_key.len(), entries.ends.len()), (2, 2));
    }
}
