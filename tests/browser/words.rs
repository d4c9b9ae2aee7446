//! Pages in the person's own language.

use crate::browser::Javascript;
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_reads_german_sees_german_pages() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.speak("de-AT,de").await;
    browser.open(&format!("{}/go/nowhere", world.gateway_url)).await;
    assert_eq!(browser.text("h1").await, "Dieses Contact Center gibt es hier nicht");
    browser.screenshots("german-error").await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    browser.find("#connect-user").await;
    browser.open(&format!("{}/renew/acme", world.gateway_url)).await;
    assert_eq!(browser.text("h1").await, "Ihre Sitzung");
    let ends = browser.text("#ends").await;
    assert!(ends.contains("tag") || ends.contains("Mittwoch"), "the script names the day in German: {ends}");
    browser.screenshots("german-renew").await;
    browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    browser.click("button[type=submit]").await;
    browser.find(".choices").await;
    assert_eq!(browser.text("h1").await, "Hier sind Sie abgemeldet");
    browser.screenshots("german-signed-out").await;
}
