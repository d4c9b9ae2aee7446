//! The gateway's own session: who is signed in at this browser. The browser holds only an opaque id.

use serde::Deserialize as _;
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Error as SessionError, Id};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore, session_store};

use crate::model::session_record::{CHANGED, REPLACES, REVISION};
use crate::model::{SessionId, SignedIn, StateUnavailable};

/// The session cookie. `__Host-` binds it to this host, https and `Path=/`.
pub const COOKIE: &str = "__Host-gateway-session";

/// What a session holds: one value.
const KEY: &str = "signed_in";

/// How often a change is merged with what others have changed meanwhile.
const MOST_TRIES: usize = 10;

/// Sessions over `store`. `Lax`: the cookie comes along when a link or redirect leads here, and never
/// with a POST from another site.
#[must_use]
pub fn layer<S: SessionStore>(store: S) -> SessionManagerLayer<S> {
    SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_secure(true)
        .with_http_only(true)
        .with_path("/")
        .with_same_site(SameSite::Lax)
}

/// Who is signed in, if anyone is.
///
/// # Errors
/// When the session store does not answer.
pub async fn read(session: &Session, now: OffsetDateTime) -> Result<Option<SignedIn>, StateUnavailable> {
    match session.get::<SignedIn>(KEY).await {
        Ok(found) => Ok(found.filter(|signed_in| signed_in.until > now)),
        // Written by another version of the gateway: the person signs in again.
        Err(SessionError::SerdeJson(_)) => Ok(None),
        Err(error) => Err(unavailable(&error)),
    }
}

/// Begins a session under a new id, whatever id the browser came with (session fixation).
///
/// # Errors
/// When the session store does not answer.
pub async fn begin(session: &Session, signed_in: &SignedIn) -> Result<(), StateUnavailable> {
    if session.id().is_some() {
        session.clear().await;
        // Not `flush`: that would let the old id live on.
        session.cycle_id().await.map_err(|error| unavailable(&error))?;
    }
    write(session, signed_in).await.map_err(|error| unavailable(&error))
}

/// Stores what a hand-off changed. `false` when the session was ended meanwhile: nothing is stored then.
///
/// # Errors
/// When the session store does not answer.
pub async fn update(
    session: &Session,
    mut signed_in: SignedIn,
    now: OffsetDateTime,
) -> Result<bool, StateUnavailable> {
    for _ in 0..MOST_TRIES {
        let Some(current) = read(session, now).await? else { return Ok(false) };
        keep_both(&mut signed_in, current);
        match write(session, &signed_in).await {
            Ok(()) => return Ok(true),
            Err(error) if is_late(&error) => {}
            Err(error) => return Err(unavailable(&error)),
        }
        // Another tab was handed over, or signed out, while this one waited.
        session.load().await.map_err(|error| unavailable(&error))?;
    }
    Err(StateUnavailable::NoAnswer("a session changes faster than it can be saved".to_owned()))
}

/// What this tab and another one did.
fn keep_both(signed_in: &mut SignedIn, current: SignedIn) {
    signed_in.handed_over.extend(current.handed_over);
    signed_in.own.extend(current.own);
    for (instance, theirs) in current.connect_until {
        let ours = signed_in.connect_until.entry(instance).or_insert(theirs);
        *ours = theirs.max(*ours);
    }
    // What the other tab has used up stays used up.
    signed_in.forced_for = signed_in.forced_for.take().filter(|_| current.forced_for.is_some());
}

/// Whether the session is still there, whatever was read of it before.
///
/// # Errors
/// When the session store does not answer.
pub async fn lives(session: &Session, now: OffsetDateTime) -> Result<bool, StateUnavailable> {
    session.load().await.map_err(|error| unavailable(&error))?;
    Ok(read(session, now).await?.is_some())
}

/// The id of a session that is in the store.
#[must_use]
pub fn id(session: &Session) -> Option<SessionId> {
    session.id().map(|id| SessionId::new(id.to_string()))
}

/// Ends a session that is not this request's.
///
/// # Errors
/// When the session store does not answer.
pub async fn end_other(store: &dyn SessionStore, id: &SessionId) -> Result<(), StateUnavailable> {
    let Ok(id) = id.expose().parse() else { return Ok(()) };
    store.delete(&id).await.map_err(|error| unavailable(&SessionError::Store(error)))
}

/// Ends a session that is not this request's, and says whose it was; `None` when it has ended before.
///
/// # Errors
/// When the session store does not answer.
pub async fn take_other(
    store: &dyn SessionStore,
    id: &SessionId,
    now: OffsetDateTime,
) -> Result<Option<SignedIn>, StateUnavailable> {
    let found = read_other(store, id, now).await?;
    end_other(store, id).await?;
    Ok(found)
}

