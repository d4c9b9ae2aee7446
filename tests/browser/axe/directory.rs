//! What the console shows of Amazon Connect.

use crate::browser::{Browser, Javascript};
use crate::sign_in::press_on;
use crate::world::Scene;

use super::{DIRECTORY, Tour};

const SETTINGS: &str = "[admin]\ngroups = [\"cc-agents\"]";
const PASTED: &str = r#"{"uid": "dora", "givenName": "Dora", "sn": "Diaz", "groups": ["cc-agents"]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_are_shut_out_by_no_page_about_amazon_connect() {
    let mut tour = Tour::begin(Scene { idp_settings: SETTINGS, ..Scene::default() }).await;
    let browser = tour.browser(Javascript::Off).await;
    tour.open(&browser, "/go/acme").await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#connect-user").await;
    tour.open(&browser, "/admin").await;
    tour.look(&browser, "admin/overview.html", "in-use", "#in-use-acme ~ table").await;
    directory(&mut tour, &browser).await;
    comparisons(&mut tour, &browser).await;
    tour.end(DIRECTORY);
}

async fn directory(tour: &mut Tour, browser: &Browser) {
    tour.world.emulator.put_users_profiles("acme", "alice", &["QualityAnalyst", "Admin"]).unwrap();
    tour.open(browser, "/admin/directory").await;
    tour.look(browser, "admin/directory.html", "full", "#hierarchy").await;
    browser.fill("#text", "nobody").await;
    browser.click("form.filter button").await;
    tour.look(browser, "admin/directory.html", "none-found", "#text[value=nobody]").await;
    tour.open(browser, "/admin/directory").await;
    browser.click("table a").await;
    tour.look(browser, "admin/directory_user.html", "protected", "#connect-refused").await;
}

async fn comparisons(tour: &mut Tour, browser: &Browser) {
    tour.open(browser, "/admin/sign-ins?outcome=let_in").await;
    browser.click("table a").await;
    browser.click("#compare").await;
    tour.look(browser, "admin/sign_in.html", "would-be-refused", "#connect-refused").await;
    tour.world.emulator.put_users_profiles("acme", "alice", &["QualityAnalyst"]).unwrap();
    browser.click("#compare").await;
    tour.look(browser, "admin/sign_in.html", "would-change", "#would-call").await;
    tour.open(browser, "/admin/playground").await;
    browser.click("input[value=pasted]").await;
    browser.put("#attributes", PASTED).await;
    browser.click("#compare").await;
    tour.look(browser, "admin/playground.html", "would-create", "#would-call").await;
}
