//! Users and tokens of two replicas.

use std::sync::Arc;
use std::time::Duration;

use connect_gateway::connect::{Connect, Error};
use connect_gateway::emulator::{Behaviour, Rates as AwsRates};
use connect_gateway::federation::Federation;
use connect_gateway::model::{
    ConnectUser, Found, InstanceName, Pace, Placement, Question, Rate, Rates, RecordKey, RecordKind,
    SharedRecords as _, SystemRandom, UserId, Username,
};
use connect_gateway::store::redis::{Redis, SharedBudget};
use tokio::time::{Instant, sleep};

use crate::house::{Calls, House, gateway, placement, role};
use crate::server::Server;

struct Replica {
    connect: Arc<Connect>,
    federation: Arc<Federation>,
}

fn pace(redis: &Redis, connect: Rate) -> Pace {
    let scarce = Rate { per_second: 0.25, burst: 1 };
    let operations = [("UpdateUserIdentityInfo".to_owned(), scarce)].into();
    let rates = Rates { connect, sts: Rate { per_second: 1000.0, burst: 1000 }, operations };
    Pace::new(Arc::new(SharedBudget::new(redis.clone(), rates)), Arc::new(SystemRandom)).with_common_tickets()
}

async fn replica_at(server: &Server, house: &House, connect: Rate, patience: Duration) -> Replica {
    replica_of(server.connection().await, house, connect, patience)
}

fn replica_of(redis: Redis, house: &House, connect: Rate, patience: Duration) -> Replica {
    let pace = pace(&redis, connect);
    let connect = house.connect_as(&gateway(), pace.clone(), |settings| settings.patience = patience);
    let federation = house.federation_as(&gateway(), pace, |settings| settings.patience = patience);
    let (records, tokens) = (Arc::new(redis.clone()), Arc::new(redis));
    Replica { connect: Arc::new(connect.sharing(records)), federation: Arc::new(federation.sharing(tokens)) }
}

async fn replica(server: &Server, house: &House) -> Replica {
    replica_at(server, house, Rate { per_second: 1000.0, burst: 1000 }, Duration::from_secs(30)).await
}

async fn ada(replica: &Replica) -> ConnectUser {
    replica.connect.ensure(&placement("ada")).await.unwrap()
}

async fn token(replica: &Replica, user: &ConnectUser, house: &House) -> String {
    let token = replica.federation.token_for(user, house.in_an_hour()).await.unwrap();
    token.access_token.expose().to_owned()
}

