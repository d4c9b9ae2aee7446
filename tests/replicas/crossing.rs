//! One person, whom each request brings to the other replica.

use serde_json::Value;

use crate::balancers::Kind;
use crate::people::agent;
use crate::plain_browser::{Page, PlainBrowser};
use crate::replicas::Answered;
use crate::topology::{Topology, until};
use crate::world::is_inside;

/// One description at once and the others seconds apart; a page that waits after one second.
const SCARCE: &str = "
[budget]
patience_seconds = 1
operations.DescribeUser = { per_second = 0.4, burst = 2 }
";

/// People sign in until somebody's page waits: that one's browser, name and page, and what was answered before them.
async fn first_who_waits(topology: &Topology) -> (PlainBrowser, String, Page, usize) {
    for number in 0..20 {
        let before = topology.replicas.answered().len();
        let (browser, uid) = (topology.browser(), agent(number));
        let page = topology.arrived(&browser, &uid).await;
        if page.refresh().is_some() {
            assert!(page.status == 200 && page.url.path() == "/go/acme", "{} {}", page.url, page.body);
            return (browser, uid, page, before);
        }
        assert!(is_inside(&page, &uid), "{}", page.body);
    }
    panic!("nobody waits");
}

/// What was answered since then, once these are among it.
async fn answered_since(topology: &Topology, before: usize, what: &[&str]) -> Vec<Answered> {
    let since = || topology.replicas.answered().split_off(before);
    let is_there = async || what.iter().all(|what| since().iter().any(|one| one.what == *what));
    until("everything is in the logs", is_there).await;
    since()
}

/// Each by the other one than the one before.
fn assert_crossed(answered: &[Answered]) {
    for pair in answered.windows(2) {
        assert_ne!(pair[0].by, pair[1].by, "{answered:#?}");
    }
    assert!(answered.iter().all(|one| one.status < 400), "{answered:#?}");
}

async fn goes_to_and_fro(kind: Kind) {
    let topology = Topology::start(kind, SCARCE).await;
    let (browser, uid, page, before) = first_who_waits(&topology).await;
    let page = browser.settle(page).await;
    assert!(is_inside(&page, &uid), "{}", page.body);
    let inside = page.url.clone();
    let page = topology.open(&browser, "/sign-out").await;
    let form = page.forms()[0].clone().with("where", "everywhere");
    let page = browser.submit(&page, &form).await;
    let page = go_on(&browser, page).await;
    assert!(page.body.contains("says that you are signed out there"), "{}", page.body);
    let answered = answered_since(&topology, before, &["POST /sign-out", "GET /saml/logout"]).await;
    assert_crossed(&answered);
    let ways: Vec<&str> = answered.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(ways[..3], ["GET /go/{instance}", "POST /saml/acs", "GET /go/{instance}"], "{ways:?}");
    assert_eq!(ways[ways.len() - 3..], ["GET /sign-out", "POST /sign-out", "GET /saml/logout"], "{ways:?}");
    assert!(ways.len() > 6, "the page that waits came back: {ways:?}");
    let page = browser.open(inside.as_str()).await;
    assert!(!is_inside(&page, &uid), "Connect's own session is over: {}", page.body);
    // Both replicas know.
    for _ in 0..2 {
        assert!(!topology.is_signed_in(&browser).await);
    }
    // The balancer says whose each request is, and its own checks are nobody's.
    for member in &topology.replicas.members {
        assert!(!member.log().contains("does not say whose request"), "{}", member.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_a_person_who_is_sent_to_and_fro_comes_in_waits_and_signs_out() {
    goes_to_and_fro(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_a_person_who_is_sent_to_and_fro_comes_in_waits_and_signs_out() {
    goes_to_and_fro(Kind::Haproxy).await;
}

/// Where a page that goes on by itself ends, after its frames have loaded.
async fn go_on(browser: &PlainBrowser, page: Page) -> Page {
    for address in page.frames() {
        browser.open(address.as_str()).await;
    }
    browser.settle(page).await
}

/// The identity provider ends the session of this browser, or all of a person's by a browser of its own.
async fn is_ended_by_the_identity_provider(kind: Kind) {
    let topology = Topology::start(kind, "").await;
    let (first, second, bystander) = (topology.browser(), topology.browser(), topology.browser());
    for (browser, uid) in [(&first, "alice"), (&second, "alice"), (&bystander, "agent0000")] {
        let page = topology.sign_in(browser, uid).await;
        assert!(is_inside(&page, uid), "{}", page.body);
    }
    let before = topology.replicas.answered().len();
    let page = first.open(&format!("{}/logout", topology.emulator.idp_url())).await;
    go_on(&first, page).await;
    let signed_in = async |browser: &PlainBrowser| {
        [topology.is_signed_in(browser).await, topology.is_signed_in(browser).await]
    };
    assert_eq!(signed_in(&first).await, [false; 2]);
    assert_eq!(signed_in(&second).await, [true; 2], "another SessionIndex is another session");
    let answered = answered_since(&topology, before, &["GET /saml/logout"]).await;
    let ended_by = answered.iter().find(|one| one.what == "GET /saml/logout").unwrap().by;
    let seen_by: Vec<usize> =
        answered.iter().filter(|one| one.what == "GET /go/{instance}").map(|one| one.by).collect();
    assert!(seen_by.iter().any(|by| *by != ended_by), "{answered:#?}");

    let administrator = topology.browser();
    let page = administrator.open(&topology.emulator.idp_url()).await;
    let form = page.forms()[0].clone().with("uid", "alice");
    let page = administrator.submit(&page, &form).await;
    go_on(&administrator, page).await;
    assert_eq!(signed_in(&second).await, [false; 2]);
    assert_eq!(signed_in(&bystander).await, [true; 2], "nobody else's session ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_a_session_that_the_identity_provider_ends_is_over_at_both() {
    is_ended_by_the_identity_provider(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_a_session_that_the_identity_provider_ends_is_over_at_both() {
    is_ended_by_the_identity_provider(Kind::Haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_replicas_know_who_the_client_is_behind_either_proxy() {
    for kind in [Kind::Nginx, Kind::Haproxy] {
        let topology = Topology::start(kind, "").await;
        let before = topology.replicas.answered().len();
        for _ in 0..2 {
            let page = topology.open(&topology.browser(), "/whoami").await;
            let seen: Value = serde_json::from_str(&page.body).unwrap();
            assert_eq!(seen["address"], "127.0.0.1", "{kind:?}: {seen}");
            assert_eq!(seen["through_trusted_proxy"], true, "{kind:?}: {seen}");
        }
        until("both are in the logs", async || topology.replicas.answered().len() == before + 2).await;
        assert_crossed(&topology.replicas.answered()[before..]);
    }
}
