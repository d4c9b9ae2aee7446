//! Two replicas behind one address that share a Redis, and people who are sent from one to the other with each request.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::extract::Request;
use connect_gateway::app::{App, Stops};
use connect_gateway::config;
use connect_gateway::emulator::Emulator;
use connect_gateway::model::{SystemClock, SystemRandom};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::gateway::{CREDENTIALS, key_pair};
use crate::kinds::documented_user;
use crate::plain_browser::{Page, PlainBrowser};
use crate::redis_server::{Server, write, written_key};
use crate::world::{World, emulator, is_inside, settings};

/// Which of them gets the next request.
#[derive(Clone, Copy)]
pub(crate) enum Turn {
    /// This one.
    At(usize),
    /// The other one each time.
    Round,
}

pub(crate) struct Replicas {
    pub(crate) url: String,
    emulator: Emulator,
    pub(crate) redis: Server,
    turn: Arc<AtomicUsize>,
}

const ROUND: usize = 1000;

impl Replicas {
    pub(crate) async fn start() -> Self {
        Box::pin(Self::with("", "")).await
    }

    /// With more in the seed and in the configuration.
    pub(crate) async fn with(seed: &str, more: &str) -> Self {
        let emulator = emulator(seed).await;
        let mut redis = Server::prepared(&["--aclfile", "FOLDER/users.acl"]);
        let users = format!("user default on nopass ~* &* +@all\n{}", documented_user());
        write(&redis.folder, "users.acl", &users);
        redis.run();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let key = write(&redis.folder, "state.key", &written_key(1));
        let state = format!(
            "\n[state]\nstore = \"redis\"\nreplicas = 2\nurls = [\"redis://127.0.0.1:{}\"]\nkey_file = \"{key}\"\n\
             username = \"gateway\"\npassword = \"hunter2\"\n",
            redis.port
        );
        let text = format!("version = 1\npublic_url = \"{url}\"\n{}{more}{state}", settings(&emulator));
        let (key, certificate) = key_pair();
        let keys = [("SIGNING_KEY", key), ("SIGNING_CERTIFICATE", certificate)]
            .map(|(name, value)| (format!("CONNECT_GATEWAY__SAML__{name}"), value));
        let replicas = [Box::pin(replica(&text, &keys)).await, Box::pin(replica(&text, &keys)).await];
        let turn = Arc::new(AtomicUsize::new(0));
        let next = turn.clone();
        let front = Router::new().fallback(move |request: Request| {
            let turn = next.load(Ordering::SeqCst);
            if turn >= ROUND {
                next.store(ROUND + (turn + 1) % 2, Ordering::SeqCst);
            }
            replicas[turn % 2].clone().oneshot(request)
        });
        tokio::spawn(async move { axum::serve(listener, front).await.unwrap() });
        let metadata = reqwest::get(format!("{url}/saml/metadata")).await.unwrap();
        emulator.trust_service_provider_metadata(&metadata.text().await.unwrap()).unwrap();
        Self { url, emulator, redis, turn }
    }

    pub(crate) fn send(&self, turn: Turn) {
        let turn = match turn {
            Turn::At(replica) => replica,
            Turn::Round => ROUND,
        };
        self.turn.store(turn, Ordering::SeqCst);
    }

    pub(crate) async fn open(&self, browser: &PlainBrowser, path: &str) -> Page {
        browser.open(&format!("{}{path}", self.url)).await
    }
}