fn calls(good: usize) -> Calls {
    Calls { good, bad: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_create_one_new_user_once() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let newcomer = placement("newcomer");
    let (first, second) = tokio::join!(one.connect.ensure(&newcomer), other.connect.ensure(&newcomer));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(house.calls("CreateUser"), calls(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_whom_one_replica_found_in_place_is_not_described_by_the_other() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    assert_eq!(ada(&one).await, ada(&other).await);
    assert_eq!(house.calls("DescribeUser"), calls(1));
    // Forgotten at one replica is forgotten at all.
    one.connect.forget_name(&Username::new("ADA").unwrap()).await;
    ada(&other).await;
    assert_eq!(house.calls("DescribeUser"), calls(2));
    // Another placement is another question.
    let mut moved = placement("ada");
    moved.last_name = Some("King".to_owned());
    one.connect.ensure(&moved).await.unwrap();
    assert_eq!(house.calls("UpdateUserIdentityInfo"), calls(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_replica_that_died_is_taken_over() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let slow = Rate { per_second: 1.0, burst: 1 };
    let patience = Duration::from_secs(30);
    let [one, other] = [
        replica_at(&server, &house, slow, patience).await,
        replica_at(&server, &house, slow, patience).await,
    ];
    let killed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let connect = Arc::clone(&one.connect);
    killed.spawn(async move { connect.ensure(&placement("newcomer")).await });
    while house.all_calls().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    std::mem::forget(one);
    killed.shutdown_background();
    other.connect.ensure(&placement("newcomer")).await.unwrap();
    assert_eq!(house.calls("CreateUser"), calls(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_was_forgotten_at_one_replica_is_not_changed_by_work_under_way_at_the_other() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let moved = |name: &str| Placement { last_name: Some("King".to_owned()), ..placement(name) };
    house.add_agents(1, |_| "bert".to_owned());
    one.connect.ensure(&moved("bert")).await.unwrap();
    let under_way = {
        let (connect, moved) = (Arc::clone(&one.connect), moved("ada"));
        tokio::spawn(async move { connect.ensure(&moved).await })
    };
    while !one.connect.in_use().calls.iter().any(|used| used.waiting > 0) {
        sleep(Duration::from_millis(5)).await;
    }
    other.connect.forget_name(&Username::new("ada").unwrap()).await;
    assert_eq!(under_way.await.unwrap(), Err(Error::Forgotten));
    assert_eq!(house.calls("UpdateUserIdentityInfo"), calls(1), "the one for bert");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_serve_one_token_and_none_after_one_of_them_purged_it() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let user = ada(&one).await;
    let (first, second) = tokio::join!(token(&one, &user, &house), token(&other, &user, &house));
    assert_eq!(first, second);
    assert_eq!(house.calls("GetFederationToken"), calls(1));
    assert!(other.federation.has_token(&user.username).await);
    one.federation.purge(&user.username).await;
    assert!(!other.federation.has_token(&user.username).await);
    assert_ne!(token(&other, &user, &house).await, first);
    assert_eq!(house.calls("GetFederationToken"), calls(2));
    let dump = server.everything();
    for secret in [first.as_str(), "ada", "Lovelace", "acme"] {
        assert!(!dump.contains(secret), "{secret} is readable in {dump}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_asked_for_before_a_purge_elsewhere_is_kept_for_nobody() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let slow = Rate { per_second: 0.7, burst: 1 };
    let patience = Duration::from_secs(30);
    let one = replica_at(&server, &house, slow, patience).await;
    let other = replica(&server, &house).await;
    let user = ada(&other).await;
    token(&one, &user, &house).await;
    one.federation.purge(&user.username).await;
    let under_way = {
        let (federation, user, until) = (Arc::clone(&one.federation), user.clone(), house.in_an_hour());
        tokio::spawn(async move { federation.token_for(&user, until).await })
    };
    sleep(Duration::from_millis(300)).await;
    assert!(!under_way.is_finished(), "it waits for its turn");
    other.federation.purge(&user.username).await;
    under_way.await.unwrap().unwrap();
    assert!(!other.federation.has_token(&user.username).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_refreshes_a_token_and_none_after_a_sign_out() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let user = ada(&one).await;
    token(&one, &user, &house).await;
    token(&other, &user, &house).await;
    // Both replicas handed the person over; the token is due at both.
    house.clock.advance(Duration::from_mins(47));
    assert_eq!(one.federation.refresh_due(), other.federation.refresh_due());
    let until = house.in_an_hour();
    assert_eq!(one.federation.refresh_due(), std::slice::from_ref(&user.username));
    server.age_tokens(Duration::from_mins(47));
    one.federation.refresh(&user, until).await.unwrap();
    other.federation.refresh(&user, until).await.unwrap();
    assert_eq!(house.calls("GetFederationToken"), calls(2));
    assert_eq!(other.federation.refresh_due(), []);
    house.clock.advance(Duration::from_mins(47));
    one.federation.purge(&user.username).await;
    other.federation.refresh(&user, house.in_an_hour()).await.unwrap();
    assert_eq!(house.calls("GetFederationToken"), calls(2), "nothing is kept that could be replaced");
    assert_eq!(other.federation.tokens_kept(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_the_old_placement_ends_when_another_replica_places_the_user_anew() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let user = ada(&one).await;
    token(&one, &user, &house).await;
    let mut moved = placement("ada");
    moved.last_name = Some("King".to_owned());
    other.connect.ensure(&moved).await.unwrap();
    assert!(!one.federation.has_token(&user.username).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_at_two_replicas_is_never_throttled() {
    let server = Server::start();
    let house = House::start(Behaviour { throttle: Some(AwsRates::default()), ..Behaviour::kind() }).await;
    house.add_agents(24, |number| format!("agent.{number:03}"));
    let rate = Rate { per_second: 2.0, burst: 5 };
    let patience = Duration::from_mins(2);
    let replicas = [
        replica_at(&server, &house, rate, patience).await,
        replica_at(&server, &house, rate, patience).await,
    ];
    let began = Instant::now();
    let mut people = tokio::task::JoinSet::new();
    for number in 0..24 {
        let Replica { connect, federation } = &replicas[number % 2];
        let (connect, federation, until) = (Arc::clone(connect), Arc::clone(federation), house.in_an_hour());
        people.spawn(async move {
            let user = connect.ensure(&placement(&format!("agent.{number:03}"))).await.unwrap();
            federation.token_for(&user, until).await.unwrap();
        });
    }
    people.join_all().await;
    let throttled = house.emulator.history().into_iter().filter(|call| call.error.is_some()).count();
    assert_eq!(throttled, 0);
    assert_eq!(house.calls("GetFederationToken"), calls(24));
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "two replicas are as fast as one: {:?}",
        began.elapsed()
    );
}

/// Replicas whose Redis has the house's clock.
async fn replica_by_the_house(server: &Server, house: &House) -> Replica {
    let redis = server.connection_by(house.clock()).await;
    replica_of(redis, house, Rate { per_second: 1000.0, burst: 1000 }, Duration::from_secs(30))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_to_redis_makes_no_old_placement_the_answer_to_a_new_one() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let replica = replica(&server, &house).await;
    let moved = Placement { last_name: Some("King".to_owned()), ..placement("ada") };
    replica.connect.ensure(&moved).await.unwrap();
    server.meddle(
        "user",
        "return redis.call('HSET', KEYS[2], 'question', redis.call('HGET', KEYS[1], 'question'))",
    );
    let user = ada(&replica).await;
    let old = token(&replica, &user, &house).await;
    server.meddle(
        "user",
        "return redis.call('HSET', KEYS[1], 'question', redis.call('HGET', KEYS[2], 'question'))",
    );
    replica.connect.ensure(&moved).await.unwrap();
    assert_eq!(house.calls("UpdateUserIdentityInfo"), calls(3), "there, back, and there again");
    assert_ne!(token(&replica, &user, &house).await, old, "a token of the other placement ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_to_redis_makes_nobody_known_for_longer() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let replica = replica_by_the_house(&server, &house).await;
    ada(&replica).await;
    server.meddle(
        "user",
        "redis.call('PERSIST', KEYS[1]) return redis.call('HSET', KEYS[1], 'until', '99999999999999')",
    );
    ada(&replica).await;
    assert_eq!(house.calls("DescribeUser"), calls(1), "what was sealed still holds");
    house.clock.advance(Duration::from_hours(13));
    ada(&replica).await;
    assert_eq!(house.calls("DescribeUser"), calls(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_to_redis_makes_no_token_last_longer() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let replica = replica_by_the_house(&server, &house).await;
    let user = ada(&replica).await;
    let first = token(&replica, &user, &house).await;
    server.meddle(
        "token",
        "redis.call('PERSIST', KEYS[1]) return redis.call('HSET', KEYS[1], 'until', '99999999999999')",
    );
    house.clock.advance(Duration::from_mins(47));
    replica.federation.refresh(&user, house.in_an_hour()).await.unwrap();
    let second = token(&replica, &user, &house).await;
    assert_ne!(second, first, "it is due though Redis says that it is not");
    house.clock.advance(Duration::from_hours(2));
    assert_ne!(token(&replica, &user, &house).await, second);
    assert_eq!(house.calls("GetFederationToken"), calls(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_opened_counts_as_not_there() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let replica = replica(&server, &house).await;
    let user = ada(&replica).await;
    let first = token(&replica, &user, &house).await;
    for kind in ["user", "token"] {
        server.meddle(kind, "return redis.call('HSET', KEYS[1], 'answer', 'nonsense')");
    }
    assert_eq!(ada(&replica).await, user);
    assert_eq!(house.calls("DescribeUser"), calls(2));
    assert_ne!(token(&replica, &user, &house).await, first);
}

/// The token that replicas keep of this user, put back after a change of what is sealed.
async fn reseal(redis: &Redis, user: &ConnectUser, change: impl FnOnce(&mut serde_json::Value)) {
    let (instance, name) = (InstanceName::new("acme"), user.username.as_str().to_owned());
    let key = RecordKey { kind: RecordKind::Token, instance, name };
    let question = Question::now(&(role("connect-federation"), user.id.as_str()));
    let Ok(Found::Kept(kept)) = redis.begin(&key, &question, "me").await else { panic!("no token is kept") };
    let mut token = serde_json::from_slice(&kept).unwrap();
    change(&mut token);
    redis.purge(&key).await.unwrap();
    let Ok(Found::Yours(lease)) = redis.begin(&key, &question, "me").await else { panic!("it is kept") };
    let token = serde_json::to_vec(&token).unwrap();
    assert!(redis.keep(&key, &lease, &question, &token, Duration::from_hours(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_kept_of_another_user_or_past_its_end_is_served_to_nobody() {
    let (server, house) = (Server::start(), House::start(Behaviour::kind()).await);
    let [one, other] = [replica(&server, &house).await, replica(&server, &house).await];
    let (redis, user) = (server.connection().await, ada(&one).await);
    let first = token(&one, &user, &house).await;
    reseal(&redis, &user, |_| ()).await;
    assert_eq!(token(&other, &user, &house).await, first, "as it was");
    reseal(&redis, &user, |token| token["user_id"] = serde_json::json!(UserId::new("another"))).await;
    let second = token(&other, &user, &house).await;
    assert_ne!(second, first);
    reseal(&redis, &user, |token| token["serve_until"] = serde_json::json!(1_000_000)).await;
    assert_ne!(token(&other, &user, &house).await, second);
    assert_eq!(house.calls("GetFederationToken"), calls(3));
}
