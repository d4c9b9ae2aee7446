//! Sessions that end, the ways out, and the page for the administrators of identity providers.

use std::time::Duration;

use crate::browser::{Browser, Javascript};
use crate::sign_in::press_on;
use crate::world::Scene;

use super::{Tour, WAYS_OUT};

async fn sign_in(tour: &Tour, browser: &Browser) {
    tour.open(browser, "/go/acme").await;
    press_on(browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(browser, "#connect-user").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shut_out_by_the_pages_of_renewal_and_of_the_ways_out() {
    let mut tour = Tour::begin(Scene::default()).await;
    let browser = tour.browser(Javascript::Off).await;
    browser.speak("de").await;
    tour.open(&browser, "/renew/acme").await;
    tour.look(&browser, "renew.html", "ended", "a[href='/go/acme']").await;
    tour.open(&browser, "/saml/setup").await;
    browser.click("summary").await;
    tour.look(&browser, "setup.html", "no-javascript", "details[open] pre").await;
    sign_in(&tour, &browser).await;
    tour.open(&browser, "/renew/acme").await;
    tour.look(&browser, "renew.html", "no-javascript", "a[href$='refresh=off']").await;
    tour.open(&browser, "/sign-out").await;
    tour.look(&browser, "sign_out.html", "everywhere", "button[value=everywhere]").await;
    browser.click("button[value=everywhere]").await;
    tour.look(&browser, "signing_out.html", "onward", "#onward, form").await;
    browser.click("main .button").await;
    press_on(&browser, "a[href='/']").await;
    tour.look(&browser, "signed_out.html", "everywhere", "a[href='/']").await;
    tour.end(WAYS_OUT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shut_out_by_what_scripts_make_of_these_pages() {
    let session_lifetime = Some(Duration::from_mins(12));
    let mut tour = Tour::begin(Scene { session_lifetime, ..Scene::default() }).await;
    let browser = tour.browser(Javascript::On).await;
    tour.open(&browser, "/saml/setup").await;
    tour.look(&browser, "setup.html", "javascript", "button[data-copy=acs]:not([hidden])").await;
    sign_in(&tour, &browser).await;
    tour.open(&browser, "/renew/acme").await;
    tour.look(&browser, "renew.html", "soon", "[role=alert]").await;
    tour.open(&browser, "/sign-out").await;
    browser.click("button.quiet").await;
    tour.look(&browser, "signed_out.html", "here", "a.choice").await;
    tour.end(&["renew.html", "setup.html", "signed_out.html"]);
}
