//! What is kept of users and tokens says itself what it answers and until when, whatever Redis says, or whoever writes there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use connect_gateway::model::{
    Clock, Found, InstanceName, Lease, Question, RecordKey, RecordKind, SharedRecords as _, StateUnavailable,
    SystemClock, SystemRandom, Unobserved,
};
use connect_gateway::store::redis::{Redis, Transport};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::redis_server::{Server, connect, settings};

const MINUTE: Duration = Duration::from_mins(1);

/// A clock that is ahead.
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + self.0
    }
}

/// A replica whose clock is ahead: what it reads has been there for so long.
async fn later(server: &Server, by: Duration) -> Redis {
    let (clock, random) = (Arc::new(Ahead(by)), Arc::new(SystemRandom));
    Redis::connect(&server.settings(), clock, random, Arc::new(Unobserved)).await.unwrap()
}

fn of(name: &str) -> RecordKey {
    RecordKey { kind: RecordKind::User, instance: InstanceName::new("prod"), name: name.to_owned() }
}

fn placed_as(placement: &str) -> Question {
    Question::now(&placement)
}

#[track_caller]
fn lease(found: Result<Found, StateUnavailable>) -> Lease {
    match found {
        Ok(Found::Yours(lease)) => lease,
        Ok(Found::Kept(_)) => panic!("it is kept"),
        Ok(Found::Theirs | Found::Nothing) => panic!("it is not to be found out"),
        Err(error) => panic!("{error}"),
    }
}

