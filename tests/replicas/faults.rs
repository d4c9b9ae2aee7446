//! A replica or Redis dies, is slow or is full: what people then see.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use crate::balancers::Kind;
use crate::people::agent;
use crate::plain_browser::{Page, PlainBrowser};
use crate::redis_server::Server;
use crate::topology::{Topology, until};
use crate::world::{emulator, is_inside};

/// Opens the bookmark; where that fails, once more, as anybody does.
async fn at_most_twice(topology: &Topology, browser: &PlainBrowser) -> Page {
    let page = topology.open(browser, "/go/acme").await;
    let page = browser.settle(page).await;
    if page.status == 200 {
        return page;
    }
    let page = topology.open(browser, "/go/acme").await;
    browser.settle(page).await
}

async fn goes_on_at_the_other(kind: Kind) {
    let mut topology = Topology::start(kind, "").await;
    let mut inside = Vec::new();
    for number in 0..10 {
        let browser = topology.browser();
        let page = topology.sign_in(&browser, &agent(number)).await;
        assert!(is_inside(&page, &agent(number)), "{}", page.body);
        inside.push(browser);
    }
    let mut on_the_way = Vec::new();
    for number in 10..20 {
        let browser = topology.browser();
        let answer = topology.answer_for(&browser, &agent(number)).await;
        on_the_way.push((browser, answer));
    }
    topology.replicas.members[0].kill();
    for (number, browser) in inside.iter().enumerate() {
        let page = at_most_twice(&topology, browser).await;
        assert!(is_inside(&page, &agent(number)), "{} {}", page.status, page.body);
    }
    for (number, (browser, answer)) in (10..).zip(on_the_way) {
        let page = browser.settle(answer).await;
        let page = if page.status == 200 { page } else { at_most_twice(&topology, &browser).await };
        assert!(is_inside(&page, &agent(number)), "{} {}", page.status, page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_people_go_on_at_the_other_replica_when_theirs_is_killed() {
    goes_on_at_the_other(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_people_go_on_at_the_other_replica_when_theirs_is_killed() {
    goes_on_at_the_other(Kind::Haproxy).await;
}

/// The page says what is wrong, and that it tries again by itself.
fn assert_tries_again(page: &Page) {
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.body.contains("gateway.state_unavailable"), "{}", page.body);
    assert!(page.refresh().is_some(), "{}", page.body);
}

/// The identity provider's page for people to choose themselves.
fn is_asked_who(page: &Page) -> bool {
    page.forms().iter().any(|form| form.action.path() == "/saml/choose")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_killed_and_has_its_data_again_costs_nobody_their_session() {
    let mut topology = Topology::start(Kind::Haproxy, "").await;
    let browser = topology.browser();
    assert!(is_inside(&topology.sign_in(&browser, "alice").await, "alice"));
    topology.redis.kill();
    for _ in 0..2 {
        assert_tries_again(&topology.open(&browser, "/go/acme").await);
    }
    assert_tries_again(&topology.open(&topology.browser(), "/go/acme").await);
    topology.redis.run();
    let page = topology.open(&browser, "/go/acme").await;
    let page = browser.settle(page).await;
    assert!(is_inside(&page, "alice"), "{} {}", page.status, page.body);
    for said in ["shared state does not answer", "shared state answers again"] {
        until("whoever reads the log knows", async || {
            topology.replicas.members.iter().any(|member| member.log().contains(said))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_lost_everything_asks_who_it_is_and_believes_no_answer_of_before() {
    let redis = Server::with(&["--appendonly", "no"]);
    let behaviour = connect_gateway::emulator::Behaviour::kind();
    let mut topology = Topology::with(Kind::Haproxy, "", redis, behaviour).await;
    let (browser, of_before) = (topology.browser(), topology.browser());
    assert!(is_inside(&topology.sign_in(&browser, "alice").await, "alice"));
    // One that nobody asked for, and that may have been used at the Redis that is gone.
    let page = of_before.open(&format!("{}/portal", topology.emulator.idp_url())).await;
    let form = page.forms().remove(0).with("uid", "alice").with("relay_state", "");
    let answer = of_before.submit(&page, &form).await;
    topology.redis.kill();
    topology.redis.run();
    let page = topology.open(&browser, "/go/acme").await;
    let page = browser.settle(page).await;
    assert!(is_asked_who(&page), "the session is gone: {} {}", page.status, page.body);
    assert!(is_inside(&topology.sign_in(&browser, "alice").await, "alice"));
    let page = of_before.settle(answer).await;
    assert!(page.body.contains("saml.not_remembered"), "{} {}", page.status, page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_full_turns_newcomers_away_clearly_and_is_used_again_when_it_has_room() {
    let topology = Topology::start(Kind::Haproxy, "").await;
    let inside = topology.browser();
    assert!(is_inside(&topology.sign_in(&inside, "alice").await, "alice"));
    topology.redis.cli(&["CONFIG", "SET", "maxmemory", "1mb"]);
    let newcomer = topology.browser();
    let page = topology.open(&newcomer, "/go/acme").await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.body.contains("gateway.state_full"), "{}", page.body);
    let page = topology.open(&inside, "/go/acme").await;
    let page = inside.settle(page).await;
    assert!(is_inside(&page, "alice"), "who is inside goes on: {} {}", page.status, page.body);
    topology.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(is_inside(&topology.sign_in(&newcomer, "agent0001").await, "agent0001"));
}

/// A way to Redis on which every answer takes so much longer.
async fn slow(port: u16, by: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let redis = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let ((from_client, to_client), (from_redis, to_redis)) =
                (client.into_split(), redis.into_split());
            tokio::spawn(passed_on(from_client, to_redis, Duration::ZERO));
            tokio::spawn(passed_on(from_redis, to_client, by));
        }
    });
    url
}

/// Each piece that late; those that follow it close wait no longer than it did.
async fn passed_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, by: Duration) {
    let (sender, mut pieces) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((at, piece)) = pieces.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        if sender.send((Instant::now() + by, piece[..count].to_vec())).is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_takes_200_milliseconds_for_each_answer_lets_everybody_in() {
    let redis = Server::start();
    let at = slow(redis.port, Duration::from_millis(200)).await;
    let topology = Topology::between(Kind::Haproxy, "", redis, &at, emulator("").await).await;
    for uid in ["alice", "newcomer"] {
        let browser = topology.browser();
        let page = topology.sign_in(&browser, uid).await;
        assert!(is_inside(&page, uid), "{} {}", page.status, page.body);
        let page = topology.open(&browser, "/go/acme").await;
        let page = browser.settle(page).await;
        assert!(is_inside(&page, uid), "{} {}", page.status, page.body);
    }
    until("both say that they are ready", async || {
        let mut ready = true;
        for member in &topology.replicas.members {
            ready &= member.asked("/readyz").await.is_some_and(|(status, _)| status == 200);
        }
        ready
    })
    .await;
}
