//! Sessions that are renewed before they end.

use std::time::Duration;

use connect_gateway::emulator::Behaviour;

use crate::plain_browser::{Page, PlainBrowser};
use crate::sessions::{House, browser};
use crate::world::is_inside;

/// Sessions of eight hours, like a shift.
const SHIFT: &str = "[session]\nmax_hours = 8\n";

async fn renew_page(house: &House, browser: &PlainBrowser) -> Page {
    browser.open(&format!("{}/renew/acme", house.gateway_url)).await
}

fn button(page: &Page) -> String {
    let (_, rest) = page.body.split_once("id=\"renew\" href=\"").unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_when_the_session_ends_and_warns_half_an_hour_before() {
    let (house, browser) = (House::start(SHIFT).await, browser());
    house.sign_in(&browser, "acme", "alice").await;
    house.advance(Duration::from_secs(30));
    let page = renew_page(&house, &browser).await;
    assert!(page.body.contains(">7 hours 59 minutes</strong>"), "{}", page.body);
    assert!(!page.body.contains("role=\"alert\""), "{}", page.body);
    house.advance(Duration::from_mins(7 * 60 + 35));
    let page = renew_page(&house, &browser).await;
    assert!(
        page.body.contains("role=\"alert\"") && page.body.contains(">24 minutes</strong>"),
        "{}",
        page.body
    );
    assert_eq!(page.refresh(), Some(Duration::from_mins(1)));
    house.advance(Duration::from_mins(30));
    let page = renew_page(&house, &browser).await;
    assert!(page.body.contains("Your session has ended"), "{}", page.body);
    assert!(page.refresh().is_none(), "a tab that is left alone signs nobody in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_leads_through_the_identity_provider_into_the_instance_with_a_new_session() {
    let (house, browser) = (House::start(SHIFT).await, browser());
    house.sign_in(&browser, "acme", "alice").await;
    let gateway = house.gateway_url.parse().unwrap();
    let replaced = browser.cookies_for(&gateway);
    house.advance(Duration::from_mins(7 * 60 + 40));
    let page = renew_page(&house, &browser).await;
    let asked = house.open(&browser, &button(&page)).await;
    assert!(asked.body.contains("user-alice"), "the identity provider asks: {}", asked.body);
    let people = asked.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = browser.settle(browser.submit(&asked, &people.with("uid", "alice")).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    house.advance(Duration::from_secs(30));
    let page = renew_page(&house, &browser).await;
    assert!(page.body.contains(">7 hours 59 minutes</strong>"), "{}", page.body);
    let request = PlainBrowser::client().get(format!("{}/go/acme", house.gateway_url));
    let answer = request.header("cookie", replaced).header("sec-fetch-mode", "cors").send().await.unwrap();
    assert_eq!(answer.status(), 401, "the old session is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_with_as_much_left_as_asked_is_used_and_one_with_less_is_not() {
    let (house, browser) = (House::start(SHIFT).await, browser());
    house.sign_in(&browser, "acme", "alice").await;
    house.advance(Duration::from_hours(3));
    let page = house.open(&browser, "/go/acme/ccp?hours=4").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = house.open(&browser, "/go/acme/ccp?hours=6").await;
    assert!(page.body.contains("user-alice"), "the identity provider asks: {}", page.body);
    for bad in ["0", "13", "-1", "x", "99999999999999999999"] {
        let page = house.open(&browser, &format!("/go/acme?hours={bad}")).await;
        assert!(page.status == 400 && page.body.contains("web.bad_request"), "{bad}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_hours_than_any_session_lasts_lead_to_one_sign_in_and_not_in_a_circle() {
    let (house, browser) = (House::start(SHIFT).await, browser());
    let asked = browser.open(&format!("{}/go/acme?hours=12", house.gateway_url)).await;
    let people = asked.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = browser.settle(browser.submit(&asked, &people.with("uid", "alice")).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_signed_in_is_told_so_and_nobody_is_sent_away() {
    let (house, browser) = (House::start("").await, browser());
    let page = renew_page(&house, &browser).await;
    assert!(page.redirects.is_empty() && page.status == 200, "{}", page.url);
    assert!(page.body.contains("href=\"/go/acme\""), "{}", page.body);
    for (path, code) in [
        ("/renew/nowhere", "sign_in.unknown_instance"),
        ("/renew/acme/nowhere", "sign_in.unknown_destination"),
        ("/renew/%2F%2Fevil.test", "sign_in.unknown_instance"),
    ] {
        let page = house.open(&browser, path).await;
        assert!(page.status == 404 && page.body.contains(code), "{path}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_leads_nowhere_but_here_and_holds_nothing_of_the_person() {
    let (house, browser) = (House::start("").await, browser());
    house.sign_in(&browser, "acme", "alice").await;
    let page = browser.open(&format!("{}/renew/acme/ccp?next=https://evil.test", house.gateway_url)).await;
    for href in page.body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(
            href.starts_with("/go/acme/ccp?hours=12") || href.starts_with("/renew/acme/ccp?refresh"),
            "{href}"
        );
    }
    assert!(!page.body.contains("alice") && !page.body.contains("Token"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_of_a_moment_ago_is_fresh_enough_whatever_is_asked() {
    let (house, browser) = (House::start(SHIFT).await, browser());
    house.emulator.adjust(|behaviour| behaviour.fault_rate = 1.0);
    let page = house.sign_in(&browser, "acme", "alice").await;
    assert_eq!(page.status, 503, "signed in, and not inside: {}", page.body);
    house.emulator.adjust(|behaviour| *behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() });
    let page = house.open(&browser, "/go/acme?hours=12").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}
