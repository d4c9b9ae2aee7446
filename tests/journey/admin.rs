//! The administrators' console: who gets in, what it shows, and that it changes nothing.

use reqwest::header::COOKIE;
use serde::Serialize;
use url::Url;

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside, pick};

/// An administrator with no place in the contact centre.
pub(crate) const SEED: &str = r#"
[[person]]
uid = "boss"
name = "Bo Ss"
title = "Runs the gateway"
name_id = "boss@example.com"
[person.attributes]
uid = ["boss"]
mail = ["boss@example.com"]
groups = ["console-admins"]
"#;

pub(crate) const NAMED: &str = "\n[admin]\ngroups = [\"console-admins\"]\n";

pub(crate) async fn world() -> World {
    World::configured(SEED, |settings| format!("{settings}{NAMED}")).await
}

pub(crate) fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

/// Opens `path` and picks a person at the identity provider.
pub(crate) async fn sign_in_at(world: &World, browser: &PlainBrowser, path: &str, uid: &str) -> Page {
    let page = open(world, browser, path).await;
    browser.settle(pick(browser, &page, uid).await).await
}

pub(crate) async fn open(world: &World, browser: &PlainBrowser, path: &str) -> Page {
    browser.open(&format!("{}{path}", world.gateway_url)).await
}

/// Sends the playground's form; `origin` is what the browser says it comes from.
async fn post(world: &World, browser: &PlainBrowser, fields: &[(&str, &str)], origin: &str) -> (u16, String) {
    let page = post_to(world, browser, "/admin/playground", fields, origin).await;
    (page.status, page.body)
}

/// Sends a form to `path` as a page of `origin` would.
pub(crate) async fn post_to(
    world: &World,
    browser: &PlainBrowser,
    path: &str,
    fields: &(impl Serialize + ?Sized),
    origin: &str,
) -> Page {
    let url: Url = format!("{}{path}", world.gateway_url).parse().unwrap();
    let request = PlainBrowser::client().post(url.clone()).header(COOKIE, browser.cookies_for(&url));
    let answer = request.header("origin", origin).form(fields).send().await.unwrap();
    let status = answer.status().as_u16();
    Page { url, status, body: answer.text().await.unwrap(), redirects: Vec::new() }
}

