//! The console, page by page and state by state.

use crate::browser::{Browser, Javascript};
use crate::sign_in::press_on;
use crate::world::Scene;

use super::{CONSOLE, Tour};

const SETTINGS: &str = "[admin]\ngroups = [\"cc-agents\"]";

/// The last rule can do nothing: there is a warning to be shown.
const RULES: &str = r#"
[[mapping.rule]]
name = "agents"
groups = ["cc-agents"]
set = { security_profiles = ["Agent"], routing_profile = "Basic Routing Profile", phone = { type = "soft_phone" } }
[[mapping.rule]]
name = "supervisors"
when = "groups.exists(g, g.startsWith('cc-') && g.endsWith('-supervisors')) && user.?email.orValue('').endsWith('@example.com')"
set = { security_profiles = ["CallCenterManager"], hierarchy = ["Sales", "Inbound"] }
[[mapping.rule]]
name = "visitors"
groups = ["visitors"]
deny = "Visitors ask at the front desk."
[[mapping.rule]]
name = "agents once more"
groups = ["cc-agents"]
set = { routing_profile = "Sales" }
"#;

const PASTED: &str = r#"{"uid": "dora", "givenName": "Dora", "department": "Sales", "groups": ["cc-agents", "cc-supervisors"]}"#;

/// Picks a person at the identity provider, and stops at its answer.
async fn pick(tour: &Tour, browser: &Browser, path: &str, uid: &str) {
    tour.open(browser, path).await;
    press_on(browser, &format!("#user-{uid}")).await;
    browser.click(&format!("#user-{uid}")).await;
    browser.find("#continue").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_are_shut_out_by_no_page_of_the_console() {
    let scene = Scene { idp_settings: SETTINGS, rules: Some(RULES), ..Scene::default() };
    let mut tour = Tour::begin(scene).await;
    let browser = tour.browser(Javascript::Off).await;
    pick(&tour, &browser, "/admin", "alice").await;
    browser.click("#continue").await;
    tour.look(&browser, "admin/overview.html", "calm", "#rules-state").await;
    others(&mut tour).await;
    sign_ins(&mut tour, &browser).await;
    tour.open(&browser, "/admin/config").await;
    tour.look(&browser, "admin/config.html", "rules", "main table").await;
    a_table_is_a_table_on_a_phone_too(&browser).await;
    tour.open(&browser, "/admin/history").await;
    tour.look(&browser, "admin/history.html", "off", "main p").await;
    a_test(&mut tour, &browser).await;
    playground(&mut tour, &browser).await;
    older_rules(&mut tour, &browser).await;
    tour.end(CONSOLE);
}

/// Rows that are stacked by style are rows to a screen reader all the same.
async fn a_table_is_a_table_on_a_phone_too(browser: &Browser) {
    let on_a_desktop = browser.roles().await;
    browser.look(true, false).await;
    let stacked = "return getComputedStyle(document.querySelector('main td')).display";
    assert_ne!(browser.script(stacked).await, "table-cell");
    let on_a_phone = browser.roles().await;
    browser.look(false, false).await;
    for role in ["table", "row", "columnheader", "rowheader", "cell", "caption"] {
        assert!(on_a_desktop.contains(role) && on_a_phone.contains(role), "{role}: {on_a_phone:?}");
    }
}

/// One person who is let in, one whom a rule refuses, and one whose answer was changed on the way.
async fn others(tour: &mut Tour) {
    let browser = tour.browser(Javascript::Off).await;
    pick(tour, &browser, "/go/acme", "alice").await;
    browser.click("#continue").await;
    browser.find("input[name=credentials]").await;
    let browser = tour.browser(Javascript::Off).await;
    pick(tour, &browser, "/go/acme", "stranger").await;
    browser.click("#continue").await;
    browser.find("#code").await;
    pick(tour, &browser, "/go/acme", "newcomer").await;
    let forge = "const field = document.querySelector('input[name=SAMLResponse]'); \
                 field.value = btoa(atob(field.value).replaceAll('newcomer', 'oldcomer')); return ''";
    browser.script(forge).await;
    browser.click("#continue").await;
    tour.look(&browser, "error.html", "forged", "#support-id").await;
}

async fn sign_ins(tour: &mut Tour, browser: &Browser) {
    tour.open(browser, "/admin/sign-ins?support_id=none").await;
    tour.look(browser, "admin/sign_ins.html", "none-found", "#support_id[value=none]").await;
    tour.open(browser, "/admin/sign-ins").await;
    tour.look(browser, "admin/sign_ins.html", "full", "tbody tr:nth-child(3)").await;
    for (state, row, css) in [
        ("let-in", "td[.='Let in'] and td[.='acme']", "td code"),
        ("to-the-console", "td[.='Let in'] and td[.='-']", "#outcome"),
        ("denied", "td[.='mapping.denied']", ".note"),
        ("forged", "td[starts-with(., 'saml.')]", "#findings"),
    ] {
        tour.open(browser, "/admin/sign-ins").await;
        browser.follow(&format!("//tr[{row}]//a")).await;
        tour.look(browser, "admin/sign_in.html", state, css).await;
    }
}

/// A test by a link, which somebody else opens; and what the console makes of it.
async fn a_test(tour: &mut Tour, browser: &Browser) {
    tour.open(browser, "/admin/test").await;
    tour.look(browser, "admin/test.html", "form", "#way").await;
    browser.click("button[value=link]").await;
    tour.look(browser, "admin/test.html", "link", "#test-link").await;
    let link = browser.text("#test-link").await;
    let guest = tour.browser(Javascript::Off).await;
    guest.speak("de").await;
    guest.open(&link).await;
    tour.look(&guest, "test_begin.html", "link", "form button").await;
    press_on(&guest, "#user-newcomer").await;
    guest.click("#user-newcomer").await;
    guest.click("#continue").await;
    tour.look(&guest, "test_over.html", "told", "#support-id").await;
    tour.open(browser, "/admin/sign-ins?outcome=test").await;
    browser.click("tbody a").await;
    tour.look(browser, "admin/sign_in.html", "test", "#is-test").await;
}

async fn playground(tour: &mut Tour, browser: &Browser) {
    tour.open(browser, "/admin/playground").await;
    tour.look(browser, "admin/playground.html", "before", "#draft").await;
    let draft = browser.script("return document.querySelector('#draft').value").await;
    let tested = "\n[[mapping.test]]\nname = \"nobody\"\nattributes = { uid = \"eve\", groups = \"cc-agents\" }\nexpect = { denied = \"mapping.denied\" }\n";
    for (state, draft, css) in [
        ("problems", draft.replace("groups.exists", "grups.exists"), "#problems"),
        ("compared", draft.replace("[\"Agent\"]", "[\"QualityAnalyst\"]") + tested, "#changed"),
    ] {
        browser.put("#draft", &draft).await;
        browser.click("main button[type=submit]").await;
        tour.look(browser, "admin/playground.html", state, css).await;
    }
    browser.click("input[value=pasted]").await;
    for (state, pasted, css) in
        [("not-json", "no json", "#preview [role=alert]"), ("explained", PASTED, "#preview .hit")]
    {
        browser.put("#attributes", pasted).await;
        browser.click("main button[type=submit]").await;
        tour.look(browser, "admin/playground.html", state, css).await;
    }
}

/// A file that can't be used: older rules stay.
async fn older_rules(tour: &mut Tour, browser: &Browser) {
    tour.world.change("gateway.toml", |text| text.replace("groups.exists", "grups.exists"));
    for _ in 0..100 {
        tour.open(browser, "/admin").await;
        if browser.shows("#rules-state.note").await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    tour.look(browser, "admin/overview.html", "older-rules", "#rules-state.note").await;
}
