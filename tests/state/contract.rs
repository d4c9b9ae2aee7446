//! The same cases, whatever keeps the state.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use connect_gateway::model::session_record::{REPLACES, REVISION};
use connect_gateway::model::{
    Clock as _, IdpName, InstanceName, NameId, NamedSessions, OpenSessions, Pending, PendingKey,
    PendingSignIn, Purpose, ReplayGuard, ReplayKey, RequestId, Requested, SessionId, SubjectKey, SystemClock,
    Target, Use, Username,
};
use connect_gateway::store::redis::{Redis, RedisNamedSessions, RedisPending, RedisReplay, RedisSessions};
use connect_gateway::store::{MemoryNamedSessions, MemoryPending, MemoryReplay, MemorySessions};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tokio::task::JoinSet;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

use crate::redis_server::Server;

/// Two views of the same state, as two replicas have them.
struct Two<T: ?Sized>(Arc<T>, Arc<T>);

async fn redis() -> (Server, Redis, Redis) {
    let server = Server::start();
    let (one, other) = (server.connect().await, server.connect().await);
    (server, one, other)
}

fn soon() -> OffsetDateTime {
    SystemClock.now() + Duration::minutes(5)
}

pub(crate) fn sign_in(person: &str) -> PendingSignIn {
    PendingSignIn {
        request_id: RequestId::new("_1"),
        idp: IdpName::new("acme"),
        purpose: Purpose::SignIn(Target::Instance(InstanceName::new("prod"), None)),
        requested: Requested::default(),
        started_at: SystemClock.now().replace_nanosecond(0).unwrap(),
        handed_over: BTreeSet::from([(InstanceName::new("prod"), Username::new(person).unwrap())]),
        session: None,
    }
}

pub(crate) fn pending_key(text: &str) -> PendingKey {
    PendingKey::new(text, "browser")
}

pub(crate) fn assertion(id: &str) -> ReplayKey {
    ReplayKey { issuer: "https://idp.test".to_owned(), assertion_id: id.to_owned() }
}

/// A session in its first state.
pub(crate) fn session(text: &str) -> Record {
    let data = [(REVISION, "1"), ("text", text)].map(|(key, text)| (key.to_owned(), Value::from(text)));
    Record { id: Id::default(), data: HashMap::from(data), expiry_date: soon() }
}

/// The same, changed.
pub(crate) fn changed(record: &Record, revision: &str, text: &str) -> Record {
    let mut changed = record.clone();
    let replaces = record.data[REVISION].clone();
    changed.data.extend([
        (REPLACES.to_owned(), replaces),
        (REVISION.to_owned(), Value::from(revision)),
        ("text".to_owned(), Value::from(text)),
    ]);
    changed
}

pub(crate) fn text(record: &Record) -> &str {
    record.data["text"].as_str().unwrap()
}

pub(crate) fn subject(value: &str) -> SubjectKey {
    let name =
        NameId { value: value.to_owned(), format: None, name_qualifier: None, sp_name_qualifier: None };
    SubjectKey::new(&IdpName::new("acme"), "https://idp.test", &name, "https://sp.test")
}

async fn pending_is_taken_once(two: Two<dyn Pending<PendingSignIn>>) {
    let alice = sign_in("alice");
    two.0.put(pending_key("a"), alice.clone(), soon()).await.unwrap();
    let mut takers = JoinSet::new();
    for taker in 0..50 {
        let store = if taker % 2 == 0 { two.0.clone() } else { two.1.clone() };
        takers.spawn(async move { store.take(&pending_key("a")).await.unwrap() });
    }
    let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken, [alice]);
    assert_eq!(two.1.take(&pending_key("b")).await, Ok(None));
    two.0.put(pending_key("over"), sign_in("bob"), SystemClock.now()).await.unwrap();
    assert_eq!(two.0.take(&pending_key("over")).await, Ok(None));
}

#[tokio::test]
async fn a_pending_sign_in_is_taken_once_by_whoever_comes_first() {
    let memory = Arc::new(MemoryPending::new(Arc::new(SystemClock)));
    pending_is_taken_once(Two(memory.clone(), memory)).await;
    let (_server, one, other) = redis().await;
    let [one, other] = [one, other].map(|redis| Arc::new(RedisPending::new(redis, "sign-in")));
    pending_is_taken_once(Two(one, other)).await;
}

async fn an_assertion_is_used_once(two: Two<dyn ReplayGuard>) {
    let mut comers = JoinSet::new();
    for comer in 0..50 {
        let store = if comer % 2 == 0 { two.0.clone() } else { two.1.clone() };
        comers.spawn(async move { store.first_use(assertion("_1"), soon()).await.unwrap() });
    }
    let uses = comers.join_all().await;
    assert_eq!(uses.iter().filter(|used| matches!(used, Use::First { .. })).count(), 1);
    assert!(matches!(two.1.first_use(assertion("_2"), soon()).await, Ok(Use::First { .. })));
    assert_eq!(two.0.first_use(assertion("_2"), soon()).await, Ok(Use::Again));
    let other_issuer = ReplayKey { issuer: "https://idp.test_".to_owned(), assertion_id: "2".to_owned() };
    assert!(matches!(two.0.first_use(other_issuer, soon()).await, Ok(Use::First { .. })));
}