/// Whose a session is that is not this request's; `None` when it has ended.
///
/// # Errors
/// When the session store does not answer.
pub async fn read_other(
    store: &dyn SessionStore,
    id: &SessionId,
    now: OffsetDateTime,
) -> Result<Option<SignedIn>, StateUnavailable> {
    let Ok(id) = id.expose().parse() else { return Ok(None) };
    let found = store.load(&id).await.map_err(|error| unavailable(&SessionError::Store(error)))?;
    // Written by another version of the gateway: nobody can tell whose it was.
    let signed_in = found.and_then(|record| SignedIn::deserialize(record.data.get(KEY)?.clone()).ok());
    Ok(signed_in.filter(|signed_in| signed_in.until > now))
}

/// Ends the session, here and in the store.
///
/// # Errors
/// When the session store does not answer.
pub async fn end(session: &Session) -> Result<(), StateUnavailable> {
    session.flush().await.map_err(|error| unavailable(&error))
}

/// The store keeps it only in place of what was read.
async fn write(session: &Session, signed_in: &SignedIn) -> Result<(), SessionError> {
    session.set_expiry(Some(Expiry::AtDateTime(signed_in.until)));
    let replaces: Option<String> = session.get(REVISION).await?;
    session.insert(REPLACES, replaces.unwrap_or_default()).await?;
    session.insert(REVISION, Id::default().to_string()).await?;
    session.insert(KEY, signed_in).await?;
    // Saved here, not at the end of the request, so that a failure gets a page.
    session.save().await
}

fn is_late(error: &SessionError) -> bool {
    matches!(error, SessionError::Store(session_store::Error::Backend(words)) if words == CHANGED)
}

