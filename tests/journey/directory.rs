//! What an instance has, as the console shows it.

use std::fmt::Write as _;

use url::Url;

use crate::admin::{NAMED, SEED, between, browser, open, sign_in_at, world};
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{self, World, emulator_of};

async fn world_of(seed: &str) -> World {
    World::around(emulator_of(seed).await, |settings| format!("{settings}{NAMED}"), &[]).await
}

async fn find(browser: &PlainBrowser, page: &Page, text: &str) -> Page {
    let form =
        page.forms().into_iter().find(|form| form.action.path().starts_with("/admin/directory")).unwrap();
    browser.submit(page, &form.with("text", text)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_shown_by_names_and_a_user_as_connect_describes_it() {
    let world = world().await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let first = boss.settle(open(&world, &boss, "/admin/directory").await).await;
    assert_eq!(first.url.path(), "/admin/directory/acme");
    assert!(!first.body.contains("id=\"reading\"") && first.status == 200, "{}", first.body);
    for part in ["4 security profiles", "Basic Routing Profile", "<caption>1 user, listed "] {
        assert!(first.body.contains(part), "{part}: {}", first.body);
    }
    assert!(first.body.contains("<li>Admin <strong>protected</strong>"), "{}", first.body);
    let tree = between(&first.body, "<ul id=\"hierarchy\">", "</details>");
    assert!(tree.contains("<li>Sales<ul><li>Inbound</li>"), "{tree}");
    let link = between(&first.body, "<a href=\"/admin/directory/acme/users/", "\"");
    let user = open(&world, &boss, &format!("/admin/directory/acme/users/{link}")).await;
    let user = boss.settle(user).await;
    for part in ["<code>alice</code>", "<code>Lindström</code>", "<code>Basic Routing Profile</code>"] {
        assert!(user.body.contains(part), "{part}: {}", user.body);
    }
    for (path, code) in [
        ("/admin/directory/acme/users/unknown", "web.not_found"),
        ("/admin/directory/elsewhere", "sign_in.unknown_instance"),
        ("/admin/directory/elsewhere/users/x", "sign_in.unknown_instance"),
    ] {
        let page = open(&world, &boss, path).await;
        assert!(page.status == 404 && page.body.contains(code), "{path}: {}", page.body);
    }
    assert_eq!(world.writes(), [""; 0]);
    let overview = open(&world, &boss, "/admin").await;
    for operation in ["ListUsers", "SearchUserHierarchyGroups", "DescribeUser"] {
        assert!(overview.body.contains(&format!("<code>{operation}</code>")), "{}", overview.body);
    }
    assert!(overview.body.contains("user (read "), "{}", overview.body);
    let log = world.gateway.log();
    assert!(!log.contains("alice"), "no user name in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_listings_load_themselves_again_and_thousands_of_users_come_in_pages() {
    let mut seed = format!("{}\n{SEED}", world::SEED);
    let user = "first_name = \"A\"\nlast_name = \"B\"\nsecurity_profiles = [\"Agent\"]\nrouting_profile = \"Sales\"\n";
    let mut users = String::new();
    for number in 0..450 {
        write!(users, "[[instance.user]]\nusername = \"agent{number:04}\"\n{user}").unwrap();
    }
    seed = seed.replacen("[[instance.user]]", &format!("{users}[[instance.user]]"), 1);
    let world = world_of(&seed).await;
    world.emulator.adjust(|behaviour| behaviour.page_cap = 30);
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let reading = open(&world, &boss, "/admin/directory/acme").await;
    assert!(reading.status == 200 && reading.body.contains("id=\"reading\""), "{}", reading.body);
    assert!(reading.refresh().is_some(), "without JavaScript");
    assert!(reading.body.contains("4 security profiles"), "what is there is shown: {}", reading.body);
    let searched = find(&boss, &reading, "agent000").await;
    assert!(searched.status == 200 && searched.refresh().is_none(), "it would come back without the text");
    let page = boss.settle(reading).await;
    assert!(page.body.contains("200 shown of 451 users, listed "), "{}", page.body);
    assert_eq!(page.body.matches("<a href=\"/admin/directory/acme/users/").count(), 200);
    let last = open(&world, &boss, "/admin/directory/acme?page=3").await;
    assert!(last.body.contains("51 shown of 451 users") && last.body.contains("agent0449"), "{}", last.body);
    let found = find(&boss, &page, "AGENT000").await;
    assert!(found.body.contains("<caption>10 found of 451 users"), "{}", found.body);
    assert!(!found.url.as_str().contains("AGENT"), "no name in an address");
    let many = find(&boss, &page, "agent").await;
    assert!(many.body.contains("No more than 200 are shown"), "{}", many.body);
    let none = find(&boss, &page, "<nobody>").await;
    assert!(none.body.contains("None of the 451 users") && !none.body.contains("<nobody>"), "{}", none.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_permission_to_search_the_page_says_which_is_missing() {
    let seed = format!("{}\n{SEED}", world::SEED)
        .replace("\"connect:*\"", "\"connect:List*\", \"connect:Describe*\"");
    let world = world_of(&seed).await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let page = open(&world, &boss, "/admin/directory/acme").await;
    let page = boss.settle(page).await;
    assert!(page.body.contains("lacks the permission <code>connect:SearchUserHierarchyGroups</code>"));
    let names = between(&page.body, "<ul id=\"hierarchy\">", "</ul>");
    assert!(names.contains("<li>Inbound</li>") && names.contains("<li>Sales</li>"), "{names}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_for_users_is_a_form_of_this_session_only() {
    let world = world().await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin", "boss").await;
    let url: Url = format!("{}/admin/directory/acme", world.gateway_url).parse().unwrap();
    let page = open(&world, &boss, "/admin/directory/acme").await;
    let token = between(&page.body, "name=\"token\" value=\"", "\"");
    for (token, origin) in [(token, "https://evil.test"), ("0", world.gateway_url.as_str())] {
        let request = PlainBrowser::client().post(url.clone());
        let request = request.header("cookie", boss.cookies_for(&url)).header("origin", origin);
        let answer = request.form(&[("token", token), ("text", "alice")]).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{origin}");
        assert!(!answer.text().await.unwrap().contains("alice"));
    }
}
