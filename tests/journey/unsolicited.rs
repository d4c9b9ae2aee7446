//! Sign-ins that begin at the identity provider's list of apps.

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

/// From the list of apps to our question.
async fn question(world: &World, browser: &PlainBrowser, uid: &str, relay_state: &str) -> Page {
    let answer = world.portal(browser, uid, relay_state).await;
    browser.settle(answer).await
}

/// Presses "Continue" and follows what goes on by itself.
async fn go_on(browser: &PlainBrowser, question: &Page) -> Page {
    browser.settle(press(browser, question).await).await
}

async fn press(browser: &PlainBrowser, question: &Page) -> Page {
    let form = question.forms().into_iter().find(|form| form.action.path() == "/sign-in/confirm");
    let form = form.unwrap_or_else(|| panic!("no question at {}\n{}", question.url, question.body));
    browser.submit(question, &form).await
}

/// Whether this browser has a session.
async fn is_signed_in(world: &World, browser: &PlainBrowser) -> bool {
    let cookies = browser.cookies_for(&world.gateway_url.parse().unwrap());
    let request = PlainBrowser::client().get(format!("{}/go/acme", world.gateway_url));
    let answer = request.header("cookie", cookies).header("sec-fetch-mode", "cors").send().await.unwrap();
    answer.status() != 401
}

