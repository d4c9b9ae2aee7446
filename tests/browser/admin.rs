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
    browser
        .fill("#attributes", r#"{"uid": "dora", "givenName": "Dora", "sn": "Diaz", "groups": ["cc-agents"]}"#)
        .await;
    browser.click("button[type=submit]").await;
    browser.find("#preview .hit").await;
    browser.screenshots("admin-playground").await;
    browser.fill("#attributes", " ").await;
    browser.click("#compare").await;
    press_on(&browser, "#would-call").await;
    browser.screenshots("admin-playground-compared").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_looks_into_amazon_connect_without_javascript() {
    let named = "[admin]\ngroups = [\"cc-agents\"]";
    let world = World::with(IdentityProvider::Demo, Answers::Untouched, named).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#connect-user").await;
    world.emulator.put_users_profiles("acme", "alice", &["QualityAnalyst", "Admin"]).unwrap();

    browser.open(&format!("{}/admin/directory", world.gateway_url)).await;
    browser.find("#hierarchy").await;
    browser.find("table a").await;
    browser.screenshots("admin-directory").await;
    browser.fill("#text", "lic").await;
    browser.click("form.filter button").await;
    browser.click("table a").await;
    browser.find("#connect-refused").await;
    browser.screenshots("admin-directory-user").await;

    browser.open(&format!("{}/admin/sign-ins?outcome=let_in", world.gateway_url)).await;
    browser.click("table a").await;
    browser.click("#compare").await;
    browser.find("#connect-refused").await;
    world.emulator.put_users_profiles("acme", "alice", &["QualityAnalyst"]).unwrap();
    browser.click("#compare").await;
    browser.find("#would-call").await;
    browser.screenshots("admin-sign-in-compared").await;
    browser.open(&format!("{}/admin", world.gateway_url)).await;
    browser.find("#in-use-acme").await;
    browser.screenshots("admin-overview-in-use").await;
}
