//! Rules that are published from the console, and their history.

use crate::browser::{Browser, Javascript};
use crate::sign_in::press_on;
use crate::world::Scene;

use super::{PUBLISHING, Tour};

const SETTINGS: &str = "[admin]\ngroups = [\"cc-agents\"]\n[admin.publishers]\ngroups = [\"cc-agents\"]";

const CLOSED: &str =
    "\n[[mapping.rule]]\nname = \"closed\"\ngroups = [\"cc-agents\"]\ndeny = \"Closed today.\"\n";

/// The draft with more at its end, previewed.
async fn preview(tour: &Tour, browser: &Browser, more: &str) {
    tour.open(browser, "/admin/playground").await;
    browser.fill("#draft", more).await;
    browser.click("main form:last-of-type button[type=submit]").await;
    browser.find("#publish").await;
}

async fn publish(browser: &Browser) {
    browser.fill("#why", "The site is closed for the holiday").await;
    browser.click("input[name=accept]").await;
    browser.click("#publish button").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishers_are_shut_out_by_no_page() {
    let scene = Scene { idp_settings: SETTINGS, has_mapping_file: true, ..Scene::default() };
    let mut tour = Tour::begin(scene).await;
    let browser = tour.browser(Javascript::Off).await;
    tour.open(&browser, "/go/acme").await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    press_on(&browser, "#connect-user").await;
    tour.open(&browser, "/admin/history").await;
    tour.look(&browser, "admin/history.html", "empty", "main p").await;
    preview(&tour, &browser, CLOSED).await;
    tour.look(&browser, "admin/playground.html", "publish", "label.accept").await;
    tour.world.change("mapping.toml", |text| format!("{text}\n# changed by hand\n"));
    publish(&browser).await;
    tour.look(&browser, "admin/playground.html", "changed-meanwhile", "#meanwhile").await;
    tour.open(&browser, "/admin/history/file").await;
    tour.look(&browser, "admin/version.html", "file", "#text").await;
    preview(&tour, &browser, CLOSED).await;
    publish(&browser).await;
    tour.look(&browser, "admin/version.html", "in-force", "#in-force").await;
    tour.open(&browser, "/admin/history").await;
    tour.look(&browser, "admin/history.html", "versions", "#versions").await;
    tour.open(&browser, "/admin/history/1").await;
    tour.look(&browser, "admin/version.html", "old", "#to-file").await;
    tour.end(PUBLISHING);
}
