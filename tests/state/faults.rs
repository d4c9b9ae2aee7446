//! Redis is slow, full, gone, emptied, or another one.

use std::time::Instant;

use connect_gateway::model::{
    Clock as _, Pending as _, PendingSignIn, ReplayGuard as _, StateProbe as _, StateUnavailable,
    SystemClock, Use,
};
use connect_gateway::store::redis::{Redis, RedisPending, RedisReplay, RedisSessions, Transport};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_sessions::SessionStore as _;

use crate::contract::{assertion, pending_key, session, sign_in};
use crate::redis_server::{Server, connect, settings};

/// Nothing that was answered is lost.
const AOF: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

fn soon() -> OffsetDateTime {
    SystemClock.now() + Duration::minutes(5)
}

fn pending(redis: &Redis) -> RedisPending<PendingSignIn> {
    RedisPending::new(redis.clone(), "sign-in")
}

/// Since when Redis remembers, when it says that this is the first use.
async fn first_use(redis: &Redis, id: &str) -> Option<OffsetDateTime> {
    match RedisReplay::new(redis.clone()).first_use(assertion(id), soon()).await.unwrap() {
        Use::First { remembered_since } => Some(remembered_since.expect("Redis knows")),
        Use::Again => None,
    }
}

/// The same request before, while and after the server is killed.
async fn taken_across_a_restart(server: &mut Server, redis: &Redis) -> Option<PendingSignIn> {
    server.kill();
    let store = pending(redis);
    let asks = tokio::spawn(async move { store.take(&pending_key("a")).await });
    tokio::task::yield_now().await;
    server.run();
    asks.await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_and_comes_back_with_its_data_is_noticed_by_nobody() {
    let mut server = Server::with(&AOF);
    let redis = server.connect().await;
    let alice = sign_in("alice");
    pending(&redis).put(pending_key("a"), alice.clone(), soon()).await.unwrap();
    let since = first_use(&redis, "_1").await.unwrap();
    assert_eq!(taken_across_a_restart(&mut server, &redis).await, Some(alice));
    assert_eq!(first_use(&redis, "_1").await, None, "what was used is remembered");
    assert!(first_use(&redis, "_2").await.unwrap() > since, "but nobody knows whether all of it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_back_without_its_data_remembers_from_then_on_only() {
    let mut server = Server::start();
    let redis = server.connect().await;
    pending(&redis).put(pending_key("a"), sign_in("alice"), soon()).await.unwrap();
    let since = first_use(&redis, "_1").await.unwrap();
    assert_eq!(taken_across_a_restart(&mut server, &redis).await, None);
    assert!(first_use(&redis, "_1").await.unwrap() > since);
}

/// Else whoever begins right after that would look like somebody who began before.
#[tokio::test]
async fn since_when_a_redis_remembers_is_noted_by_whatever_is_asked_first() {
    let mut server = Server::start();
    let redis = server.connect().await;
    first_use(&redis, "_1").await.unwrap();
    server.kill();
    server.run();
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(None));
    let then = SystemClock.now();
    // Redis says it in whole milliseconds.
    while SystemClock.now() < then + Duration::milliseconds(2) {
        tokio::task::yield_now().await;
    }
    assert!(first_use(&redis, "_1").await.unwrap() <= then);
}

/// A clock that was wrong then, or a hand that wrote it.
#[tokio::test]
async fn an_epoch_that_is_still_to_begin_or_is_no_moment_begins_now() {
    let server = Server::start();
    let redis = server.connect().await;
    first_use(&redis, "_1").await.unwrap();
    let keys = server.cli(&["KEYS", "*:epoch"]);
    for (number, since) in ["99999999999999", "abc", "nan", "inf"].into_iter().enumerate() {
        server.cli(&["HSET", keys.trim(), "since", since]);
        let before = SystemClock.now() - Duration::milliseconds(1);
        let found = first_use(&redis, &format!("_of_{number}")).await.unwrap();
        assert!(before <= found && found <= SystemClock.now(), "{since}: {found}");
    }
}

#[tokio::test]
async fn a_redis_that_is_emptied_begins_anew_and_replicas_find_each_other_again() {
    let server = Server::start();
    let (one, other) = (server.connect().await, server.connect().await);
    let since = first_use(&one, "_1").await.unwrap();
    assert_eq!(first_use(&other, "_1").await, None);
    assert_eq!(first_use(&other, "_2").await, Some(since), "one epoch for all");
    server.cli(&["FLUSHALL"]);
    let again = first_use(&other, "_1").await.unwrap();
    assert!(again > since);
    assert_eq!(first_use(&one, "_3").await, Some(again));
    one.probe().await.unwrap();
    other.probe().await.unwrap();
    server.connect().await.probe().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_is_gone_is_said_to_be_in_time() {
    let mut server = Server::start();
    let redis = server.connect().await;
    server.kill();
    let began = Instant::now();
    let answer = pending(&redis).take(&pending_key("a")).await;
    assert!(matches!(answer, Err(StateUnavailable::NoAnswer(_))), "{answer:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(redis.probe().await.is_err());
}

/// Connections are held, commands are not answered.
#[tokio::test]
async fn a_redis_that_does_not_answer_is_said_to_be_gone_and_is_back_as_soon_as_it_answers() {
    let server = Server::start();
    let redis = server.connect().await;
    server.cli(&["CLIENT", "PAUSE", "7000", "ALL"]);
    let answer = pending(&redis).take(&pending_key("a")).await;
    assert!(matches!(answer, Err(StateUnavailable::NoAnswer(_))), "{answer:?}");
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(None));
}

/// What comes in goes out 200 ms later, both ways together.
async fn slow(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(pass(from_client, to_server));
            tokio::spawn(pass(from_server, to_client));
        }
    });
    port
}