/// Keeps for a minute that this person is in place, and gives the name of the record.
async fn kept_in_place(server: &Server, redis: &Redis, record: &RecordKey, question: &Question) -> String {
    let before = server.cli(&["KEYS", "*"]);
    let lease = lease(redis.begin(record, question, "me").await);
    assert!(!lease.replaces_another);
    assert!(redis.keep(record, &lease, question, b"in place", MINUTE).await.unwrap());
    let keys = server.cli(&["KEYS", "*"]);
    let is_it = |key: &&str| !before.contains(*key) && server.cli(&["TYPE", key]) == "hash";
    keys.lines().find(is_it).unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_serves_its_own_question_for_its_own_time_whatever_redis_says() {
    let server = Server::start();
    let redis = server.connect().await;
    let [demoted, other, third] = ["ada", "bert", "cleo"].map(of);
    let [agent, supervisor] = ["agent", "supervisor"].map(placed_as);
    let record = kept_in_place(&server, &redis, &demoted, &supervisor).await;
    let another = kept_in_place(&server, &redis, &other, &agent).await;
    kept_in_place(&server, &redis, &third, &agent).await;
    assert!(matches!(redis.begin(&demoted, &supervisor, "me").await, Ok(Found::Kept(_))));
    // Whoever may write there says that the old answer is one to the new question.
    let copy = "return redis.call('HSET', KEYS[1], 'question', redis.call('HGET', KEYS[2], 'question'))";
    server.cli(&["EVAL", copy, "2", &record, &another]);
    assert!(matches!(redis.begin(&demoted, &agent, "me").await, Ok(Found::Yours(_))));
    // Or that it is good for ever.
    let later = later(&server, 3 * MINUTE).await;
    server.cli(&["HSET", &another, "until", "99999999999999"]);
    assert!(matches!(redis.begin(&other, &agent, "me").await, Ok(Found::Kept(_))));
    assert!(matches!(later.begin(&other, &agent, "me").await, Ok(Found::Yours(_))));
}

#[tokio::test]
async fn what_is_to_be_good_for_longer_is_found_out_in_time_whatever_redis_says() {
    let server = Server::start();
    let redis = server.connect().await;
    let (ada, agent) = (of("ada"), placed_as("agent"));
    let record = kept_in_place(&server, &redis, &ada, &agent).await;
    server.cli(&["HSET", &record, "until", "99999999999999"]);
    let newer = |seconds| Question { at_least: Duration::from_secs(seconds), only_if_kept: true, ..agent };
    let after_40_seconds = later(&server, Duration::from_secs(40)).await;
    assert!(matches!(after_40_seconds.begin(&ada, &newer(1), "me").await, Ok(Found::Kept(_))));
    assert!(matches!(after_40_seconds.begin(&ada, &newer(30), "me").await, Ok(Found::Yours(_))));
    let after_3_minutes = later(&server, 3 * MINUTE).await;
    assert!(matches!(after_3_minutes.begin(&ada, &newer(30), "me").await, Ok(Found::Nothing)));
}

/// Else a token of the old placement would go on.
#[tokio::test]
async fn what_stands_there_and_is_no_answer_to_the_question_is_one_to_another() {
    let server = Server::start();
    let redis = server.connect().await;
    let [agent, supervisor] = ["agent", "supervisor"].map(placed_as);
    let as_agent = kept_in_place(&server, &redis, &of("somebody"), &agent).await;
    let changed = |what: &str| format!("return redis.call({what})");
    let as_if_asked = "'HSET', KEYS[1], 'question', redis.call('HGET', KEYS[2], 'question')";
    let scripts = [
        "return 'as it is'".to_owned(),
        changed("'HDEL', KEYS[1], 'question'"),
        changed("'HSET', KEYS[1], 'question', 'nonsense'"),
        changed(as_if_asked),
        changed(&format!("{as_if_asked}, 'until', '0'")),
        changed(&format!("{as_if_asked}, 'until', 'nonsense'")),
        changed(&format!("{as_if_asked}, 'answer', 'nonsense'")),
        changed(&format!("{as_if_asked}, 'answer', redis.call('HGET', KEYS[2], 'answer')")),
        changed("'HDEL', KEYS[1], 'answer'"),
        changed("'HDEL', KEYS[1], 'answer', 'until'"),
        changed("'HDEL', KEYS[1], 'answer', 'question'"),
    ];
    for (number, script) in scripts.iter().enumerate() {
        let ada = of(&format!("ada{number}"));
        let record = kept_in_place(&server, &redis, &ada, &supervisor).await;
        server.cli(&["EVAL", script, "2", &record, &as_agent]);
        assert!(lease(redis.begin(&ada, &agent, "me").await).replaces_another, "{script}");
    }
    for hint in ["question", "until"] {
        let ada = of(&format!("ada of the same {hint}"));
        let record = kept_in_place(&server, &redis, &ada, &agent).await;
        server.cli(&["HSET", &record, hint, "0"]);
        let lease = lease(redis.begin(&ada, &agent, "me").await);
        assert!(!lease.replaces_another, "the placement is the same, whatever {hint} says");
    }
}

/// Somebody between the gateway and Redis.
#[derive(Default)]
struct Liar {
    /// Else everything is passed on.
    lies: AtomicBool,
    told: AtomicUsize,
}

/// Says to everything that an answer is kept.
async fn between(to: u16, liar: Arc<Liar>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut server, liar) =
                (TcpStream::connect(("127.0.0.1", to)).await.unwrap(), Arc::clone(&liar));
            tokio::spawn(async move {
                let (mut here, mut there) = ([0; 8192], [0; 8192]);
                loop {
                    tokio::select! {
                        Ok(read @ 1..) = client.read(&mut here) => {
                            if liar.lies.load(Ordering::SeqCst) {
                                liar.told.fetch_add(1, Ordering::SeqCst);
                                client.write_all(b"*3\r\n$4\r\nkept\r\n$0\r\n\r\n$4\r\nlies\r\n").await.unwrap();
                            } else {
                                server.write_all(&here[..read]).await.unwrap();
                            }
                        }
                        Ok(read @ 1..) = server.read(&mut there) => client.write_all(&there[..read]).await.unwrap(),
                        else => return,
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_redis_that_says_again_that_nonsense_is_kept_is_asked_no_third_time() {
    let server = Server::start();
    let liar = Arc::new(Liar::default());
    let port = between(server.port, Arc::clone(&liar)).await;
    let redis = connect(&settings(vec![Transport::Plain("127.0.0.1".to_owned(), port)])).await.unwrap();
    let (ada, agent) = (of("ada"), placed_as("agent"));
    lease(redis.begin(&of("bert"), &agent, "me").await);
    liar.lies.store(true, Ordering::SeqCst);
    let found = redis.begin(&ada, &agent, "me").await;
    let Err(StateUnavailable::NoAnswer(cause)) = found else { panic!("it believes that") };
    assert!(cause.contains("records.begin"), "{cause}");
    // Twice, and once more where the key that makes names was looked at meanwhile.
    let told = liar.told.load(Ordering::SeqCst);
    assert!((2..=3).contains(&told), "{told} times");
    liar.lies.store(false, Ordering::SeqCst);
    lease(redis.begin(&ada, &agent, "me").await);
}
