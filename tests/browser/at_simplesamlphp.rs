//! What SimpleSAMLphp does beyond the usual sign-in: it encrypts, begins sign-ins of its own, and signs out.

use crate::browser::{Browser, Javascript};
use crate::sign_in::{check_is_inside, log_in_at_simplesamlphp};
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

async fn start(idp_settings: &str) -> (World, Browser) {
    let world = World::with(IdentityProvider::SimpleSamlPhp, Answers::Untouched, idp_settings).await;
    let browser = world.browser(Javascript::On).await;
    (world, browser)
}

async fn sign_in(world: &World, browser: &Browser) {
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    log_in_at_simplesamlphp(browser, "alice").await;
    check_is_inside(world, browser, "alice", "simplesamlphp-signed-in").await;
}

/// Neither the gateway nor SimpleSAMLphp knows the person any more.
async fn check_is_signed_out(world: &World, browser: &Browser) {
    browser.open(&format!("{}/healthz", world.gateway_url)).await;
    let left = browser.cookies().await;
    assert!(!left.iter().any(|cookie| cookie.name().contains("session")), "{left:?}");
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.find("#username").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_signs_in_with_an_encrypted_assertion() {
    let (world, browser) = start("allow_cbc = true").await;
    world.simplesamlphp.as_ref().unwrap().encrypt();
    sign_in(&world, &browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_begins_at_simplesamlphp_and_says_that_it_is_them() {
    let (world, browser) = start("").await;
    let service_provider = format!("{}/saml/metadata", world.gateway_url);
    let start =
        format!("{}/saml2/idp/SSOService.php?spentityid={service_provider}&RelayState=acme", world.idp_url);
    browser.open(&start).await;
    log_in_at_simplesamlphp(&browser, "alice").await;
    assert_eq!(browser.text("#username").await, "alice");
    browser.screenshot("confirm").await;
    browser.click("button").await;
    check_is_inside(&world, &browser, "alice", "simplesamlphp-began").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_signs_out_at_simplesamlphp() {
    let (world, browser) = start("").await;
    sign_in(&world, &browser).await;
    browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    browser.click("button[value=everywhere]").await;
    browser.find(".choices").await;
    let page = browser.text("main").await;
    assert!(page.contains("says that you are signed out there"), "{page}");
    browser.screenshot("signed-out-everywhere").await;
    check_is_signed_out(&world, &browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_at_simplesamlphp_signs_out_here() {
    let (world, browser) = start("").await;
    sign_in(&world, &browser).await;
    let idp = &world.idp_url;
    browser.open(&format!("{idp}/saml2/idp/SingleLogoutService.php?ReturnTo={idp}/logout.php")).await;
    assert!(browser.url().await.starts_with(&format!("{idp}/logout.php")), "{}", browser.url().await);
    check_is_signed_out(&world, &browser).await;
}
