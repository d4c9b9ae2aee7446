//! Single logout with pysaml2, which verifies every message of ours.

use serde_json::json;

use crate::plain_browser::{Page, PlainBrowser};
use crate::pysaml2::Pysaml2;
use crate::world::{World, assert_inside, browser, log_in};

async fn signed_in(world: &World) -> PlainBrowser {
    let browser = browser();
    let page = world.login_page(&browser, "acme").await;
    assert_inside(&log_in(&browser, page, "alice").await, "alice");
    assert!(has_session_cookie(world, &browser));
    browser
}

fn has_session_cookie(world: &World, browser: &PlainBrowser) -> bool {
    browser.cookies_for(&world.gateway_url.parse().unwrap()).contains("session")
}

/// Nobody knows the person any more: the way in leads to pysaml2, and that asks for a password.
async fn assert_signed_out(world: &World, browser: &PlainBrowser) {
    let page = world.login_page(browser, "acme").await;
    assert!(page.forms().iter().any(|form| form.action.path() == "/login"), "{}\n{}", page.url, page.body);
}

/// Presses a button of the sign-out page: `here` or `everywhere`.
async fn sign_out(world: &World, browser: &PlainBrowser, button: &str) -> Page {
    let page = browser.open(&format!("{}/sign-out", world.gateway_url)).await;
    let form = page.forms().remove(0);
    let form = if button == "everywhere" { form.with("where", button) } else { form };
    let page = browser.submit(&page, &form).await;
    browser.settle(page).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_the_session_at_the_identity_provider() {
    for bindings in [json!(["redirect", "post"]), json!(["post"])] {
        let idp = Pysaml2::start().await;
        idp.set("logout", bindings.clone()).await;
        let world = World::with(idp, "/metadata", "").await;
        let browser = signed_in(&world).await;
        let page = sign_out(&world, &browser, "everywhere").await;
        assert!(page.url.as_str().starts_with(&world.gateway_url), "{bindings}: {}\n{}", page.url, page.body);
        assert!(page.body.contains("says that you are signed out there"), "{bindings}: {}", page.body);
        assert!(!has_session_cookie(&world, &browser));
        assert_signed_out(&world, &browser).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_here_only_leaves_the_session_at_the_identity_provider() {
    let world = World::start("").await;
    let browser = signed_in(&world).await;
    let page = sign_out(&world, &browser, "here").await;
    assert!(page.frames().iter().any(|frame| frame.path() == "/logout"), "{}", page.body);
    assert!(!has_session_cookie(&world, &browser));
    assert_inside(&world.login_page(&browser, "acme").await, "alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_at_the_identity_provider_ends_the_session_here() {
    let world = World::start("").await;
    for binding in ["redirect", "post"] {
        let browser = signed_in(&world).await;
        let page = browser.open(&world.idp.url(&format!("/logout?binding={binding}"))).await;
        let page = browser.settle(page).await;
        assert!(page.body.contains("Signed out here and there."), "{binding}: {}\n{}", page.url, page.body);
        assert_signed_out(&world, &browser).await;
    }
}