fn restarting(settings: &str) -> String {
    settings.replace("\"confirm\"", "\"restart\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_in_before_they_say_that_it_is_them() {
    let world = World::start("").await;
    let browser = browser();
    let page = question(&world, &browser, "alice", "acme").await;
    assert_eq!((page.status, page.url.path()), (200, "/saml/acs"));
    assert!(page.body.contains("Alice Lindström") && page.body.contains(">alice<"), "{}", page.body);
    assert!(!is_signed_in(&world, &browser).await);
    assert_eq!(world.calls("AssumeRole"), 0, "nothing is asked of AWS");
    let page = go_on(&browser, &page).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert!(is_signed_in(&world, &browser).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_state_that_names_an_instance_and_a_destination_leads_there() {
    let world = World::start("").await;
    for (relay_state, path) in [
        ("acme", "/ccp-v2/"),
        ("acme/workspace", "/agent-app-v2/"),
        ("by-console/workspace", "/agent-app-v2/"),
    ] {
        let browser = browser();
        let page = question(&world, &browser, "alice", relay_state).await;
        let page = go_on(&browser, &page).await;
        assert!(is_inside(&page, "alice"), "{relay_state}: {}", page.body);
        assert_eq!(page.url.path(), path, "{relay_state}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_relay_state_leads_to_our_own_start_page() {
    let world = World::start("").await;
    for relay_state in [
        "",
        "https://evil.test/",
        "//evil.test",
        "/go/acme",
        "acme/",
        "acme/nowhere",
        "acme/../strict",
        "ACME",
        " acme",
        "acme?idp=x",
        "javascript:alert(1)",
    ] {
        let browser = browser();
        let page = question(&world, &browser, "alice", relay_state).await;
        let page = go_on(&browser, &page).await;
        assert_eq!(page.url.as_str(), format!("{}/", world.gateway_url), "{relay_state}");
        assert!(page.body.contains("Choose a contact centre"), "{relay_state}: {}", page.body);
        assert!(!page.body.contains("evil.test"), "{relay_state}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_once_and_only_by_the_browser_that_was_asked() {
    let world = World::start("").await;
    let (asked, other, visitor) = (browser(), browser(), browser());
    let page = question(&world, &asked, "alice", "acme").await;
    let refused = press(&other, &page).await;
    assert!(refused.body.contains("sign_in.no_cookie"), "{}", refused.body);
    question(&world, &visitor, "newcomer", "acme").await;
    let refused = press(&visitor, &page).await;
    assert!(refused.body.contains("sign_in.not_pending"), "{}", refused.body);
    let entered = go_on(&asked, &page).await;
    assert!(is_inside(&entered, "alice"), "{}", entered.body);
    let refused = press(&asked, &page).await;
    assert!(refused.body.contains("sign_in.not_pending"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_used_once() {
    let world = World::start("").await;
    let (first, second) = (browser(), browser());
    let answer = world.portal(&first, "alice", "acme").await;
    let page = first.submit(&answer, &answer.forms()[0]).await;
    assert!(page.body.contains("Is this you?"), "{}", page.body);
    let page = second.submit(&answer, &answer.forms()[0]).await;
    assert!(page.body.contains("saml.replay"), "{}", page.body);
}

/// Login CSRF: an attacker's answer in another person's browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attackers_answer_shows_the_attackers_name_and_changes_no_session() {
    let world = World::start("").await;
    let (victim, attacker) = (browser(), browser());
    let answer = world.answer_for(&victim, "acme", "alice").await;
    victim.settle(answer).await;
    let trap = world.portal(&attacker, "newcomer", "acme").await;
    let page = victim.submit(&trap, &trap.forms()[0]).await;
    assert!(page.body.contains(">newcomer<") && !page.body.contains("alice"), "{}", page.body);
    let page = victim.settle(victim.open(&format!("{}/go/acme", world.gateway_url)).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_without_a_question() {
    let world = World::start("").await;
    let page = question(&world, &browser(), "stranger", "acme").await;
    assert!(page.status == 403 && page.body.contains("mapping.no_match"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_entered_through_its_own_identity_providers_only() {
    let others = |settings: &str| {
        let settings = settings.replace("[instance.by-console]", "[instance.by-console]\nidps = [\"other\"]");
        let settings = settings.replace("[instance.strict]", "[instance.strict]\nidps = [\"other\"]");
        format!("{settings}\n[idp.other]\nmetadata_url = \"http://127.0.0.1:9/\"\n")
    };
    let world = World::configured("", others).await;
    for relay_state in ["by-console", "strict"] {
        let page = question(&world, &browser(), "alice", relay_state).await;
        assert!(page.body.contains("sign_in.unknown_idp"), "{relay_state}: {}", page.body);
    }
    let browser = browser();
    let page = question(&world, &browser, "alice", "").await;
    let page = go_on(&browser, &page).await;
    assert!(is_inside(&page, "alice"), "the one instance that is left: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_forces_authentication_gets_one() {
    let world = World::start("").await;
    let browser = browser();
    let page = question(&world, &browser, "alice", "strict").await;
    assert!(page.body.contains("/saml/choose"), "the identity provider asks: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_asks_the_identity_provider_and_believes_only_that_answer() {
    let world = World::configured("", restarting).await;
    let browser = browser();
    let page = question(&world, &browser, "newcomer", "acme/workspace").await;
    assert!(!is_signed_in(&world, &browser).await);
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = browser.settle(browser.submit(&page, &people.with("uid", "alice")).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(page.url.path(), "/agent-app-v2/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_that_lead_nowhere_come_to_an_end() {
    let world = World::configured("", restarting).await;
    let browser = browser();
    for _ in 0..3 {
        let page = question(&world, &browser, "alice", "acme").await;
        assert!(page.body.contains("/saml/choose"), "{}", page.body);
    }
    let page = question(&world, &browser, "alice", "acme").await;
    assert!(page.status == 400 && page.body.contains("sign_in.restarted"), "{}", page.body);
    let page = question(&world, &browser, "alice", "acme").await;
    assert!(page.body.contains("/saml/choose"), "and may begin again: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_provider_that_may_not_begin_a_sign_in_is_told_so() {
    let world = World::configured("", |settings| settings.replace("\"confirm\"", "\"off\"")).await;
    for relay_state in ["", "acme"] {
        let page = question(&world, &browser(), "alice", relay_state).await;
        assert!(page.status == 400 && page.body.contains("sign_in.unsolicited"), "{}", page.body);
    }
}
