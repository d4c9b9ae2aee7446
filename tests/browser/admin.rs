//! The administrators' console, page by page.

use crate::browser::{Browser, Javascript};
use crate::sign_in::{choose, press_on};
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
    browser.find("#would-call").await;
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
    browser.find("#text[value=lic]").await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_sign_in_goes_through_the_identity_provider_and_changes_nothing() {
    let named = "[admin]\ngroups = [\"cc-agents\"]";
    let world = World::with(IdentityProvider::Demo, Answers::Untouched, named).await;
    for javascript in [Javascript::Off, Javascript::On] {
        let browser = world.browser(javascript).await;
        // A page below the console, without a session: the way leads back to it.
        browser.open(&format!("{}/admin/test", world.gateway_url)).await;
        press_on(&browser, "#user-alice").await;
        choose(&browser, "#user-alice", "#way").await;
        assert!(browser.url().await.ends_with("/admin/test"), "{}", browser.url().await);
        let before = names(&browser).await;
        browser.screenshots("admin-test").await;
        browser.click("input[name=again]").await;
        browser.click("button[value=me]").await;
        press_on(&browser, "#user-stranger").await;
        choose(&browser, "#user-stranger", "#is-test").await;
        assert_eq!(browser.text("#outcome").await, "mapping.no_match");
        browser.screenshots("admin-test-explained").await;
        assert_eq!(names(&browser).await, before, "no cookie came or went");
        browser.open(&format!("{}/admin", world.gateway_url)).await;
        browser.find("#rules-state").await;

        browser.open(&format!("{}/admin/test", world.gateway_url)).await;
        browser.click("button[value=link]").await;
        let link = browser.text("#test-link").await;
        browser.screenshots("admin-test-link").await;
        let guest = world.browser(javascript).await;
        guest.open(&link).await;
        guest.find("form.actions").await;
        guest.screenshots("test-begin").await;
        guest.click("button[type=submit]").await;
        press_on(&guest, "#user-alice").await;
        choose(&guest, "#user-alice", "#support-id").await;
        guest.screenshots("test-over").await;
        assert!(!names(&guest).await.iter().any(|name| name.contains("session")), "nobody is signed in");
    }
}

/// Which of our cookies the browser has.
async fn names(browser: &Browser) -> Vec<String> {
    let mut names: Vec<String> =
        browser.cookies().await.iter().map(|cookie| cookie.name().to_owned()).collect();
    names.sort();
    names
}
