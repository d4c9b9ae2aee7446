//! From a draft to rules in force, and back: who may, what is asked before, and what is kept.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reqwest::header::COOKIE;
use serde_json::Value;
use url::Url;

use crate::admin::{between, browser, open, post_to, sign_in_at};
use crate::html::Form;
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{RULES, World, is_inside};

/// Two who may publish, an administrator who may not, and an administrator whose groups are never sent.
const SEED: &str = r#"
[[person]]
uid = "boss"
name = "Bo Ss"
title = "Writes the rules"
name_id = "boss@example.com"
attributes = { uid = ["boss"], mail = ["boss@example.com"], groups = ["console-admins", "publishers"] }

[[person]]
uid = "chief"
name = "Chi Ef"
title = "Writes the rules too"
name_id = "chief@example.com"
attributes = { uid = ["chief"], mail = ["chief@example.com"], groups = ["console-admins", "publishers"] }

[[person]]
uid = "clerk"
name = "Cle Rk"
title = "Reads the rules"
name_id = "clerk@example.com"
attributes = { uid = ["clerk"], mail = ["clerk@example.com"], groups = ["console-admins"] }

[[person]]
uid = "lone"
name = "Lo Ne"
title = "Is in no group"
name_id = "lone@example.com"
attributes = { uid = ["lone"], mail = ["lone@example.com"] }
"#;

const NAMED: &str =
    "\n[admin]\ngroups = [\"console-admins\"]\n[admin.publishers]\ngroups = [\"publishers\"]\n";

/// Everybody has another security profile than before.
const DRAFT: &str = "# Since we looked\n[[mapping.rule]]\nname = \"agents\"\ngroups = [\"cc-agents\"]\n\
    set = { security_profiles = [\"QualityAnalyst\"] }\n";

async fn world() -> World {
    with(NAMED, RULES).await
}

/// With this in the configuration and these rules in `mapping.toml`.
async fn with(named: &str, rules: &str) -> World {
    let change =
        |settings: &str| format!("mapping_file = \"mapping.toml\"\n{}{named}", settings.replace(RULES, ""));
    World::with_files(SEED, change, &[("mapping.toml", rules)]).await
}

fn rules_file(world: &World) -> PathBuf {
    world.gateway.folder.join("mapping.toml")
}

fn rules(world: &World) -> String {
    fs::read_to_string(rules_file(world)).unwrap()
}

/// Opens `path` in a new browser and picks a person at the identity provider.
async fn signed_in(world: &World, path: &str, uid: &str) -> (PlainBrowser, Page) {
    let browser = browser();
    let page = sign_in_at(world, &browser, path, uid).await;
    (browser, page)
}

async fn at_console(world: &World, uid: &str) -> PlainBrowser {
    signed_in(world, "/admin", uid).await.0
}

fn form(page: &Page, path: &str) -> Option<Form> {
    page.forms().into_iter().find(|form| form.action.path() == path)
}

/// What the playground says of `draft`; `page` is the playground before.
async fn preview(browser: &PlainBrowser, page: &Page, draft: &str) -> Page {
    let form = form(page, "/admin/playground").unwrap_or_else(|| panic!("{}", page.body));
    browser.submit(page, &form.with("draft", draft).with("on", "recent")).await
}

async fn previewed(world: &World, browser: &PlainBrowser, draft: &str) -> Page {
    preview(browser, &open(world, browser, "/admin/playground").await, draft).await
}

/// Fills in the form below a preview and sends it, with its box ticked.
async fn publish(browser: &PlainBrowser, page: &Page) -> Page {
    let form = form(page, "/admin/publish").unwrap_or_else(|| panic!("no form: {}", page.body));
    browser.submit(page, &form.with("why", "because of Zephyr")).await
}

/// Sends the form's fields as something else than a browser would; `origin` is where it says that it comes from.
async fn post(
    world: &World,
    browser: &PlainBrowser,
    fields: &[(String, String)],
    origin: &str,
) -> (u16, String) {
    let page = post_to(world, browser, "/admin/publish", fields, origin).await;
    (page.status, page.body)
}

