//! The administrators' console, page by page.

use crate::browser::Javascript;
use crate::sign_in::press_on;
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_reads_and_previews_without_javascript() {
    // A table of its own, behind the identity provider's keys.
    let named = "[admin]\ngroups = [\"cc-agents\"]";
    let world = World::with(IdentityProvider::Demo, Answers::Untouched, named).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/admin", world.gateway_url)).await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#rules-state").await;
    for (path, name) in [("", "overview"), ("/config", "config"), ("/sign-ins", "sign-ins")] {
        browser.open(&format!("{}/admin{path}", world.gateway_url)).await;
        browser.find("nav a[aria-current=page]").await;
        browser.screenshots(&format!("admin-{name}")).await;
    }
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    press_on(&browser, "#connect-user").await;
    browser.open(&format!("{}/admin/playground", world.gateway_url)).await;
    browser.click("input[value=pasted]").await;
    browser.fill("#attributes", r#"{"uid": "dora", "groups": ["cc-agents"]}"#).await;
    browser.click("button[type=submit]").await;
    browser.find("#preview .hit").await;
    browser.screenshots("admin-playground").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_publishes_and_takes_it_back_without_javascript() {
    let named = "[admin]\ngroups = [\"cc-agents\"]\n[admin.publishers]\ngroups = [\"cc-agents\"]";
    let world = World::publishing(named).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#connect-user").await;
    browser.open(&format!("{}/admin/playground", world.gateway_url)).await;
    let closed =
        "\n[[mapping.rule]]\nname = \"closed\"\ngroups = [\"cc-agents\"]\ndeny = \"Closed today.\"\n";
    browser.fill("#draft", closed).await;
    browser.click("button[type=submit]").await;
    assert!(browser.text("label.accept").await.contains("everybody who was let in, 1 person"));
    browser.screenshots("admin-publish").await;
    browser.fill("#why", "The site is closed for the holiday").await;
    browser.click("#publish button").await;
    assert!(browser.shows("#publish").await, "the browser asks for the tick first");
    browser.click("input[name=accept]").await;
    browser.click("#publish button").await;
    browser.find("#in-force").await;
    browser.screenshots("admin-version").await;
    browser.open(&format!("{}/admin/history", world.gateway_url)).await;
    browser.find("#versions").await;
    browser.screenshots("admin-history").await;
    browser.open(&format!("{}/admin/history/1", world.gateway_url)).await;
    browser.click(".actions a.button").await;
    browser.find("#draft").await;
    browser.click("button[type=submit]").await;
    browser.fill("#why", "It is open again").await;
    browser.click("#publish button").await;
    browser.find("#in-force").await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    press_on(&browser, "#connect-user").await;
}
