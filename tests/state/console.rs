//! The console of several replicas: administrators and those who test move from one to the other with each request.

use std::time::Duration;

use connect_gateway::model::{NoteList, SharedNotes as _};

use crate::plain_browser::{Page, PlainBrowser};
use crate::redis_server::Server;
use crate::replicas::{Replicas, Turn, browser};
use crate::world::{World, pick};

const BOSS: &str = r#"
[[person]]
uid = "boss"
name = "Bo Ss"
title = "Runs the gateway"
name_id = "boss@example.com"
[person.attributes]
uid = ["boss"]
groups = ["console-admins"]
"#;
const NAMED: &str = "\n[admin]\ngroups = [\"console-admins\"]\n";

async fn replicas() -> (Replicas, PlainBrowser) {
    let (replicas, boss) = (Box::pin(Replicas::with(BOSS, NAMED)).await, browser());
    replicas.send(Turn::Round);
    let page = replicas.open(&boss, "/admin").await;
    let page = boss.settle(pick(&boss, &page, "boss").await).await;
    assert!(page.status == 200 && page.url.path() == "/admin", "{}: {}", page.url, page.body);
    (replicas, boss)
}

/// Sends the console's form, and goes on to the identity provider where that leads there.
async fn ask(replicas: &Replicas, boss: &PlainBrowser, who: &str) -> Page {
    let page = replicas.open(boss, "/admin/test").await;
    let form = page.forms().remove(0).with("way", "acme/corporate").with("again", "yes").with("who", who);
    boss.submit(&page, &form).await
}

fn is_explained(page: &Page) -> bool {
    page.status == 200 && page.body.contains("id=\"is-test\"") && page.body.contains("<code>alice</code>")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_begins_at_one_replica_ends_at_the_other_and_is_explained_by_both() {
    let (replicas, boss) = replicas().await;
    replicas.send(Turn::At(0));
    let page = boss.settle(ask(&replicas, &boss, "me").await).await;
    let answer = pick(&boss, &page, "alice").await;
    // The answer is taken by the one, and its explanation is asked of the other.
    replicas.send(Turn::Round);
    let page = boss.settle(answer).await;
    assert!(is_explained(&page), "{}: {}", page.url, page.body);
    let path = page.url.path().to_owned();
    for replica in [0, 1] {
        replicas.send(Turn::At(replica));
        let page = replicas.open(&boss, &path).await;
        assert!(is_explained(&page), "{replica}: {}", page.body);
        let list = replicas.open(&boss, "/admin/sign-ins?outcome=test").await;
        assert_eq!(list.body.matches("<a href=\"/admin/sign-ins/").count(), 1, "{replica}: {}", list.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_test_is_good_once_at_whichever_replica() {
    let (replicas, boss) = replicas().await;
    replicas.send(Turn::At(0));
    let page = ask(&replicas, &boss, "link").await;
    let (_, rest) = page.body.split_once("<code id=\"test-link\">").unwrap();
    let address = rest.split('<').next().unwrap().to_owned();
    replicas.send(Turn::At(1));
    let guest = browser();
    let page = guest.open(&address).await;
    let begun = guest.settle(guest.submit(&page, &page.forms()[0]).await).await;
    let again = guest.submit(&page, &page.forms()[0]).await;
    assert!(again.status >= 400, "used up: {}", again.body);
    replicas.send(Turn::At(0));
    let over = guest.settle(pick(&guest, &begun, "alice").await).await;
    assert_eq!(over.status, 200, "{}", over.body);
    replicas.send(Turn::At(1));
    let list = replicas.open(&boss, "/admin/sign-ins?outcome=test").await;
    let (_, rest) = list.body.split_once("<a href=\"/admin/sign-ins/").expect("the test");
    let path = format!("/admin/sign-ins/{}", rest.split('"').next().unwrap());
    let page = replicas.open(&boss, &path).await;
    assert!(is_explained(&page), "{}", page.body);
}

/// Noted in the background: awaited here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_and_refusals_at_one_replica_are_seen_at_the_other_sealed_on_the_way() {
    let (replicas, boss) = replicas().await;
    replicas.send(Turn::At(0));
    for uid in ["alice", "stranger"] {
        let browser = browser();
        let answer = World::pick(&replicas.url, &browser, "acme", uid).await;
        browser.settle(answer).await;
    }
    let answer = World::pick(&replicas.url, &browser(), "acme", "alice").await;
    let forged = answer.forms().remove(0).with("SAMLResponse", "bm9uc2Vuc2U=");
    assert_eq!(browser().submit(&answer, &forged).await.status, 400);
    replicas.send(Turn::At(1));
    let mut list = replicas.open(&boss, "/admin/sign-ins").await;
    for _ in 0..100 {
        // The boss, alice, the stranger, and the one without a person.
        if list.body.matches("<a href=\"/admin/sign-ins/").count() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        list = replicas.open(&boss, "/admin/sign-ins").await;
    }
    assert_eq!(list.body.matches("<a href=\"/admin/sign-ins/").count(), 4, "{}", list.body);
    assert!(list.body.contains("mapping.no_match"), "{}", list.body);
    let kept = replicas.redis.everything();
    assert!(kept.contains(":{notes}:sign-ins") && !kept.contains("alice"), "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_notes_has_a_length_and_an_end_and_is_read_from_where_it_was_left() {
    let server = Server::start();
    let redis = server.connect().await;
    let (list, day) = (NoteList::SignIns, Duration::from_hours(24));
    let texts = |noted: &connect_gateway::model::Noted| -> Vec<String> {
        noted.notes.iter().map(|note| String::from_utf8(note.to_vec()).unwrap()).collect()
    };
    for number in 0..150 {
        redis.note(list, number.to_string().as_bytes(), 120, day).await.unwrap();
    }
    let first = redis.since(list, 0).await.unwrap();
    let rest = redis.since(list, first.place).await.unwrap();
    let wanted: Vec<String> = (30..150).map(|number| number.to_string()).collect();
    assert_eq!([texts(&first), texts(&rest)].concat(), wanted);
    assert!(first.has_more && !rest.has_more);
    assert!(redis.since(list, rest.place).await.unwrap().notes.is_empty());
    assert!(redis.since(NoteList::Refusals, 0).await.unwrap().notes.is_empty());
    for key in server.cli(&["KEYS", "*notes*"]).lines() {
        let left: u64 = server.cli(&["PTTL", key]).parse().unwrap();
        assert!((1..=24 * 3_600_000).contains(&left), "{key}: {left}");
    }
    // Sooner or later they are too old by the next one's measure.
    let mut left = Vec::new();
    for _ in 0..200 {
        redis.note(list, b"next", 120, Duration::from_millis(50)).await.unwrap();
        left = texts(&redis.since(list, 0).await.unwrap());
        if left.iter().all(|text| text == "next") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{left:?}");
}