/// What stands between two texts.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1.split_once(end).unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_anybody_named_there_is_no_console() {
    let world = World::start("").await;
    for path in [
        "/admin",
        "/admin/sign-ins",
        "/admin/sign-ins/X",
        "/admin/playground",
        "/admin/history",
        "/admin/config",
        "/admin/directory",
        "/admin/directory/acme",
        "/admin/directory/acme/users/X",
    ] {
        let page = open(&world, &browser(), path).await;
        assert!(page.status == 404 && page.body.contains("web.not_found"), "{path}: {}", page.body);
    }
    assert_eq!(post(&world, &browser(), &[("draft", "")], &world.gateway_url).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_named_is_refused_with_and_without_a_session() {
    let world = world().await;
    let fresh = browser();
    let page = sign_in_at(&world, &fresh, "/admin", "alice").await;
    assert!(page.status == 403 && page.body.contains("admin.not_named"), "{}", page.body);
    let url: Url = world.gateway_url.parse().unwrap();
    assert!(!fresh.cookies_for(&url).contains("__Host-gateway-session"), "no session by this door");

    let agent = browser();
    assert!(is_inside(&sign_in_at(&world, &agent, "/go/acme", "alice").await, "alice"));
    for path in [
        "/admin",
        "/admin/sign-ins",
        "/admin/playground",
        "/admin/history",
        "/admin/config",
        "/admin/directory/acme",
        "/admin/directory/acme/users/X",
    ] {
        let page = open(&world, &agent, path).await;
        assert!(page.status == 403 && page.body.contains("admin.not_named"), "{path}: {}", page.body);
        assert!(!page.body.contains("alice"), "{}", page.body);
    }
    assert_eq!(post(&world, &agent, &[("draft", "")], &world.gateway_url).await.0, 403);
    let log = world.gateway.log();
    assert!(
        log.contains("\"console\"") && log.contains("not an administrator: in none of its groups"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_finds_a_refused_sign_in_by_its_support_id_and_sees_the_rules() {
    let world = world().await;
    assert!(is_inside(&sign_in_at(&world, &browser(), "/go/acme", "alice").await, "alice"));
    let refused = sign_in_at(&world, &browser(), "/go/acme", "stranger").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let support_id = between(&refused.body, "<dd id=\"support-id\">", "<");

    let boss = browser();
    let overview = sign_in_at(&world, &boss, "/admin", "boss").await;
    assert!(overview.status == 200 && overview.url.path() == "/admin", "{} {}", overview.url, overview.body);
    assert!(overview.body.contains("in force, as the file has them"), "{}", overview.body);
    let list = open(&world, &boss, "/admin/sign-ins").await;
    assert_eq!(list.body.matches("<a href=\"/admin/sign-ins/").count(), 3, "{}", list.body);
    let list = open(&world, &boss, &format!("/admin/sign-ins?support_id={support_id}")).await;
    assert_eq!(list.body.matches("<a href=\"/admin/sign-ins/").count(), 1, "{}", list.body);
    let list = open(&world, &boss, "/admin/sign-ins?outcome=let_in").await;
    assert!(!list.body.contains(support_id), "{}", list.body);

    let one = open(&world, &boss, &format!("/admin/sign-ins/{support_id}")).await;
    for part in ["mapping.no_match", "stranger@example.com", "visitors", "agents", "in none of its groups"] {
        assert!(one.body.contains(part), "{part}: {}", one.body);
    }
    let gone = open(&world, &boss, "/admin/sign-ins/0000-0000-0000").await;
    assert_eq!(gone.status, 404, "{}", gone.body);
    let config = open(&world, &boss, "/admin/config").await;
    assert!(config.body.contains("Everybody in “cc-agents” gets"), "{}", config.body);
    assert!(!config.body.contains("PRIVATE KEY"), "{}", config.body);
    assert_eq!(open(&world, &boss, "/go/acme").await.status, 403, "an administrator has no place by that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_page_tells_each_key_with_its_origin_and_no_secret_and_follows_the_rules() {
    let secret =
        |settings: &str| settings.replace("role_arn = ", "external_id = \"hush-id\"\nrole_arn = ") + NAMED;
    let world = World::configured(SEED, secret).await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let told = |page: &Page, table: &str, key: &str| {
        let table = between(&page.body, &format!("<h3><code>{table}</code></h3>"), "</dl>").to_owned();
        between(&table, &format!("<dt>{key}</dt>"), "</dd>").to_owned()
    };
    let page = open(&world, &boss, "/admin/config").await;
    assert!(
        told(&page, "session", "max_hours").contains("<code>12</code><span>default</span>"),
        "{}",
        page.body
    );
    assert!(
        told(&page, "instance.acme", "external_id").contains("<code>(secret)</code><span>file (line "),
        "{}",
        page.body
    );
    assert!(told(&page, "mapping", "on_no_match").contains("<span>default</span>"), "{}", page.body);
    for hidden in ["hush", "PRIVATE KEY", "mapping.rule["] {
        assert!(!page.body.contains(hidden), "{hidden}: {}", page.body);
    }

    let file = world.gateway.folder.join("gateway.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replacen(
        "[[mapping.rule]]",
        "[mapping]\non_no_match = \"keep\"\n[session]\nmax_hours = 9\n[[mapping.rule]]",
        1,
    );
    std::fs::write(&file, changed).unwrap();
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let page = open(&world, &boss, "/admin/config").await;
        if told(&page, "mapping", "on_no_match").contains("keep") {
            assert!(told(&page, "mapping", "on_no_match").contains("file (line "), "{}", page.body);
            assert!(
                told(&page, "session", "max_hours").contains("<code>12</code>"),
                "it waits for a restart"
            );
            assert!(page.body.contains("waits for a restart"), "{}", page.body);
            return;
        }
    }
    panic!("the page does not follow the file: {}", world.gateway.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_playground_shows_what_a_draft_would_do_and_does_nothing() {
    let world = world().await;
    assert!(is_inside(&sign_in_at(&world, &browser(), "/go/acme", "alice").await, "alice"));
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let page = open(&world, &boss, "/admin/playground").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("cc-supervisors") && !page.body.contains("signing_key"), "{}", page.body);
    let token = between(&page.body, "name=\"token\" value=\"", "\"");
    let ours = &world.gateway_url;
    let draft = "[[mapping.rule]]\nname = \"agents\"\ngroups = [\"cc-agents\"]\nset = { security_profiles = [\"QualityAnalyst\"] }\n";
    let with = |draft| [("token", token), ("draft", draft), ("on", "recent")];

    let (status, preview) = post(&world, &boss, &with(draft), ours).await;
    assert_eq!(status, 200, "{preview}");
    let changed = between(&preview, "<table id=\"changed\">", "</table>");
    assert!(changed.contains(">Agent</td><td data-label=\"Draft\">QualityAnalyst</td>"), "{changed}");
    let for_nobody = draft.replace("cc-agents", "nobody");
    let (_, preview) = post(&world, &boss, &with(&for_nobody), ours).await;
    let counts = between(&preview, "<table id=\"counts\">", "</table>");
    assert!(
        counts.contains(
            ">Let in</td><td data-label=\"Draft\">mapping.no_match</td><td data-label=\"Sign-ins\">1</td>"
        ),
        "{counts}"
    );
    let bad = "[[mapping.rule]]\nname = \"agents\"\nwhen = \"grups == []\"\ndeny = \"No.\"\n";
    let (_, preview) = post(&world, &boss, &with(bad), ours).await;
    let problems = between(&preview, "<pre id=\"problems\"", "</pre>");
    assert!(problems.contains("(line 3)") && problems.contains('^'), "{problems}");
    let pasted = r#"{"uid": "dora", "groups": ["cc-agents"]}"#;
    let fields = [
        &with(draft)[..2],
        &[("on", "pasted"), ("attributes", pasted), ("idp", "corporate"), ("instance", "acme")],
    ];
    let (_, preview) = post(&world, &boss, &fields.concat(), ours).await;
    assert!(preview.contains("<code>QualityAnalyst</code>"), "{preview}");

    for (fields, origin) in [
        (with(draft), "https://evil.test"),
        ([("token", "0"), ("draft", draft), ("on", "recent")], ours.as_str()),
    ] {
        let (status, page) = post(&world, &boss, &fields, origin).await;
        assert!(status == 400 && !page.contains("QualityAnalyst"), "{origin}: {page}");
    }
    let again = sign_in_at(&world, &browser(), "/go/acme", "alice").await;
    assert!(is_inside(&again, "alice"), "{}", again.body);
    let user =
        world.emulator.history().iter().filter(|call| call.operation == "UpdateUserSecurityProfiles").count();
    assert_eq!(user, 0, "the draft is in force for nobody");
    let log = world.gateway.log();
    for value in ["alice", "boss@", "console-admins", "QualityAnalyst", "dora", token] {
        assert!(!log.contains(value), "{value} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_kept_by_nobody_and_loads_nothing_from_elsewhere() {
    let world = world().await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    for path in [
        "/admin",
        "/admin/sign-ins",
        "/admin/playground",
        "/admin/history",
        "/admin/config",
        "/admin/directory/acme",
    ] {
        let url: Url = format!("{}{path}", world.gateway_url).parse().unwrap();
        let request = PlainBrowser::client().get(url.clone()).header(COOKIE, boss.cookies_for(&url));
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), header("cache-control").as_str()), (200, "no-store"), "{path}");
        let csp = header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'; style-src 'sha256-"), "{csp}");
        assert!(!csp.contains("unsafe") && !csp.contains("http") && !csp.contains("script-src"), "{csp}");
    }
}