/// The error's own words only: a value that could not be decoded is not repeated.
fn unavailable(error: &SessionError) -> StateUnavailable {
    match error {
        SessionError::Store(session_store::Error::Backend(words)) => StateUnavailable::from_words(words),
        SessionError::Store(error) => StateUnavailable::NoAnswer(format!("session store: {error}")),
        SessionError::SerdeJson(_) => StateUnavailable::NoAnswer("a session could not be encoded".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use super::*;
    use crate::model::{Clock as _, Identity, IdpName, InstanceName, SystemClock, Username};
    use time::Duration;

    // The store lives in a room of the same layer; a session needs any store to be tested.
    #[derive(Debug, Default)]
    struct Store(std::sync::Mutex<std::collections::HashMap<i128, tower_sessions::session::Record>>);

    #[async_trait::async_trait]
    impl SessionStore for Store {
        async fn create(
            &self,
            record: &mut tower_sessions::session::Record,
        ) -> tower_sessions::session_store::Result<()> {
            self.0.lock().unwrap().insert(record.id.0, record.clone());
            Ok(())
        }
        async fn save(
            &self,
            record: &tower_sessions::session::Record,
        ) -> tower_sessions::session_store::Result<()> {
            match self.0.lock().unwrap().get_mut(&record.id.0) {
                Some(kept) if kept.data.get(REVISION) == record.data.get(REPLACES) => {
                    *kept = record.clone();
                    Ok(())
                }
                _ => Err(session_store::Error::Backend(CHANGED.to_owned())),
            }
        }
        async fn load(
            &self,
            id: &Id,
        ) -> tower_sessions::session_store::Result<Option<tower_sessions::session::Record>> {
            Ok(self.0.lock().unwrap().get(&id.0).cloned())
        }
        async fn delete(&self, id: &Id) -> tower_sessions::session_store::Result<()> {
            self.0.lock().unwrap().remove(&id.0);
            Ok(())
        }
    }

    fn now() -> OffsetDateTime {
        // Sessions store whole seconds.
        SystemClock.now().replace_nanosecond(0).unwrap()
    }

    fn signed_in(minutes: i64) -> SignedIn {
        SignedIn {
            identity: Identity {
                idp: IdpName::new("acme"),
                issuer: "https://idp.test".to_owned(),
                name_id: None,
                session_index: None,
                authn_context: None,
                authn_instant: now(),
                session_not_on_or_after: None,
                attributes: BTreeMap::new(),
            },
            since: now(),
            until: now() + Duration::minutes(minutes),
            forced_for: None,
            forced_for_console: false,
            handed_over: BTreeSet::new(),
            own: BTreeSet::new(),
            connect_until: BTreeMap::new(),
        }
    }

    fn over(name: &str) -> (InstanceName, Username) {
        (InstanceName::new(name), Username::new("alice").unwrap())
    }

    #[tokio::test]
    async fn a_session_reads_back_as_it_began() {
        let session = Session::new(None, Arc::new(Store::default()), None);
        let alice = signed_in(60);
        begin(&session, &alice).await.unwrap();
        assert_eq!(read(&session, now()).await, Ok(Some(alice)));
    }

    #[tokio::test]
    async fn a_sign_in_never_keeps_the_id_the_browser_came_with() {
        let store = Arc::new(Store::default());
        let planted = Session::new(None, Arc::clone(&store), None);
        begin(&planted, &signed_in(60)).await.unwrap();
        let planted = planted.id().unwrap();
        let session = Session::new(Some(planted), Arc::clone(&store), None);
        begin(&session, &signed_in(60)).await.unwrap();
        assert_ne!(session.id(), Some(planted));
        assert!(!store.0.lock().unwrap().contains_key(&planted.0), "the planted session is gone");
    }

    #[tokio::test]
    async fn a_session_past_its_end_is_nobodys() {
        let session = Session::new(None, Arc::new(Store::default()), None);
        begin(&session, &signed_in(1)).await.unwrap();
        assert_eq!(read(&session, now() + Duration::minutes(1)).await, Ok(None));
    }

    #[tokio::test]
    async fn an_update_keeps_the_sessions_end() {
        let store = Arc::new(Store::default());
        let first = Session::new(None, Arc::clone(&store), None);
        let alice = signed_in(60);
        begin(&first, &alice).await.unwrap();
        let later = Session::new(first.id(), Arc::clone(&store), None);
        assert_eq!(update(&later, alice.clone(), now()).await, Ok(true));
        assert_eq!(store.load(&later.id().unwrap()).await.unwrap().unwrap().expiry_date, alice.until);
    }

    #[tokio::test]
    async fn hand_offs_in_two_tabs_are_both_remembered() {
        let ends = now();
        let store = Arc::new(Store::default());
        let first = Session::new(None, Arc::clone(&store), None);
        begin(&first, &signed_in(60)).await.unwrap();
        let tabs = [first.id(), first.id()].map(|id| Session::new(id, Arc::clone(&store), None));
        for tab in &tabs {
            read(tab, now()).await.unwrap();
        }
        for (tab, instance) in tabs.iter().zip(["prod", "test"]) {
            let mut alice = signed_in(60);
            alice.hand_over(&InstanceName::new(instance), &Username::new("alice").unwrap());
            alice.connect_until.insert(InstanceName::new(instance), ends);
            update(tab, alice, now()).await.unwrap();
        }
        let reader = Session::new(first.id(), store, None);
        let found = read(&reader, now()).await.unwrap().unwrap();
        assert_eq!(found.handed_over, BTreeSet::from([over("prod"), over("test")]));
        assert_eq!(found.own, found.handed_over);
        assert_eq!(found.connect_until, ["prod", "test"].map(|name| (InstanceName::new(name), ends)).into());
    }

    #[tokio::test]
    async fn a_forced_authentication_that_another_tab_has_used_is_not_brought_back() {
        let store = Arc::new(Store::default());
        let first = Session::new(None, Arc::clone(&store), None);
        let forced = SignedIn { forced_for: Some(InstanceName::new("prod")), ..signed_in(60) };
        begin(&first, &forced).await.unwrap();
        let waiting = Session::new(first.id(), Arc::clone(&store), None);
        let stale = read(&waiting, now()).await.unwrap().unwrap();
        let other = Session::new(first.id(), Arc::clone(&store), None);
        update(&other, SignedIn { forced_for: None, ..forced }, now()).await.unwrap();
        update(&waiting, stale, now()).await.unwrap();
        let reader = Session::new(first.id(), store, None);
        assert_eq!(read(&reader, now()).await.unwrap().unwrap().forced_for, None);
    }

    #[tokio::test]
    async fn a_session_that_was_ended_in_another_tab_is_not_updated() {
        let store = Arc::new(Store::default());
        let first = Session::new(None, Arc::clone(&store), None);
        begin(&first, &signed_in(60)).await.unwrap();
        let waiting = Session::new(first.id(), Arc::clone(&store), None);
        read(&waiting, now()).await.unwrap();
        assert_eq!(lives(&waiting, now()).await, Ok(true));
        end(&first).await.unwrap();
        assert_eq!(lives(&waiting, now()).await, Ok(false));
        assert_eq!(update(&waiting, signed_in(60), now()).await, Ok(false));
        assert!(store.0.lock().unwrap().is_empty());
    }
}
