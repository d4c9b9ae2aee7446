//! What agents see on their way in.

use crate::browser::Javascript;
use crate::sign_in::press_on;
use crate::world::Scene;

use super::{AGENTS, Tour};

/// A second identity provider and a second instance, so that there is a choice; one token in a minute, so that the
/// second person waits.
const SETTINGS: &str = r#"
display_name = "Acme staff"
email_domains = ["acme.test"]
[idp.partners]
display_name = "Partners"
metadata_url = "http://127.0.0.1:9/"
[admin]
groups = ["nobody"]
[budget]
patience_seconds = 1
[budget.operations.GetFederationToken]
per_second = 0.01
burst = 1
[instance.training]
display_name = "Training"
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "https://training.test"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
"#;

const RULES: &str = r#"
[[mapping.rule]]
name = "agents"
groups = ["cc-agents"]
set = { security_profiles = ["Agent"], routing_profile = "Basic Routing Profile" }
[[mapping.rule]]
name = "visitors"
groups = ["visitors"]
deny = "Visitors ask at the front desk."
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_shut_out_by_no_page_on_their_way_in() {
    let scene = Scene { idp_settings: SETTINGS, rules: Some(RULES), ..Scene::default() };
    let mut tour = Tour::begin(scene).await;
    choices(&mut tour).await;
    entrance(&mut tour).await;
    strangers(&mut tour).await;
    tour.end(AGENTS);
}

async fn choices(tour: &mut Tour) {
    let browser = tour.browser(Javascript::Off).await;
    tour.open(&browser, "/").await;
    tour.look(&browser, "choose.html", "instances", ".places a").await;
    tour.open(&browser, "/go/acme").await;
    tour.look(&browser, "choose_idp.html", "email", "#email").await;
    browser.fill("#email", "alice@elsewhere.test").await;
    browser.click("form button").await;
    tour.look(&browser, "choose_idp.html", "unknown-address", "[role=alert]").await;
    browser.fill("#email", "alice@acme.test").await;
    browser.click("form button").await;
    tour.look(&browser, "onward.html", "chosen", "a.button[href='/go/acme?idp=corporate']").await;
    tour.open(&browser, "/admin").await;
    tour.look(&browser, "choose_idp.html", "console", "a[href='/admin?idp=partners']").await;
}

async fn entrance(tour: &mut Tour) {
    let browser = tour.browser(Javascript::Off).await;
    browser.speak("de").await;
    tour.open(&browser, "/go/acme?idp=corporate").await;
    tour.look(&browser, "authn_request.html", "form", "input[name=SAMLRequest]").await;
    press_on(&browser, "#user-alice").await;
    browser.click("#user-alice").await;
    browser.click("#continue").await;
    tour.look(&browser, "hand_off.html", "form", "input[name=credentials]").await;
    tour.open(&browser, "/go/nowhere").await;
    tour.look(&browser, "error.html", "unknown-instance", "#code").await;
    tour.open(&browser, "/admin").await;
    tour.look(&browser, "error.html", "not-an-administrator", "a[href='/sign-out']").await;
    browser.forget_cookies_named("session").await;
    tour.open(&browser, "/go/acme").await;
    tour.look(&browser, "choose_idp.html", "again", "a.button[href='/go/acme?idp=corporate']").await;
}

async fn strangers(tour: &mut Tour) {
    let browser = tour.browser(Javascript::Off).await;
    browser.speak("de").await;
    tour.open(&browser, "/go/acme?idp=corporate").await;
    press_on(&browser, "#user-stranger").await;
    browser.click("#user-stranger").await;
    browser.click("#continue").await;
    tour.look(&browser, "error.html", "denied", ".note").await;
    let browser = tour.browser(Javascript::Off).await;
    browser.speak("de").await;
    browser.open(&format!("{}/portal", tour.world.idp_url)).await;
    browser.click("#user-newcomer").await;
    browser.click("#continue").await;
    tour.look(&browser, "confirm.html", "question", "#username").await;
    browser.click("form button").await;
    tour.look(&browser, "onward.html", "signed-in", "a.button[href='/']").await;
    tour.open(&browser, "/go/acme").await;
    tour.look(&browser, "waiting.html", "turn", ".bar").await;
}
