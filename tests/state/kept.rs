//! What stands in Redis: nothing that names a person or opens a door, nothing without an end; and which key opens it.

use std::sync::Arc;

use connect_gateway::model::{
    Clock as _, NamedSessions as _, Pending as _, ReplayGuard as _, SessionId, StateProbe as _, SystemClock,
};
use connect_gateway::store::redis::{
    Error, RedisNamedSessions, RedisPending, RedisReplay, RedisSessions, Settings,
};
use time::Duration;
use tower_sessions::SessionStore as _;
use tower_sessions::session::Record;

use crate::contract::{assertion, changed, pending_key, session, sign_in, subject, text};
use crate::redis_server::{Server, connect, key};

/// Puts one of each there, for a person called Wilhelmina.
async fn fill(redis: &connect_gateway::store::redis::Redis) -> Record {
    let soon = SystemClock.now() + Duration::minutes(5);
    let pending = RedisPending::new(redis.clone(), "sign-in");
    for key in ["relay-state-1", "relay-state-2"] {
        pending.put(pending_key(key), sign_in("wilhelmina"), soon).await.unwrap();
    }
    pending.take(&pending_key("relay-state-2")).await.unwrap().unwrap();
    RedisReplay::new(redis.clone()).first_use(assertion("_wilhelmina"), soon).await.unwrap();
    let sessions = RedisSessions::new(redis.clone());
    let (mut kept, mut ended) = (session("wilhelmina"), session("wilhelmina"));
    sessions.create(&mut kept).await.unwrap();
    sessions.create(&mut ended).await.unwrap();
    sessions.delete(&ended.id).await.unwrap();
    sessions.save(&changed(&kept, "2", "wilhelmina again")).await.unwrap();
    let id = SessionId::new(kept.id.to_string());
    let named = RedisNamedSessions::new(redis.clone());
    named.register(subject("wilhelmina"), Some("index-of-wilhelmina".to_owned()), id, soon).await.unwrap();
    kept
}

/// Every key with everything under it, as `redis-cli` prints it.
fn dump(server: &Server) -> Vec<(String, String)> {
    let keys = server.cli(&["KEYS", "*"]);
    let content = |key: &str| match &*server.cli(&["TYPE", key]) {
        "string" => server.cli(&["GET", key]),
        "hash" => server.cli(&["HGETALL", key]),
        "zset" => server.cli(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        other => panic!("{key} is a {other}"),
    };
    keys.lines().map(|key| (key.to_owned(), content(key))).collect()
}

#[tokio::test]
async fn nothing_in_redis_names_a_person_or_opens_a_door_and_everything_ends() {
    let server = Server::start();
    let kept = fill(&server.connect().await).await;
    let dump = dump(&server);
    assert!(dump.len() >= 9, "{dump:#?}");
    let (id, number) = (kept.id.to_string(), kept.id.0.to_string());
    for (key, content) in &dump {
        assert!(key.starts_with("cg1:test:"), "{key}");
        for secret in ["wilhelmina", "relay-state", "idp.test", "acme", "prod", &*id, &*number] {
            let is_there = format!("{key}\n{content}").to_lowercase().contains(&secret.to_lowercase());
            assert!(!is_there, "{secret} in {key}: {content}");
        }
        let life: i64 = server.cli(&["PTTL", key]).parse().unwrap();
        assert!(life > 0, "{key} never ends");
    }
}

async fn replica(server: &Server, own: u8, other: Option<u8>) -> Result<RedisSessions, Error> {
    let settings = Settings { key: key(own), other_key: other.map(key), ..server.settings() };
    connect(&settings).await.map(RedisSessions::new)
}

#[tokio::test]
async fn a_replica_with_another_key_does_not_start() {
    let server = Server::start();
    replica(&server, 1, None).await.unwrap();
    assert_eq!(replica(&server, 2, None).await.err(), Some(Error::WrongKey));
    replica(&server, 2, Some(1)).await.unwrap();
}

/// One after the other goes from one step to the next, and at each moment all read what all have written.
#[tokio::test]
async fn the_key_is_exchanged_while_replicas_run() {
    let server = Server::start();
    let steps = [(1, None), (1, Some(2)), (2, Some(1)), (2, None)];
    let mut record = session("0");
    replica(&server, 1, None).await.unwrap().create(&mut record).await.unwrap();
    let (subject, id) = (subject("alice"), SessionId::new("a"));
    let soon = SystemClock.now() + Duration::minutes(5);
    let first = RedisNamedSessions::new(server.connect().await);
    first.register(subject, None, id.clone(), soon).await.unwrap();
    for (step, pair) in steps.windows(2).enumerate() {
        let [before, after] = [pair[0], pair[1]];
        let before = replica(&server, before.0, before.1).await.unwrap();
        let after = replica(&server, after.0, after.1).await.unwrap();
        for (number, (writer, reader)) in [(&before, &after), (&after, &before)].into_iter().enumerate() {
            let found = writer.load(&record.id).await.unwrap().expect("what the last one wrote");
            let next = changed(&found, &format!("{step}{number}"), &format!("{step}{number}"));
            writer.save(&next).await.unwrap();
            let read = reader.load(&record.id).await.unwrap().expect("what the other one wrote");
            assert_eq!(text(&read), format!("{step}{number}"));
        }
    }
    let last = Settings { key: key(2), ..server.settings() };
    let last = RedisNamedSessions::new(connect(&last).await.unwrap());
    assert_eq!(last.remove(&subject, &id).await, Ok(()), "names stay the same");
    assert_eq!(last.find(&subject, &[]).await, Ok(vec![]));
}

/// The value of one session in the place of another's.
#[tokio::test]
async fn a_value_in_the_place_of_another_is_not_read() {
    let server = Server::start();
    let sessions = RedisSessions::new(server.connect().await);
    let (mut alice, mut bob) = (session("alice"), session("bob"));
    sessions.create(&mut alice).await.unwrap();
    sessions.create(&mut bob).await.unwrap();
    let keys = server.cli(&["KEYS", "cg1:test:session:*"]);
    let records: Vec<&str> = keys.lines().filter(|key| !key.ends_with(":index")).collect();
    let script = "redis.call('HSET', KEYS[2], 'sealed', redis.call('HGET', KEYS[1], 'sealed'))";
    server.cli(&["EVAL", script, "2", records[0], records[1]]);
    let found = [sessions.load(&alice.id).await.unwrap(), sessions.load(&bob.id).await.unwrap()];
    assert_eq!(found.iter().flatten().count(), 1, "{found:?}");
}

#[tokio::test]
async fn two_gateways_at_one_redis_do_not_see_each_other() {
    let server = Server::start();
    let kept = fill(&server.connect().await).await;
    let other = Settings { prefix: "other".to_owned(), key: key(2), ..server.settings() };
    let other = connect(&other).await.unwrap();
    other.probe().await.unwrap();
    assert_eq!(RedisSessions::new(other.clone()).load(&kept.id).await.unwrap(), None);
    let pending: RedisPending<connect_gateway::model::PendingSignIn> = RedisPending::new(other, "sign-in");
    let pending = Arc::new(pending);
    assert_eq!(pending.take(&pending_key("relay-state-1")).await, Ok(None));
}
