//! Instances that ask more of an authentication than the session at hand has.

use std::time::Duration;

use connect_gateway::emulator::Behaviour;

use crate::plain_browser::{Page, PlainBrowser};
use crate::sessions::{House, browser};
use crate::world::is_inside;

/// Instances beside the usual ones, each with more to ask.
const ASKING: &str = r#"
[instance.vault]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
authn_contexts = ["https://refeds.org/profile/mfa"]
[instance.unreachable]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
authn_contexts = ["urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"]
[instance.silent]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
is_passive = true
[instance.nameless]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
name_id_format = "persistent"
"#;

async fn house() -> House {
    House::start(ASKING).await
}

/// Picks Alice, who stays signed in at the identity provider.
async fn sign_in_for_long(house: &House, browser: &PlainBrowser, instance: &str) -> Page {
    let page = browser.open(&format!("{}/go/{instance}", house.gateway_url)).await;
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let picked = people.with("uid", "alice").with("remember", "on");
    browser.settle(browser.submit(&page, &picked).await).await
}

/// The status of the bookmark for a script, which is told whether the session would do.
async fn fetched(house: &House, cookies: String, instance: &str) -> u16 {
    let request = PlainBrowser::client().get(format!("{}/go/{instance}", house.gateway_url));
    let answer = request.header("cookie", cookies).header("sec-fetch-mode", "cors").send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_not_good_enough_for_an_instance_goes_back_to_the_identity_provider_once() {
    let (house, browser) = (house().await, browser());
    let gateway = house.gateway_url.parse().unwrap();
    let page = sign_in_for_long(&house, &browser, "acme").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let weak = browser.cookies_for(&gateway);

    let page = house.open(&browser, "/go/vault").await;
    assert!(page.body.contains("user-alice"), "the identity provider asks again: {}", page.body);
    let page = sign_in_for_long(&house, &browser, "vault").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);

    for instance in ["vault", "acme"] {
        let page = house.open(&browser, &format!("/go/{instance}")).await;
        assert!(is_inside(&page, "alice"), "{instance}: {}", page.body);
    }
    assert_eq!(fetched(&house, browser.cookies_for(&gateway), "vault").await, 200);
    assert_eq!(fetched(&house, weak, "acme").await, 401, "the weak session was replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_identity_provider_can_not_do_ends_on_a_page_and_not_in_a_circle() {
    let (house, browser) = (house().await, browser());
    sign_in_for_long(&house, &browser, "acme").await;
    for (instance, code) in [("unreachable", "saml.authn_context"), ("nameless", "saml.name_id")] {
        let page = house.open(&browser, &format!("/go/{instance}")).await;
        assert!(page.status == 400 && page.body.contains(code), "{instance}: {}", page.body);
    }
    let page = house.open(&browser, "/go/acme").await;
    assert!(is_inside(&page, "alice"), "the session at hand lives on: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passive_request_signs_in_whom_the_identity_provider_knows_and_nobody_else() {
    let (house, browser) = (house().await, browser());
    let page = house.open(&browser, "/go/silent").await;
    assert!(page.status == 400 && page.body.contains("saml.no_passive"), "{}", page.body);
    sign_in_for_long(&house, &browser, "acme").await;
    house.sign_out(&browser).await;
    let page = house.open(&browser, "/go/silent").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forced_authentication_that_was_not_used_to_enter_does_not_keep() {
    let (house, browser) = (house().await, browser());
    let gateway = house.gateway_url.parse().unwrap();
    house.emulator.adjust(|behaviour| behaviour.fault_rate = 1.0);
    let page = house.sign_in(&browser, "strict", "alice").await;
    assert!(page.status == 503, "{}", page.body);
    house.emulator.adjust(|behaviour| *behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() });
    house.advance(Duration::from_mins(16));
    assert_eq!(fetched(&house, browser.cookies_for(&gateway), "strict").await, 401);
    assert_eq!(fetched(&house, browser.cookies_for(&gateway), "acme").await, 200);
}

/// The console shows what was said of everybody: it asks what the identity provider's own table asks, whatever an
/// instance asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_takes_no_session_that_is_weaker_than_the_identity_providers_own_settings() {
    let own = "[admin]\ngroups = [\"cc-agents\"]\n[instance.lax]\nforce_authn = false\nauthn_contexts = []
arn = \"arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555\"
url = \"SITE\"\nrole_arn = \"arn:aws:iam::111122223333:role/connect-federation\"\n";
    let strict = "idp_initiated = \"confirm\"\nforce_authn = true\nauthn_contexts = [\"https://refeds.org/profile/mfa\"]\n";
    let change = |text: &str| text.replace("idp_initiated = \"confirm\"\n", strict);
    let house = House::changed(own, change).await;
    let browser = browser();
    let page = sign_in_for_long(&house, &browser, "lax").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = house.open(&browser, "/admin/sign-ins").await;
    assert!(page.body.contains("user-alice"), "the identity provider asks again: {} {}", page.url, page.body);
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = browser.settle(browser.submit(&page, &people.with("uid", "alice")).await).await;
    assert!(page.status == 200 && page.url.path() == "/admin/sign-ins", "{} {}", page.url, page.body);

    house.advance(Duration::from_mins(59));
    assert_eq!(house.open(&browser, "/admin").await.url.path(), "/admin");
    house.advance(Duration::from_mins(2));
    let page = house.open(&browser, "/admin").await;
    // This browser knows no time: its cookie that tells of a loop is still there.
    assert!(page.body.contains("sign_in.not_kept"), "an hour is enough: {} {}", page.url, page.body);
}
