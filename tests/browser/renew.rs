//! Sessions that are renewed before they end, in a real browser.

use std::time::Duration;

use crate::browser::{Browser, Javascript};
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Alice is inside; the identity provider lets her for so long.
async fn signed_in(minutes: Option<u64>) -> (World, Browser) {
    let lifetime = minutes.map(Duration::from_mins);
    let world = World::lasting(IdentityProvider::Demo, Answers::Untouched, "", lifetime).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    browser.find("#connect-user").await;
    browser.open(&format!("{}/renew/acme", world.gateway_url)).await;
    (world, browser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_counts_down_and_names_the_end_in_the_persons_own_time() {
    let (_world, browser) = signed_in(None).await;
    let left = browser.text("#left").await;
    assert!(left.starts_with("11:59:") || left == "12:00:00", "{left}");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_ne!(browser.text("#left").await, left, "it counts");
    let ends = browser.text("#ends").await;
    assert!(!ends.contains("UTC") && ends.contains("day"), "{ends}");
    browser.screenshots("renew").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_soon_is_renewed_by_keyboard() {
    let (world, browser) = signed_in(Some(12)).await;
    assert_eq!(browser.text("[role=alert]").await, "Less than 30 minutes are left.");
    let title = browser.script("return document.title").await;
    assert!(title.starts_with("0:1") && title.contains("Your session ends soon"), "{title}");
    browser.screenshots("renew-soon").await;
    browser.key(TAB).await;
    assert_eq!(browser.focused().await, "renew");
    browser.key(ENTER).await;
    browser.click("#user-alice").await;
    assert_eq!(browser.text("#connect-user").await, "alice");
    assert!(browser.url().await.starts_with(&world.instance_url), "{}", browser.url().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_signed_in_sees_a_button_and_is_sent_nowhere() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::Off).await;
    let page = format!("{}/renew/acme", world.gateway_url);
    browser.open(&page).await;
    assert!(browser.text("main").await.contains("Your session has ended"));
    browser.screenshots("renew-ended").await;
    assert_eq!(browser.url().await, page);
}
