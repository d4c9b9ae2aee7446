//! Sign-in that begins at pysaml2.

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, assert_inside, assert_refused, browser, log_in};

/// Chooses the contact centre at pysaml2, logs in there and goes as far as that leads.
async fn begin_at_the_identity_provider(world: &World, browser: &PlainBrowser) -> Page {
    let start = format!("/start?sp={}/saml/metadata&RelayState=acme", world.gateway_url);
    let page = browser.open(&world.idp.url(&start)).await;
    log_in(browser, page, "alice").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_who_begins_at_the_identity_provider_is_asked_whether_it_is_them() {
    let world = World::start("idp_initiated = \"confirm\"").await;
    let browser = browser();
    let page = begin_at_the_identity_provider(&world, &browser).await;
    assert!(page.body.contains("Is this you?") && page.body.contains("alice"), "{}", page.body);
    let form = page.forms().into_iter().find(|form| form.action.path() == "/sign-in/confirm").unwrap();
    let page = browser.submit(&page, &form).await;
    assert_inside(&browser.settle(page).await, "alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn or_is_sent_back_with_a_request_of_ours() {
    let world = World::start("idp_initiated = \"restart\"").await;
    assert_inside(&begin_at_the_identity_provider(&world, &browser()).await, "alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_is_named_there_too() {
    let world = World::start("idp_initiated = \"confirm\"").await;
    for seconds in [600, -600] {
        world.idp.set("clock_offset", seconds).await;
        let page = begin_at_the_identity_provider(&world, &browser()).await;
        assert_refused(&page, "saml.expired");
        assert!(page.body.contains("a clock is wrong"), "{}", page.body);
    }
}
