//! Sign-ins that begin at the identity provider's list of apps, on another site than ours.

use crate::browser::{Browser, Javascript};
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

/// From the list of apps, as this person, to our question.
async fn question(world: &World, browser: &Browser, uid: &str, javascript: Javascript) {
    browser.open(&format!("{}/portal", world.idp_url)).await;
    browser.click(&format!("#user-{uid}")).await;
    if matches!(javascript, Javascript::Off) {
        browser.click("#continue").await;
    }
    browser.find("#username").await;
}

async fn session_cookies(browser: &Browser) -> usize {
    let cookies = browser.cookies().await;
    cookies.iter().filter(|cookie| cookie.name().contains("session")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_says_that_it_is_them_and_is_inside() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    question(&world, &browser, "alice", Javascript::On).await;
    assert_eq!(browser.text("#username").await, "alice");
    assert_eq!(session_cookies(&browser).await, 0, "nobody is signed in yet");
    assert!(world.emulator.history().iter().all(|call| call.operation != "AssumeRole"));
    browser.screenshot("confirm").await;
    browser.click("form button").await;
    assert_eq!(browser.text("#connect-user").await, "alice");
    assert!(browser.url().await.starts_with(&world.instance_url), "{}", browser.url().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_javascript_says_that_it_is_them() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::Off).await;
    question(&world, &browser, "alice", Javascript::Off).await;
    browser.click("form button").await;
    browser.find("input[name=credentials]").await;
    browser.click("form button").await;
    assert_eq!(browser.text("#connect-user").await, "alice");
}

/// The attacker's answer is posted by the victim's browser, from a site of the attacker's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_victim_sees_the_attackers_name_and_stays_who_they_are() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let victim = world.browser(Javascript::On).await;
    victim.open(&format!("{}/go/acme", world.gateway_url)).await;
    victim.click("#user-alice").await;
    victim.find("#connect-user").await;
    question(&world, &victim, "newcomer", Javascript::On).await;
    assert_eq!(victim.text("#username").await, "newcomer");
    victim.click("a.quiet").await;
    assert_eq!(victim.text("#connect-user").await, "alice");
    let created = world.emulator.history().iter().filter(|call| call.operation == "CreateUser").count();
    assert_eq!(created, 0, "nobody is signed in as the attacker");
}
