//! Test sign-ins: the whole way to the identity provider and back, and nothing comes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::COOKIE;
use serde_json::Value;
use url::Url;

use crate::admin::{NAMED, SEED, between, browser, open, post_to, sign_in_at, world};
use crate::html::Form;
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{self, World, is_inside};

const NO_FIELDS: &[(&str, &str)] = &[];

/// Sends the console's form.
async fn ask(world: &World, boss: &PlainBrowser, who: &str, again: &str) -> Page {
    let page = open(world, boss, "/admin/test").await;
    let form = page.forms().remove(0).with("way", "acme/corporate").with("again", again).with("who", who);
    boss.submit(&page, &form).await
}

/// Goes on to the identity provider and picks a person there: its page with the answer.
async fn pick(browser: &PlainBrowser, page: Page, uid: &str) -> Page {
    world::pick(browser, &browser.settle(page).await, uid).await
}

/// A test of the administrator's own, as this person.
async fn test_as(world: &World, boss: &PlainBrowser, uid: &str) -> Page {
    let answer = pick(boss, ask(world, boss, "me", "yes").await, uid).await;
    boss.settle(answer).await
}

async fn boss(world: &World) -> PlainBrowser {
    let boss = browser();
    let page = sign_in_at(world, &boss, "/admin", "boss").await;
    assert_eq!(page.status, 200, "{}", page.body);
    boss
}

/// A link for somebody else, as the console shows it.
async fn link(world: &World, boss: &PlainBrowser) -> String {
    let page = ask(world, boss, "link", "").await;
    between(&page.body, "<code id=\"test-link\">", "<").to_owned()
}

/// What the browser would send here, in an order of its own.
fn cookies(world: &World, browser: &PlainBrowser) -> Vec<String> {
    let url: Url = world.gateway_url.parse().unwrap();
    let mut cookies: Vec<String> = browser.cookies_for(&url).split("; ").map(str::to_owned).collect();
    cookies.sort();
    cookies
}

/// What AWS was asked.
fn operations(world: &World) -> Vec<String> {
    let calls = world.emulator.history().into_iter().map(|call| call.operation);
    calls.filter(|operation| !["AuthnRequest", "Response"].contains(&operation.as_str())).collect()
}

