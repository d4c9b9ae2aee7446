//! AWS in trouble, as people in front of a browser meet it.

use connect_gateway::emulator::{Emulator, Failing};

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

fn fail(emulator: &Emulator, operation: &str, error: &str, times: usize) {
    let failing = Failing { operation: operation.into(), error: error.into(), times, loses_answers: false };
    emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
}

/// Opens the bookmark again, with the session that is there.
async fn reload(world: &World, browser: &PlainBrowser) -> Page {
    browser.settle(browser.open(&format!("{}/go/acme", world.gateway_url)).await).await
}

/// Reloads until the page of the instance is there.
async fn inside_at_last(world: &World, browser: &PlainBrowser, username: &str) {
    for _ in 0..100 {
        let page = reload(world, browser).await;
        if is_inside(&page, username) {
            return;
        }
        assert!(page.body.contains("federation.unavailable"), "{}: {}", page.url, page.body);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("{username} never got in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sts_that_is_down_is_told_keeps_those_inside_and_heals_without_a_new_sign_in() {
    let world = World::start("").await;
    let [alice, newcomer] = [0, 1].map(|_| PlainBrowser::new(PlainBrowser::client()));
    let page = alice.settle(world.answer_for(&alice, "acme", "alice").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    fail(&world.emulator, "AssumeRole", "ServiceUnavailable", usize::MAX);
    let page = newcomer.settle(world.answer_for(&newcomer, "acme", "newcomer").await).await;
    assert!(
        page.body.contains("federation.unavailable") && page.status == 503,
        "{}: {}",
        page.status,
        page.body
    );
    assert!(page.body.contains("Nothing is wrong with your account"), "{}", page.body);
    assert!(is_inside(&reload(&world, &alice).await, "alice"), "whoever has a token");
    let asked = world.calls("AuthnRequest");
    world.emulator.adjust(|behaviour| behaviour.failing.clear());
    inside_at_last(&world, &newcomer, "newcomer").await;
    assert!(is_inside(&reload(&world, &alice).await, "alice"));
    assert_eq!(world.calls("AuthnRequest"), asked, "nobody went to the identity provider again");
    let users = world.emulator.usernames("acme");
    assert_eq!(users.iter().filter(|name| *name == "newcomer").count(), 1, "{users:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_refused_and_reloads_costs_aws_nothing_for_a_while() {
    for (error, code) in [
        ("DuplicateResourceException", "federation.role_binding"),
        ("UserNotFoundException", "federation.no_user"),
    ] {
        let (world, alice) = (World::start("").await, PlainBrowser::new(PlainBrowser::client()));
        fail(&world.emulator, "GetFederationToken", error, usize::MAX);
        let page = alice.settle(world.answer_for(&alice, "acme", "alice").await).await;
        assert!(page.body.contains(code), "{}", page.body);
        let asked = world.calls("GetFederationToken");
        for _ in 0..5 {
            assert!(reload(&world, &alice).await.body.contains(code));
        }
        assert_eq!(world.calls("GetFederationToken"), asked, "{error}");
        assert_eq!(world.calls("AssumeRole"), 1, "{error}");
        assert!(world.calls("DescribeUser") <= 2, "{error}: looked at once more, it may be gone");
    }
}
