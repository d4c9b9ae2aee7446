//! The whole journey, as a person sees it.

use std::time::{Duration, Instant};

use crate::browser::{Browser, Javascript};
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_signs_in_through_the_demo_identity_provider() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.find("#user-alice").await;
    // The identity provider answered our form with a redirect to a host that no CSP of ours names.
    assert!(browser.url().await.starts_with("https://login.test:"), "{}", browser.url().await);
    browser.screenshot("demo-identity-provider").await;
    browser.click("#user-alice").await;
    check_is_inside(&world, &browser, "alice", "demo-javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_javascript_signs_in_through_the_demo_identity_provider() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.screenshot("no-javascript-authn-request").await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#connect-user").await;
    check_is_inside(&world, &browser, "alice", "demo-no-javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_signs_in_through_simplesamlphp_and_gets_a_user() {
    let world = World::start(IdentityProvider::SimpleSamlPhp, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    log_in_at_simplesamlphp(&browser, "newcomer").await;
    check_is_inside(&world, &browser, "newcomer", "simplesamlphp-javascript").await;
    let created = world.emulator.history().iter().filter(|call| call.operation == "CreateUser").count();
    assert_eq!(created, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_javascript_signs_in_through_simplesamlphp() {
    let world = World::start(IdentityProvider::SimpleSamlPhp, Answers::Untouched).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    press_on(&browser, "#username").await;
    log_in_at_simplesamlphp(&browser, "alice").await;
    press_on(&browser, "#connect-user").await;
    check_is_inside(&world, &browser, "alice", "simplesamlphp-no-javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_lax_pre_login_cookie_the_answer_of_another_site_can_not_be_used() {
    let world = World::start(IdentityProvider::Demo, Answers::CookiesMadeLax).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    assert_eq!(browser.text("#code").await, "sign_in.no_cookie");
    browser.screenshot("error-no-cookie").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pre_login_cookie_is_sent_by_other_sites_and_the_session_cookie_is_not() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let cookies = world.set_cookies("/go/acme").await;
    assert_eq!(cookies.len(), 1, "before sign-in there is no session: {cookies:?}");
    let attributes: Vec<&str> = cookies[0].split("; ").skip(1).collect();
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=None"] {
        assert!(attributes.contains(&attribute), "{cookies:?}");
    }
    assert!(cookies[0].starts_with("__Host-"), "{cookies:?}");

    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    browser.find("#connect-user").await;
    browser.open(&format!("{}/healthz", world.gateway_url)).await;
    let session =
        browser.cookies().await.into_iter().find(|cookie| cookie.name().contains("session")).unwrap();
    assert_eq!(session.same_site().map(|rule| rule.to_string()).as_deref(), Some("Lax"));
    assert_eq!((session.http_only(), session.secure()), (Some(true), Some(true)));
    assert!(session.name().starts_with("__Host-"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_visit_needs_no_identity_provider_and_no_new_token() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    browser.find("#connect-user").await;
    let before = world.emulator.history().len();
    browser.open(&format!("{}/go/acme/ccp", world.gateway_url)).await;
    check_is_inside(&world, &browser, "alice", "second-visit").await;
    let after: Vec<String> =
        world.emulator.history().split_off(before).into_iter().map(|call| call.operation).collect();
    assert!(!after.iter().any(|operation| operation == "GetFederationToken"), "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_session_here_and_in_the_instance() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click("#user-alice").await;
    browser.find("#connect-user").await;
    browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    browser.screenshot("sign-out").await;
    browser.click("form button").await;
    browser.find("a.choice").await;
    browser.screenshot("signed-out").await;
    browser.click("a.choice").await;
    browser.open(&format!("{}/ccp-v2/", world.instance_url)).await;
    browser.find("#session-expired").await;
    browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    assert!(!browser.shows("form").await, "there is still a session to end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_a_page_that_says_who_can_help() {
    let world = World::start(IdentityProvider::SimpleSamlPhp, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    log_in_at_simplesamlphp(&browser, "stranger").await;
    browser.find("dl").await;
    let page = browser.text("main").await;
    for expected in ["mapping.no_match", "administrator", "Call 555-0100."] {
        assert!(page.contains(expected), "{expected} is not on the page:\n{page}");
    }
    browser.screenshot("error-no-match").await;
}

pub(crate) async fn log_in_at_simplesamlphp(browser: &Browser, name: &str) {
    browser.fill("#username", name).await;
    browser.fill("#password", &format!("{name}pass")).await;
    browser.screenshot("simplesamlphp").await;
    browser.click("#submit_button").await;
}

/// The browser stands in the instance as this Connect user.
pub(crate) async fn check_is_inside(world: &World, browser: &Browser, username: &str, screenshot: &str) {
    assert_eq!(browser.text("#connect-user").await, username);
    assert!(browser.url().await.starts_with(&world.instance_url), "{}", browser.url().await);
    browser.screenshot(screenshot).await;
}

/// Presses the one button of each page until `css` is there: what scripts do for everybody else.
pub(crate) async fn press_on(browser: &Browser, css: &str) {
    let start = Instant::now();
    while !browser.shows(css).await {
        assert!(start.elapsed() < Duration::from_mins(1), "no `{css}` at {}", browser.url().await);
        // People are chosen by the test, never by this loop.
        browser.press("form button:not(.person), form input[type=submit]").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The same after this person was chosen; once more where the page was just leaving and did not take it.
pub(crate) async fn choose(browser: &Browser, person: &str, css: &str) {
    const TAKEN: Duration = Duration::from_secs(5);
    browser.click(person).await;
    let (start, mut chosen) = (Instant::now(), Instant::now());
    while !browser.shows(css).await {
        assert!(start.elapsed() < Duration::from_mins(1), "no `{css}` at {}", browser.url().await);
        if !browser.shows(person).await {
            browser.press("form button:not(.person), form input[type=submit]").await;
        } else if chosen.elapsed() > TAKEN {
            browser.press(person).await;
            chosen = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