fn has_session(world: &World, browser: &PlainBrowser) -> bool {
    cookies(world, browser).iter().any(|cookie| cookie.starts_with("__Host-gateway-session"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrators_test_ends_at_its_explanation_and_changes_nothing() {
    // A chooser, so that there is something to remember of the last sign-in.
    let second = "\n[idp.partners]\nmetadata_url = \"http://127.0.0.1:9/\"\n";
    let named = "\n[admin]\nidps = [\"corporate\"]\ngroups = [\"console-admins\"]\n";
    let world = World::configured(SEED, |settings| format!("{settings}{second}{named}")).await;
    let boss = boss(&world).await;
    let before = (cookies(&world, &boss), operations(&world));
    let page = test_as(&world, &boss, "alice").await;
    assert!(page.status == 200 && page.url.path().starts_with("/admin/sign-ins/"), "{}", page.url);
    for part in
        ["id=\"is-test\"", "Would be let in", "<code>alice</code>", "<code>cc-agents</code>", "Test sign-in"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }

    assert_eq!((cookies(&world, &boss), operations(&world)), before);
    assert_eq!(open(&world, &boss, "/admin").await.status, 200, "the administrator's own session stays");
    let page = open(&world, &boss, "/go/acme").await;
    assert!(page.status == 403 && page.body.contains("mapping.no_match"), "still the boss: {}", page.body);
    assert_eq!(world.calls("CreateUser") + world.calls("AssumeRole"), 0);
    let log = world.gateway.log();
    let line = log.lines().find(|line| line.contains("\"event\":\"test\"")).unwrap();
    assert!(line.contains("\"message\":\"ok\"") && line.contains("corporate"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_told_from_sign_ins_and_counts_as_none() {
    let world = world().await;
    let boss = boss(&world).await;
    let page = test_as(&world, &boss, "alice").await;
    let support_id = page.url.path().rsplit('/').next().unwrap().to_owned();
    let overview = open(&world, &boss, "/admin").await;
    let outcomes = between(&overview.body, "<th scope=\"col\">Sign-ins</th>", "</table>");
    assert!(
        outcomes.contains("outcome=let_in\">Let in</a></th><td data-label=\"Sign-ins\">1</td>"),
        "the boss alone: {outcomes}"
    );
    let list = open(&world, &boss, "/admin/sign-ins").await;
    assert!(list.body.contains("Test: would be let in"), "{}", list.body);
    let list = open(&world, &boss, "/admin/sign-ins?outcome=test").await;
    assert_eq!(list.body.matches("<a href=\"/admin/sign-ins/").count(), 1, "{}", list.body);
    let list = open(&world, &boss, "/admin/sign-ins?outcome=let_in").await;
    assert!(!list.body.contains(&format!("/admin/sign-ins/{support_id}")), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_is_asked_for_only_where_that_is_wanted() {
    let world = world().await;
    let boss = browser();
    let page = open(&world, &boss, "/admin").await;
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let remembered = people.with("uid", "boss").with("remember", "on");
    boss.settle(boss.submit(&page, &remembered).await).await;
    let page = boss.settle(ask(&world, &boss, "me", "").await).await;
    assert!(
        page.url.path().starts_with("/admin/sign-ins/") && page.body.contains("<code>boss</code>"),
        "{}",
        page.url
    );
    let page = test_as(&world, &boss, "alice").await;
    assert!(page.body.contains("<code>alice</code>"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_test_ends_at_its_explanation_too() {
    let world = world().await;
    let boss = boss(&world).await;
    let page = test_as(&world, &boss, "stranger").await;
    assert!(page.url.path().starts_with("/admin/sign-ins/"), "{}", page.url);
    for part in
        ["outcome\">mapping.no_match<", "stranger@example.com", "in none of its groups", "id=\"is-test\""]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let answer = pick(&boss, ask(&world, &boss, "me", "yes").await, "alice").await;
    let page = boss.submit(&answer, &tampered(&answer)).await;
    assert!(page.url.path().starts_with("/admin/sign-ins/"), "{}", page.url);
    assert!(
        page.body.contains("saml.") && page.body.contains("there is nothing to explain"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("carol"), "nobody vouches for that: {}", page.body);
    assert_eq!(open(&world, &boss, "/admin").await.status, 200);
}

/// The answer, changed on the way.
fn tampered(answer: &Page) -> Form {
    let form = answer.forms().remove(0);
    let response = String::from_utf8(STANDARD.decode(form.value("SAMLResponse").unwrap()).unwrap()).unwrap();
    let changed = STANDARD.encode(response.replace("alice", "carol"));
    form.with("SAMLResponse", &changed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_told_that_the_test_is_over_and_the_administrator_what_came_of_it() {
    let world = world().await;
    let boss = boss(&world).await;
    let mut pages = Vec::new();
    for (uid, told) in [("alice", "outcome\">Would be let in<"), ("stranger", "outcome\">mapping.no_match<")]
    {
        let (link, guest) = (link(&world, &boss).await, browser());
        // Looked at by a program on its way: it is still good.
        browser().open(&link).await;
        let page = guest.open(&link).await;
        let page = guest.submit(&page, &page.forms()[0]).await;
        let over = guest.settle(pick(&guest, page, uid).await).await;
        assert!(over.status == 200 && over.body.contains("The test is over"), "{}", over.body);
        let support_id = between(&over.body, "<dd id=\"support-id\">", "<").to_owned();
        for value in [uid, "cc-agents", "mapping.", "Would be"] {
            assert!(!over.body.contains(value), "{value} is told to the guest: {}", over.body);
        }
        assert!(!has_session(&world, &guest), "{:?}", cookies(&world, &guest));
        let asked = open(&world, &guest, "/go/acme").await;
        assert!(
            !is_inside(&asked, uid) && asked.url.port() != Url::parse(&world.gateway_url).unwrap().port()
        );
        let explained = open(&world, &boss, &format!("/admin/sign-ins/{support_id}")).await;
        assert!(
            explained.body.contains(told) && explained.body.contains("id=\"is-test\""),
            "{}",
            explained.body
        );
        pages.push(over.body.replace(&support_id, ""));
    }
    let without_time = |page: &String| page.replace(between(page, "<dt>Time</dt><dd>", "<"), "");
    assert_eq!(without_time(&pages[0]), without_time(&pages[1]), "no outcome is told, not even by the way");
    assert_eq!(world.calls("CreateUser") + world.calls("AssumeRole"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_used_up_by_the_first_who_starts_and_by_no_other_site() {
    let world = world().await;
    let boss = boss(&world).await;
    let link = link(&world, &boss).await;
    let path = Url::parse(&link).unwrap().path().to_owned();
    assert!(path.len() > 40 && link.starts_with(&world.gateway_url), "{link}");
    let page = post_to(&world, &browser(), &path, NO_FIELDS, "https://evil.test").await;
    assert!(page.status == 400 && page.body.contains("web.bad_request"), "{}", page.body);
    let page = post_to(&world, &browser(), &path, NO_FIELDS, &world.gateway_url).await;
    assert!(page.status == 200 && page.body.contains("SAMLRequest"), "{}", page.body);
    let page = post_to(&world, &browser(), &path, NO_FIELDS, &world.gateway_url).await;
    assert!(page.status == 400 && page.body.contains("sign_in.no_test"), "{}", page.body);
    for unknown in
        [format!("/test/{}", "0".repeat(40)), "/test/x".to_owned(), "/test/%2F%2Fevil.test".to_owned()]
    {
        let page = post_to(&world, &browser(), &unknown, NO_FIELDS, &world.gateway_url).await;
        assert!(page.status == 400 && page.body.contains("sign_in.no_test"), "{unknown}: {}", page.body);
    }
    assert_eq!(open(&world, &browser(), "/test/x").await.status, 404);
    let log = world.gateway.log();
    assert!(log.contains("\"event\":\"test_link\""), "{log}");
    let token = path.trim_start_matches("/test/");
    assert!(!log.contains(token), "the link is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_a_test_signs_nobody_in_however_it_is_sent() {
    let world = world().await;
    let boss = boss(&world).await;
    let guest = browser();
    let link = link(&world, &boss).await;
    let page = guest.open(&link).await;
    let page = guest.submit(&page, &page.forms()[0]).await;
    let answer = pick(&guest, page, "alice").await;
    // A sign-in of the same browser is under way as well.
    let real = world.answer_for(&guest, "acme", "alice").await;
    let (test, real) = (answer.forms().remove(0), real.forms().remove(0));
    let saml_response = test.value("SAMLResponse").unwrap().to_owned();
    for relay_state in [real.value("RelayState").unwrap(), "acme", ""] {
        let page = guest.submit(&answer, &test.clone().with("RelayState", relay_state)).await;
        assert!(page.status == 400, "{relay_state}: {}", page.body);
        assert!(!has_session(&world, &guest), "{relay_state}");
    }
    let other = browser().submit(&answer, &test).await;
    assert!(
        other.status == 400 && other.body.contains("sign_in.no_cookie"),
        "another browser: {}",
        other.body
    );
    let over = guest.submit(&answer, &test).await;
    assert!(over.body.contains("The test is over") && !has_session(&world, &guest), "{}", over.body);
    let again = guest.submit(&answer, &test).await;
    assert!(again.status == 400 && again.body.contains("sign_in.not_pending"), "{}", again.body);

    // And the answer to a sign-in is none to a test.
    let page = guest.open(&self::link(&world, &boss).await).await;
    let page = guest.submit(&page, &page.forms()[0]).await;
    let second = pick(&guest, page, "alice").await.forms().remove(0);
    let page = guest.submit(&answer, &second.with("SAMLResponse", &saml_response)).await;
    assert!(page.body.contains("The test is over"), "{}", page.body);
    let list = open(&world, &boss, "/admin/sign-ins?outcome=test").await;
    assert!(list.body.contains("Test: saml."), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_there_survives_a_test_as_it_is() {
    let world = world().await;
    let boss = boss(&world).await;
    let guest = browser();
    assert!(is_inside(&sign_in_at(&world, &guest, "/go/acme", "alice").await, "alice"));
    let (before, calls) = (cookies(&world, &guest), operations(&world));
    let page = guest.open(&link(&world, &boss).await).await;
    let page = guest.submit(&page, &page.forms()[0]).await;
    let over = guest.settle(pick(&guest, page, "stranger").await).await;
    assert!(over.body.contains("The test is over"), "{}", over.body);
    assert_eq!((cookies(&world, &guest), operations(&world)), (before, calls));
    let inside = guest.settle(open(&world, &guest, "/go/acme").await).await;
    assert!(is_inside(&inside, "alice"), "{}", inside.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_consoles_own_form_begins_a_test() {
    let world = world().await;
    let boss = boss(&world).await;
    let page = open(&world, &boss, "/admin/test").await;
    let token = between(&page.body, "name=\"token\" value=\"", "\"");
    let with = |token| [("token", token), ("way", "acme/corporate"), ("who", "link")];
    for (fields, origin) in [(with("0"), &*world.gateway_url), (with(token), "https://evil.test")] {
        let page = post_to(&world, &boss, "/admin/test", &fields, origin).await;
        assert!(page.status == 400 && !page.body.contains("/test/"), "{origin}: {}", page.body);
    }
    for (way, status) in [("acme/nobody", 404), ("nowhere/corporate", 404), ("acme", 400)] {
        for who in ["me", "link"] {
            let fields = [("token", token), ("way", way), ("who", who)];
            let page = post_to(&world, &boss, "/admin/test", &fields, &world.gateway_url).await;
            assert_eq!(page.status, status, "{way}: {}", page.body);
        }
    }
    let agent = browser();
    sign_in_at(&world, &agent, "/go/acme", "alice").await;
    assert_eq!(open(&world, &agent, "/admin/test").await.status, 403);
    assert_eq!(post_to(&world, &agent, "/admin/test", &with(token), &world.gateway_url).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_console_there_are_no_tests_and_without_memory_none_is_begun() {
    let world = World::start("").await;
    let token = format!("/test/{}", "0".repeat(40));
    for path in [token.as_str(), "/admin/test", "/admin/sign-ins/X/attributes.json"] {
        let page = open(&world, &browser(), path).await;
        assert!(page.status == 404 && page.body.contains("web.not_found"), "{path}: {}", page.body);
    }
    for path in [token.as_str(), "/admin/test"] {
        assert_eq!(
            post_to(&world, &browser(), path, NO_FIELDS, &world.gateway_url).await.status,
            404,
            "{path}"
        );
    }
    let forgets = World::configured(SEED, |text| format!("{text}{NAMED}keep_sign_ins = 0\n")).await;
    let boss = boss(&forgets).await;
    let page = open(&forgets, &boss, "/admin/test").await;
    assert!(page.forms().is_empty() && page.body.contains("keep_sign_ins"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_test_is_in_the_log() {
    let world = world().await;
    let boss = boss(&world).await;
    test_as(&world, &boss, "alice").await;
    test_as(&world, &boss, "stranger").await;
    let (link, guest) = (link(&world, &boss).await, browser());
    let page = guest.open(&link).await;
    let page = guest.submit(&page, &page.forms()[0]).await;
    let answer = pick(&guest, page, "alice").await;
    let saml_response = answer.forms()[0].value("SAMLResponse").unwrap().to_owned();
    guest.settle(answer).await;
    let sign_ins = open(&world, &boss, "/admin/sign-ins?outcome=test").await;
    let support_id = between(&sign_ins.body, "href=\"/admin/sign-ins/", "\"").to_owned();
    open(&world, &boss, &format!("/admin/sign-ins/{support_id}/attributes.json")).await;
    let log = world.gateway.log();
    assert!(log.matches("\"event\":\"test\"").count() == 3, "{log}");
    let secrets = [cookies(&world, &boss), cookies(&world, &guest)].concat();
    let secrets = secrets.iter().filter_map(|cookie| Some(cookie.split_once('=')?.1.to_owned()));
    let secrets: Vec<String> = secrets.filter(|value| value.len() > 20).collect();
    assert!(secrets.len() >= 3, "{}", secrets.len());
    let link = link.rsplit('/').next().unwrap();
    for secret in secrets.iter().map(String::as_str).chain([link, &saml_response[400..440]]) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for value in ["alice", "Lindstr", "stranger", "boss@", "cc-agents", "console-admins"] {
        assert!(!log.contains(value), "{value} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_of_a_person_can_be_taken_to_another_machine() {
    let world = world().await;
    let boss = boss(&world).await;
    let page = test_as(&world, &boss, "alice").await;
    let path = between(&page.body, "id=\"attributes\" href=\"", "\"");
    let url: Url = format!("{}{path}", world.gateway_url).parse().unwrap();
    let lines = |log: &str| log.matches("\"event\":\"console\"").count();
    let before = lines(&world.gateway.log());
    let fetch = |cookies: String| PlainBrowser::client().get(url.clone()).header(COOKIE, cookies).send();
    let answer = fetch(boss.cookies_for(&url)).await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("cache-control").as_str(), header("content-type").as_str()),
        ("no-store", "application/json")
    );
    assert!(
        header("content-disposition").starts_with("attachment; filename=\""),
        "{}",
        header("content-disposition")
    );
    let text = answer.text().await.unwrap();
    let said: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(said["attributes"]["uid"][0], "alice");
    assert_eq!(lines(&world.gateway.log()), before + 1, "a look like every other");

    let folder = &world.gateway.folder;
    std::fs::write(folder.join("person.json"), text).unwrap();
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args([
            "mapping",
            "explain",
            "-c",
            "gateway.toml",
            "--attributes",
            "person.json",
            "--instance",
            "acme",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(program.status.success(), "{program:?}");

    let page = open(&world, &boss, "/admin/sign-ins/0000-0000-0000/attributes.json").await;
    assert_eq!(page.status, 404, "{}", page.body);
    let agent = browser();
    sign_in_at(&world, &agent, "/go/acme", "alice").await;
    let refused = fetch(agent.cookies_for(&url)).await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    assert!(!refused.text().await.unwrap().contains("Lindstr"));
}