async fn pass(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_slow_redis_makes_people_wait_and_nothing_else() {
    let server = Server::start();
    let port = slow(server.port).await;
    let redis = connect(&settings(vec![Transport::Plain("127.0.0.1".to_owned(), port)])).await.unwrap();
    let alice = sign_in("alice");
    pending(&redis).put(pending_key("a"), alice.clone(), soon()).await.unwrap();
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(Some(alice)));
    assert!(first_use(&redis, "_1").await.is_some());
}

/// An answer gets lost on its way: the request is repeated and gets the same.
#[tokio::test]
async fn an_answer_that_is_lost_comes_again() {
    let server = Server::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.port);
    let lose = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let loses = lose.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let loses = loses.clone();
            tokio::spawn(async move {
                let (mut here, mut there) = ([0; 8192], [0; 8192]);
                loop {
                    tokio::select! {
                        Ok(read @ 1..) = client.read(&mut here) => server.write_all(&here[..read]).await.unwrap(),
                        Ok(read @ 1..) = server.read(&mut there) => {
                            if loses.swap(false, std::sync::atomic::Ordering::SeqCst) { return }
                            client.write_all(&there[..read]).await.unwrap();
                        }
                        else => return,
                    }
                }
            });
        }
    });
    let redis = connect(&settings(vec![Transport::Plain("127.0.0.1".to_owned(), port)])).await.unwrap();
    // So that the server knows the scripts, and their own answers get lost.
    let alice = sign_in("alice");
    pending(&redis).put(pending_key("0"), alice.clone(), soon()).await.unwrap();
    pending(&redis).take(&pending_key("0")).await.unwrap().unwrap();
    first_use(&redis, "_0").await.unwrap();
    pending(&redis).put(pending_key("a"), alice.clone(), soon()).await.unwrap();
    let is_lost = || !lose.load(std::sync::atomic::Ordering::SeqCst);

    lose.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(Some(alice)));
    assert!(is_lost());
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(None), "and nobody else gets it");

    lose.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(first_use(&redis, "_1").await.is_some());
    assert!(is_lost());
    assert_eq!(first_use(&redis, "_1").await, None);

    let sessions = RedisSessions::new(redis);
    let mut record = session("0");
    sessions.create(&mut session("warm")).await.unwrap();
    let id = record.id;
    lose.store(true, std::sync::atomic::Ordering::SeqCst);
    sessions.create(&mut record).await.unwrap();
    assert!(is_lost());
    assert_eq!(record.id, id, "it is not taken for another's");
}

#[tokio::test]
async fn a_full_redis_is_told_from_one_that_is_gone_and_what_it_keeps_can_still_be_taken() {
    let server = Server::start();
    let redis = server.connect().await;
    let alice = sign_in("alice");
    pending(&redis).put(pending_key("a"), alice.clone(), soon()).await.unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let full = pending(&redis).put(pending_key("b"), alice.clone(), soon()).await;
    assert!(matches!(full, Err(StateUnavailable::Full(_))), "{full:?}");
    let full = RedisReplay::new(redis.clone()).first_use(assertion("_1"), soon()).await;
    assert!(matches!(full, Err(StateUnavailable::Full(_))), "{full:?}");
    let full = RedisSessions::new(redis.clone()).create(&mut session("alice")).await.unwrap_err();
    assert!(matches!(StateUnavailable::from_words(&full.to_string()), StateUnavailable::Full(_)), "{full}");
    assert_eq!(pending(&redis).take(&pending_key("a")).await, Ok(Some(alice)));
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(first_use(&redis, "_1").await.is_some(), "what was refused was not used");
}