/// One gateway, whose own address nobody uses.
async fn replica(text: &str, keys: &[(String, String)]) -> Router {
    let config = config::parse(text, Path::new(""), keys.iter().cloned()).unwrap().config;
    let credentials = Credentials::new(CREDENTIALS.0, CREDENTIALS.1, None, None, "test");
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .load()
        .await;
    let app = App::build(config, &sdk, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
    app.start().await.unwrap();
    let router = app.router();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(app.run(listener.into(), Stops::never()));
    // It answers once it has the identity provider's metadata.
    reqwest::get(format!("http://{address}/readyz")).await.unwrap();
    router
}

pub(crate) fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_begins_at_one_replica_ends_at_the_other_and_is_over_at_both_after_a_sign_out() {
    let replicas = Box::pin(Replicas::start()).await;
    let browser = browser();
    replicas.send(Turn::At(0));
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    replicas.send(Turn::At(1));
    let page = browser.settle(answer).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);

    replicas.send(Turn::At(0));
    let page = browser.settle(replicas.open(&browser, "/go/acme").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = replicas.open(&browser, "/sign-out").await;
    browser.submit(&page, &page.forms()[0]).await;

    replicas.send(Turn::At(1));
    let page = replicas.open(&browser, "/go/acme").await;
    assert!(page.url.as_str().starts_with(&replicas.emulator.idp_url()), "{}", page.url);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_used_once_at_whichever_replica() {
    let replicas = Box::pin(Replicas::start()).await;
    let browser = browser();
    replicas.send(Turn::At(0));
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    let form = answer.forms().remove(0);
    let page = browser.submit(&answer, &form).await;
    assert!(page.status < 400, "{}", page.body);
    replicas.send(Turn::At(1));
    let page = browser.submit(&answer, &form).await;
    assert_eq!(page.status, 400, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_are_sent_to_the_other_replica_each_time_notice_nothing() {
    let replicas = Box::pin(Replicas::start()).await;
    replicas.send(Turn::Round);
    for uid in ["alice", "newcomer"] {
        let browser = browser();
        let answer = World::pick(&replicas.url, &browser, "acme", uid).await;
        let page = browser.settle(answer).await;
        assert!(is_inside(&page, uid), "{}", page.body);
    }
}

/// The first one at each replica makes connections and brings scripts; this counts the next one's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_takes_a_known_number_of_round_trips() {
    let replicas = Box::pin(Replicas::start()).await;
    replicas.send(Turn::At(0));
    let warm = browser();
    let answer = World::pick(&replicas.url, &warm, "acme", "alice").await;
    warm.settle(answer).await;
    // Names of records are looked at again now and then: the least of some counts has none of that.
    let mut counts = [u64::MAX; 3];
    for _ in 0..5 {
        let browser = browser();
        let before = replicas.redis.scripts();
        let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
        let asked = replicas.redis.scripts();
        let page = browser.settle(answer).await;
        assert!(is_inside(&page, "alice"), "{}", page.body);
        let entered = replicas.redis.scripts();
        browser.settle(replicas.open(&browser, "/go/acme").await).await;
        let again = replicas.redis.scripts();
        let these = [asked - before, entered - asked, again - entered];
        counts = std::array::from_fn(|at| counts[at].min(these[at]));
    }
    assert_eq!(counts, [1, 9, 4]);
    println!("round trips: {counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_gone_gets_a_page_that_says_so_and_tries_again_by_itself() {
    let mut replicas = Box::pin(Replicas::start()).await;
    let browser = browser();
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    replicas.redis.kill();
    let page = replicas.open(&browser, "/go/acme").await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("gateway.state_unavailable"), "{}", page.body);
    assert!(page.refresh().is_some(), "{}", page.body);
    let page = browser.submit(&answer, &answer.forms()[0]).await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("gateway.state_unavailable"), "{}", page.body);
    assert!(page.refresh().is_none(), "an answer is not sent twice by itself");
    assert!(page.body.contains("One more try is needed"), "{}", page.body);
    replicas.redis.run();
    let page = replicas.open(&browser, "/go/acme").await;
    assert!(page.url.as_str().starts_with(&replicas.emulator.idp_url()), "{}", page.url);
}

/// Nobody asked it anything meanwhile: it is the person who finds out that it was started anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_the_first_after_a_redis_was_started_anew_gets_in() {
    let mut replicas = Box::pin(Replicas::start()).await;
    let warm = browser();
    let answer = World::pick(&replicas.url, &warm, "acme", "alice").await;
    assert!(is_inside(&warm.settle(answer).await, "alice"));
    replicas.redis.kill();
    replicas.redis.run();
    // Longer than what is known of it is believed.
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    // It takes its time to say since when it remembers.
    replicas.redis.cli(&["CLIENT", "PAUSE", "300"]);
    let browser = browser();
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    let page = browser.settle(answer).await;
    assert!(is_inside(&page, "alice"), "{} {}", page.status, page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_redis_has_a_code_of_its_own() {
    let replicas = Box::pin(Replicas::start()).await;
    replicas.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let page = replicas.open(&browser(), "/go/acme").await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("gateway.state_full"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_in_gets_in_again_and_signs_out_though_redis_is_full() {
    let replicas = Replicas::start().await;
    let browser = browser();
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    assert!(is_inside(&browser.settle(answer).await, "alice"));
    replicas.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let page = browser.settle(replicas.open(&browser, "/go/acme").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = replicas.open(&browser, "/sign-out").await;
    let page = browser.submit(&page, &page.forms()[0]).await;
    assert!(page.status < 400, "{}", page.body);
    let page = replicas.open(&browser, "/go/acme").await;
    assert!(page.body.contains("gateway.state_full"), "{}", page.body);
}

/// Nobody asked for it, it was issued before the data was lost, and nobody knows whether it was used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_asked_for_is_refused_after_a_loss_until_newer_ones_come() {
    let replicas = Box::pin(Replicas::start()).await;
    let browser = browser();
    let page = browser.open(&format!("{}/portal", replicas.emulator.idp_url())).await;
    let form = page.forms().remove(0).with("uid", "alice").with("relay_state", "acme");
    let answer = browser.submit(&page, &form).await;
    replicas.redis.cli(&["FLUSHALL"]);
    let page = browser.submit(&answer, &answer.forms()[0]).await;
    assert!(page.body.contains("saml.not_remembered"), "{}", page.body);
}

/// As `appendfsync everysec` and an asynchronous failover lose the last moment: the request is known, that it was answered is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_used_in_the_moment_that_redis_lost_is_refused_and_the_person_begins_again_at_once()
 {
    let mut replicas = Box::pin(Replicas::start()).await;
    let browser = browser();
    let answer = World::pick(&replicas.url, &browser, "acme", "alice").await;
    let again = browser.clone();
    assert_eq!(replicas.redis.cli(&["SAVE"]), "OK");
    let page = browser.submit(&answer, &answer.forms()[0]).await;
    assert!(is_inside(&browser.settle(page).await, "alice"));
    replicas.redis.kill();
    replicas.redis.run();
    let page = again.submit(&answer, &answer.forms()[0]).await;
    assert!(page.body.contains("saml.not_remembered"), "{} {}", page.status, page.body);
    assert!(page.body.contains("/go/acme"), "it leads back to where they were going: {}", page.body);
    let answer = World::pick(&replicas.url, &again, "acme", "alice").await;
    let page = again.settle(answer).await;
    assert!(is_inside(&page, "alice"), "{} {}", page.status, page.body);
}