#[tokio::test]
async fn an_assertion_is_used_once_wherever_it_comes() {
    let memory = Arc::new(MemoryReplay::new(Arc::new(SystemClock)));
    an_assertion_is_used_once(Two(memory.clone(), memory)).await;
    let (_server, one, other) = redis().await;
    let [one, other] = [one, other].map(|redis| Arc::new(RedisReplay::new(redis)));
    an_assertion_is_used_once(Two(one, other)).await;
}

async fn sessions_are_kept<S: SessionStore + OpenSessions>(two: Two<S>) {
    let (mut first, mut same_id) = (session("first"), session("same"));
    two.0.create(&mut first).await.unwrap();
    same_id.id = first.id;
    same_id.data.insert(REVISION.to_owned(), Value::from("2"));
    two.1.create(&mut same_id).await.unwrap();
    assert_ne!(first.id, same_id.id, "a new session never takes the id of another");
    assert_eq!(two.1.load(&first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(two.1.load(&Id::default()).await.unwrap(), None);

    let ids: BTreeSet<String> = two.1.ids().await.unwrap().iter().map(|id| id.expose().to_owned()).collect();
    assert_eq!(ids, BTreeSet::from([first.id.to_string(), same_id.id.to_string()]));

    let mut over = session("over");
    over.expiry_date = SystemClock.now() - Duration::seconds(1);
    two.0.create(&mut over).await.unwrap();
    assert_eq!(two.0.load(&over.id).await.unwrap(), None);

    two.1.delete(&same_id.id).await.unwrap();
    assert_eq!(two.0.load(&same_id.id).await.unwrap(), None);
    let ids = two.0.ids().await.unwrap();
    assert_eq!(ids.iter().map(SessionId::expose).collect::<Vec<_>>(), [first.id.to_string()]);
}

#[tokio::test]
async fn a_session_is_found_at_every_replica_until_it_ends() {
    let memory = Arc::new(MemorySessions::new(Arc::new(SystemClock)));
    sessions_are_kept(Two(memory.clone(), memory)).await;
    let (_server, one, other) = redis().await;
    let [one, other] = [one, other].map(|redis| Arc::new(RedisSessions::new(redis)));
    sessions_are_kept(Two(one, other)).await;
}

async fn changes_are_not_lost<S: SessionStore>(two: Two<S>) {
    let mut record = session("0");
    two.0.create(&mut record).await.unwrap();
    let (here, there) = (changed(&record, "here", "here"), changed(&record, "there", "there"));
    two.0.save(&here).await.unwrap();
    assert!(two.1.save(&there).await.is_err(), "what it takes the place of is not there any more");
    two.0.save(&here).await.unwrap();
    assert_eq!(text(&two.1.load(&record.id).await.unwrap().unwrap()), "here");
    let next = changed(&two.1.load(&record.id).await.unwrap().unwrap(), "next", "next");
    two.1.save(&next).await.unwrap();
    two.0.save(&here).await.unwrap();
    assert_eq!(text(&two.0.load(&record.id).await.unwrap().unwrap()), "next", "saved once, asked for twice");

    two.1.delete(&record.id).await.unwrap();
    assert!(two.0.save(&changed(&next, "late", "late")).await.is_err());
    assert_eq!(two.0.load(&record.id).await.unwrap(), None, "an ended session stays ended");
}

#[tokio::test]
async fn of_two_changes_of_a_session_none_is_lost_and_an_ended_one_stays_ended() {
    let memory = Arc::new(MemorySessions::new(Arc::new(SystemClock)));
    changes_are_not_lost(Two(memory.clone(), memory)).await;
    let (_server, one, other) = redis().await;
    let [one, other] = [one, other].map(|redis| Arc::new(RedisSessions::new(redis)));
    changes_are_not_lost(Two(one, other)).await;
}

async fn found(store: &dyn NamedSessions, who: &str, indexes: &[&str]) -> BTreeSet<String> {
    let indexes: Vec<String> = indexes.iter().map(|index| (*index).to_owned()).collect();
    let found = store.find(&subject(who), &indexes).await.unwrap();
    found.iter().map(|session| session.expose().to_owned()).collect()
}

async fn sessions_have_names(two: Two<dyn NamedSessions>) {
    for (who, index, id, until) in [
        ("alice", Some("1"), "a1", soon()),
        ("alice", Some("2"), "a2", soon()),
        ("alice", None, "a0", soon()),
        ("alice", None, "over", SystemClock.now() - Duration::seconds(1)),
        ("bob", Some("1"), "b1", soon()),
    ] {
        two.0.register(subject(who), index.map(str::to_owned), SessionId::new(id), until).await.unwrap();
    }
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found(&*two.1, "alice", &[]).await, set(&["a0", "a1", "a2"]));
    assert_eq!(found(&*two.1, "alice", &["2", "3"]).await, set(&["a0", "a2"]));
    assert_eq!(found(&*two.1, "carol", &[]).await, set(&[]));
    two.1.remove(&subject("alice"), &SessionId::new("a2")).await.unwrap();
    assert_eq!(found(&*two.0, "alice", &[]).await, set(&["a0", "a1"]));
}

#[tokio::test]
async fn sessions_are_found_by_their_names_at_every_replica() {
    let memory = Arc::new(MemoryNamedSessions::new(Arc::new(SystemClock)));
    sessions_have_names(Two(memory.clone(), memory)).await;
    let (_server, one, other) = redis().await;
    let [one, other] = [one, other].map(|redis| Arc::new(RedisNamedSessions::new(redis)));
    sessions_have_names(Two(one, other)).await;
}