/// Until `/readyz?verbose` says this of the rules.
async fn until(world: &World, rules: &str) {
    let url = format!("{}/readyz?verbose", world.operations_url);
    for _ in 0..100 {
        let state: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        if state["rules"] == rules {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", world.gateway.log());
}

fn lines_with(world: &World, part: &str) -> usize {
    world.gateway.log().lines().filter(|line| line.contains(part)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_rules_place_the_next_sign_in_and_say_nothing_personal_in_the_log() {
    let world = world().await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let boss = at_console(&world, "boss").await;
    let page = previewed(&world, &boss, DRAFT).await;
    assert!(page.body.contains(">Agent</td><td data-label=\"Draft\">QualityAnalyst</td>"), "{}", page.body);
    let diff = between(&page.body, "id=\"diff\"", "</pre>");
    assert!(diff.contains("<ins>+ # Since we looked</ins>") && diff.contains("<del>- "), "{diff}");
    assert_eq!(rules(&world), RULES, "a preview writes nothing");

    let page = publish(&boss, &page).await;
    assert_eq!((page.status, page.url.path()), (200, "/admin/history/2"), "{}", page.body);
    for part in ["id=\"in-force\"", "because of Zephyr", "boss, boss@example.com (corporate)"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(rules(&world), DRAFT);
    let again = signed_in(&world, "/go/acme", "alice").await.1;
    assert!(is_inside(&again, "alice"), "{}", again.body);
    assert_eq!(world.calls("UpdateUserSecurityProfiles"), 1, "by the new rules, at once");

    let list = open(&world, &boss, "/admin/history").await;
    let rows = between(&list.body, "<tbody>", "</tbody>");
    assert_eq!(rows.matches("<tr>").count(), 2, "{rows}");
    assert!(rows.find("in force").unwrap() < rows.find("changed in the file").unwrap(), "{rows}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((lines_with(&world, "\"replaced\""), lines_with(&world, "\"published\"")), (1, 1));
    let token = form(&open(&world, &boss, "/admin/playground").await, "/admin/playground").unwrap();
    let log = world.gateway.log();
    for value in
        ["boss", "alice", "Zephyr", "QualityAnalyst", "Since we looked", token.value("token").unwrap()]
    {
        assert!(!log.contains(value), "{value} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_named_sees_no_button_and_is_refused_without_one() {
    let world = world().await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let clerk = at_console(&world, "clerk").await;
    let page = previewed(&world, &clerk, DRAFT).await;
    assert!(form(&page, "/admin/publish").is_none(), "{}", page.body);
    let draft = form(&page, "/admin/playground").unwrap();
    let boss = at_console(&world, "boss").await;
    let wanted = form(&previewed(&world, &boss, DRAFT).await, "/admin/publish").unwrap();
    let theirs = wanted.with("why", "x").with("token", draft.value("token").unwrap()).fields;
    let (status, answer) = post(&world, &clerk, &theirs, &world.gateway_url).await;
    assert!(status == 403 && answer.contains("admin.not_publisher"), "{answer}");
    let (agent, _) = signed_in(&world, "/go/acme", "alice").await;
    let (status, answer) = post(&world, &agent, &theirs, &world.gateway_url).await;
    assert!(status == 403 && answer.contains("admin.not_named"), "{answer}");
    assert_eq!(rules(&world), RULES);
    let list = open(&world, &clerk, "/admin/history").await;
    assert!(list.status == 200 && list.body.contains("Nothing was published yet"), "{}", list.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_not_ours_or_lacks_something_publishes_nothing() {
    let world = world().await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let boss = at_console(&world, "boss").await;
    let page = previewed(&world, &boss, &DRAFT.replace("cc-agents", "nobody")).await;
    assert!(page.body.contains("everybody who was let in, 1 person, would be refused"), "{}", page.body);
    let good = form(&page, "/admin/publish").unwrap().with("why", "meant");
    let without = |name: &str| {
        good.fields.iter().filter(|(field, _)| field != name).cloned().collect::<Vec<(String, String)>>()
    };
    let other = |name: &str, value: &str| good.clone().with(name, value).fields;
    let ours = world.gateway_url.as_str();
    for (fields, origin, status, words) in [
        (good.fields.clone(), "https://evil.test", 400, "web.bad_request"),
        (without("token"), ours, 400, "web.bad_request"),
        (other("token", "0"), ours, 400, "web.bad_request"),
        (without("accept"), ours, 422, "tick the box"),
        (other("accept", "some-1-0"), ours, 422, "tick the box"),
        (other("accept", "untried-0-0"), ours, 422, "tick the box"),
        (other("why", " "), ours, 422, "Say why"),
        (other("why", &"x".repeat(201)), ours, 422, "Say why"),
        (other("why", "two\nlines"), ours, 422, "Say why"),
        (without("base"), ours, 409, "changed since this draft began"),
        (other("draft", RULES), ours, 422, "what the file has already"),
        (other("draft", "[mapping]\non_no_match = 1\n"), ours, 422, "(line 2)"),
        (other("draft", &format!("{DRAFT}[log]\nlevel = \"trace\"\n")), ours, 422, "unknown key"),
    ] {
        let (answered, page) = post(&world, &boss, &fields, origin).await;
        assert!(answered == status && page.contains(words), "{words}: {answered} {page}");
        assert_eq!(rules(&world), RULES, "{words}");
    }
    assert_eq!(lines_with(&world, "\"published\""), 0);
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    assert_eq!(post(&world, &boss, &good.fields, ours).await.0, 303, "what is meant is done");
    assert_eq!(signed_in(&world, "/go/acme", "alice").await.1.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_publishes_what_fails_its_own_tests() {
    let world = world().await;
    let boss = at_console(&world, "boss").await;
    let failing = format!(
        "{DRAFT}\n[[mapping.test]]\nname = \"agents\"\ninstance = \"acme\"\n\
         attributes = {{ uid = \"x1\", groups = \"cc-agents\" }}\nexpect = {{ denied = \"mapping.denied\" }}\n"
    );
    let page = previewed(&world, &boss, &failing).await;
    assert!(form(&page, "/admin/publish").is_none(), "{}", page.body);
    let form = form(&previewed(&world, &boss, DRAFT).await, "/admin/publish").unwrap();
    let fields = form.with("draft", &failing).with("why", "x").fields;
    let (status, page) = post(&world, &boss, &fields, &world.gateway_url).await;
    let said = between(&page, "id=\"not-published\"", "</p>");
    assert!(status == 422 && said.contains("examples come out differently"), "{page}");
    assert!(page.contains("mapping.denied"), "the draft is kept: {page}");
    assert_eq!(rules(&world), RULES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_publishes_rules_by_which_they_could_not_take_them_back() {
    let lone = "when = \"user.?name_id.orValue('') == 'lone@example.com'\"";
    let named = format!("\n[admin]\n{lone}\n[admin.publishers]\n{lone}\n");
    let before = format!("[mapping]\non_missing_groups = \"no_groups\"\n{RULES}");
    let world = with(&named, &before).await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let lone = at_console(&world, "lone").await;
    let page = publish(&lone, &previewed(&world, &lone, DRAFT).await).await;
    assert!(page.status == 422 && page.body.contains("nor take them back"), "{}", page.body);
    assert_eq!(rules(&world), before);
    let kept = format!("[mapping]\non_missing_groups = \"no_groups\"\n{DRAFT}");
    let page = publish(&lone, &previewed(&world, &lone, &kept).await).await;
    assert_eq!(page.url.path(), "/admin/history/2", "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_second_sees_what_changed_and_keeps_the_draft() {
    let world = world().await;
    let (boss, chief) = (at_console(&world, "boss").await, at_console(&world, "chief").await);
    let theirs = DRAFT.replace("Since we looked", "Chief was here");
    let (first, second) = (previewed(&world, &boss, DRAFT).await, previewed(&world, &chief, &theirs).await);
    assert_eq!(publish(&boss, &first).await.status, 200);
    let conflict = publish(&chief, &second).await;
    assert_eq!(conflict.status, 409, "{}", conflict.body);
    let changed = between(&conflict.body, "id=\"changed-meanwhile\"", "</pre>");
    assert!(changed.contains("<ins>+ # Since we looked</ins>"), "{changed}");
    let draft = between(&conflict.body, "<textarea id=\"draft\"", "</textarea>");
    assert!(draft.contains("# Chief was here"), "{draft}");
    assert!(form(&conflict, "/admin/publish").is_none(), "not before it was previewed again");
    assert_eq!(rules(&world), DRAFT);

    fs::write(rules_file(&world), format!("# by hand\n{DRAFT}")).unwrap();
    let stale = preview(&chief, &conflict, &theirs).await;
    assert!(
        form(&stale, "/admin/publish").is_none() && stale.body.contains("id=\"meanwhile\""),
        "{}",
        stale.body
    );
    let published = publish(&chief, &preview(&chief, &stale, &theirs).await).await;
    assert_eq!(published.url.path(), "/admin/history/4", "{}", published.body);
    let by_hand = open(&world, &boss, "/admin/history/3").await;
    assert!(by_hand.body.contains("# by hand"), "what was changed by hand is not lost: {}", by_hand.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_publish_at_once_exactly_one_does() {
    let world = world().await;
    let (boss, chief) = (at_console(&world, "boss").await, at_console(&world, "chief").await);
    for round in 0..5 {
        let draft = |who: &str| format!("# {who} {round}\n{DRAFT}");
        let fields = |page: &Page| form(page, "/admin/publish").unwrap().with("why", "race").fields;
        let first = fields(&previewed(&world, &boss, &draft("boss's")).await);
        let second = fields(&previewed(&world, &chief, &draft("chief's")).await);
        let ours = &world.gateway_url;
        let (first, second) =
            tokio::join!(post(&world, &boss, &first, ours), post(&world, &chief, &second, ours));
        let mut answers = [first.0, second.0];
        let winner = if first.0 == 303 { "boss's" } else { "chief's" };
        answers.sort_unstable();
        assert_eq!(answers, [303, 409]);
        assert_eq!(rules(&world), draft(winner));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_version_comes_back_by_the_same_way() {
    let world = world().await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let boss = at_console(&world, "boss").await;
    assert_eq!(publish(&boss, &previewed(&world, &boss, DRAFT).await).await.status, 200);
    let old = open(&world, &boss, "/admin/history/1").await;
    let to_file = between(&old.body, "id=\"to-file\"", "</pre>");
    assert!(to_file.contains("<ins>+ # Since we looked</ins>"), "{to_file}");
    let href = between(&old.body, "class=\"button\" href=\"", "\"").to_owned();
    let playground = open(&world, &boss, &href).await;
    let draft = between(&playground.body, "<textarea id=\"draft\"", "</textarea>");
    assert!(draft.contains("cc-supervisors"), "{draft}");
    let page = publish(&boss, &preview(&boss, &playground, RULES).await).await;
    assert_eq!(page.url.path(), "/admin/history/3", "{}", page.body);
    let changed = between(&page.body, "id=\"from-previous\"", "</pre>");
    assert!(changed.contains("<del>- # Since we looked</del>"), "{changed}");
    assert_eq!(rules(&world), RULES);
    for path in ["/admin/history/9", "/admin/history/x", "/admin/history/-1", "/admin/playground?version=9"] {
        assert_eq!(open(&world, &boss, path).await.status, 404, "{path}");
    }
    let damaged = world.gateway.folder.join("mapping.toml.history/00000002.toml");
    fs::write(damaged, "no version").unwrap();
    let list = open(&world, &boss, "/admin/history").await;
    assert!(list.status == 200 && list.body.contains(">damaged</td>"), "{}", list.body);
    let page = open(&world, &boss, "/admin/history/2").await;
    assert!(page.status == 200 && page.body.contains("damaged"), "{}", page.body);
    assert_eq!(open(&world, &boss, "/admin/playground?version=2").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_can_not_be_written_leaves_the_old_rules_and_the_draft() {
    let world = world().await;
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    let boss = at_console(&world, "boss").await;
    let page = previewed(&world, &boss, DRAFT).await;
    // Not even root can write a file where a folder is.
    let in_the_way = world.gateway.folder.join(".mapping.toml.new");
    fs::create_dir(&in_the_way).unwrap();
    let refused = publish(&boss, &page).await;
    assert!(refused.status == 403 && refused.body.contains("admin.not_written"), "{}", refused.body);
    let draft = between(&refused.body, "<textarea id=\"draft\"", "</textarea>");
    assert!(draft.contains("# Since we looked"), "{draft}");
    assert_eq!(rules(&world), RULES);
    let list = open(&world, &boss, "/admin/history").await;
    assert!(!list.body.contains("Zephyr"), "no version says that it was in force: {}", list.body);
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
    assert_eq!(world.calls("UpdateUserSecurityProfiles"), 0);
    fs::remove_dir(in_the_way).unwrap();
    assert_eq!(publish(&boss, &refused).await.status, 200, "from where they were");
    assert_eq!(rules(&world), DRAFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_repairs_a_file_that_can_not_be_used_and_nothing_else() {
    let world = world().await;
    let boss = at_console(&world, "boss").await;
    fs::write(rules_file(&world), "broken = = 1\n").unwrap();
    until(&world, "older_than_file").await;
    assert!(world.gateway.log().contains("mapping.toml line 1: not TOML"), "{}", world.gateway.log());
    let list = open(&world, &boss, "/admin/history").await;
    assert!(list.body.contains("id=\"by-hand\"") && list.body.contains("not TOML"), "{}", list.body);
    let page = publish(&boss, &previewed(&world, &boss, DRAFT).await).await;
    assert!(page.body.contains("id=\"in-force\""), "{}", page.body);
    until(&world, "in_force").await;

    let config = world.gateway.folder.join("gateway.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[pages]\ncolour = 1\n")).unwrap();
    let other = DRAFT.replace("Since we looked", "In vain");
    let refused = publish(&boss, &previewed(&world, &boss, &other).await).await;
    assert!(refused.status == 422 && refused.body.contains("pages.colour: unknown key"), "{}", refused.body);
    assert_eq!(rules(&world), DRAFT, "what could not go into force is not written either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_publishers_the_draft_can_be_taken_away() {
    let change = |settings: &str| format!("{settings}\n[admin]\ngroups = [\"console-admins\"]\n");
    let world = World::configured(SEED, change).await;
    let boss = at_console(&world, "boss").await;
    let page = previewed(&world, &boss, DRAFT).await;
    assert!(form(&page, "/admin/publish").is_none() && page.body.contains("id=\"diff\""), "{}", page.body);
    let mut fields =
        form(&page, "/admin/playground").unwrap().with("draft", "a\r\nb").with("on", "recent").fields;
    let (status, _) = post(&world, &boss, &fields, &world.gateway_url).await;
    assert_eq!(status, 403);
    fields.push(("do".to_owned(), "download".to_owned()));
    let url: Url = format!("{}/admin/playground", world.gateway_url).parse().unwrap();
    let request = PlainBrowser::client().post(url.clone()).header(COOKIE, boss.cookies_for(&url));
    let answer = request.form(&fields).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-disposition"), "attachment; filename=\"mapping.toml\"");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(answer.text().await.unwrap(), "a\nb\n");
    let history = open(&world, &boss, "/admin/history").await;
    assert!(history.status == 200 && history.body.contains("mapping_file"), "{}", history.body);
    assert_eq!(open(&world, &boss, "/admin/history/1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_programs_read_the_file_of_the_rules_too() {
    let tested = format!(
        "{RULES}\n[[mapping.test]]\nname = \"agents\"\ninstance = \"acme\"\n\
         attributes = {{ uid = \"x1\", groups = \"cc-agents\" }}\nexpect = {{ security_profiles = [\"Agent\"] }}\n"
    );
    let world = with("", &tested).await;
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
        let output = program.args(arguments).current_dir(&world.gateway.folder).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(run(&["mapping", "test", "-c", "gateway.toml"]).contains("1 of 1 tests as expected"));
    fs::write(rules_file(&world), tested.replace("[\"cc-agents\"]", "[]")).unwrap();
    let said = run(&["check", "-c", "gateway.toml"]);
    assert!(
        said.contains("mapping.rule[0].groups: is empty") && said.contains("(mapping.toml line 5)"),
        "{said}"
    );
}

/// A name that is not in Connect lets everybody in by the rules and nobody into the instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_no_instance_has_must_be_accepted_before_it_is_published() {
    let world = world().await;
    signed_in(&world, "/go/acme", "alice").await;
    let boss = at_console(&world, "boss").await;
    let misspelt = DRAFT.replace("QualityAnalyst", "Agnet");
    let page = previewed(&world, &boss, &misspelt).await;
    assert!(page.body.contains("did you mean &#34;Agent&#34;?"), "{}", page.body);
    let fields = |page: &Page| form(page, "/admin/publish").unwrap().with("why", "because").fields;
    let accepted = fields(&page);
    assert!(accepted.iter().any(|(name, _)| name == "accept"), "{accepted:?}");
    let unticked: Vec<_> = accepted.into_iter().filter(|(name, _)| name != "accept").collect();
    let (status, body) = post(&world, &boss, &unticked, &world.gateway_url).await;
    assert!(status == 422 && body.contains("tick the box"), "{body}");
    assert!(!rules(&world).contains("Agnet"));
    assert!(is_inside(&signed_in(&world, "/go/acme", "alice").await.1, "alice"));
}
