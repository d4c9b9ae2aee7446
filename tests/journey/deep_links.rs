//! Pages of the console that are opened without a session.

use reqwest::header::COOKIE;
use url::Url;

use crate::admin::{NAMED, SEED, browser, open, sign_in_at, world};
use crate::html::Form;
use crate::plain_browser::PlainBrowser;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_console_is_what_the_sign_in_leads_back_to() {
    let world = world().await;
    for page in [
        "/admin",
        "/admin/config",
        "/admin/test",
        "/admin/sign-ins?support_id=4F&outcome=saml.expired",
        "/admin/sign-ins/4F7K-9Q2M-X0TB",
    ] {
        let found = sign_in_at(&world, &browser(), page, "boss").await;
        assert_eq!(found.url.as_str(), format!("{}{page}", world.gateway_url));
    }
    let agent = browser();
    let page = open(&world, &agent, "/healthz").await;
    let action = format!("{}/admin/playground", world.gateway_url).parse().unwrap();
    let form = Form { action, post: true, fields: vec![("draft".into(), String::new())], only_hidden: false };
    let asked = agent.settle(agent.submit(&page, &form).await).await;
    let people = asked.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let found = agent.settle(agent.submit(&asked, &people.with("uid", "boss")).await).await;
    assert_eq!(found.url.path(), "/admin", "what was sent with a form is gone");
    let found = sign_in_at(&world, &browser(), "/admin/config?idp=corporate", "boss").await;
    assert_eq!(
        (found.url.path(), found.url.query()),
        ("/admin/config", None),
        "where it came from is no page"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_leads_nowhere_but_into_the_console() {
    let world = world().await;
    let unknown = open(&world, &browser(), "/admin/nothing").await;
    assert!(unknown.status == 404 && unknown.body.contains("web.not_found"), "{}", unknown.body);
    for odd in [
        "/admin/sign-ins/%2F%2Fevil.test",
        "/admin/sign-ins/%5Cevil.test",
        "/admin/sign-ins/x%0d%0aLocation:%20https:%2F%2Fevil.test",
        &format!("/admin/sign-ins/{}", "x".repeat(400)),
    ] {
        let found = sign_in_at(&world, &browser(), odd, "boss").await;
        assert_eq!(found.url.as_str(), format!("{}/admin", world.gateway_url), "{odd}");
    }
    let long = format!("/admin/sign-ins?support_id={}", "x".repeat(400));
    let found = sign_in_at(&world, &browser(), &long, "boss").await;
    assert_eq!(found.url.as_str(), format!("{}/admin/sign-ins", world.gateway_url));
    let escaped =
        sign_in_at(&world, &browser(), "/admin/sign-ins?outcome=%22%3E%0d%0a//evil.test", "boss").await;
    assert_eq!(escaped.url.path(), "/admin/sign-ins");
    assert_eq!(escaped.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_chooses_an_identity_provider_first_comes_back_to_the_page_too() {
    let second = "\n[idp.partners]\nmetadata_url = \"http://127.0.0.1:9/\"\n";
    let world = World::configured(SEED, |settings| format!("{settings}{second}{NAMED}")).await;
    let chooser = open(&world, &browser(), "/admin/sign-ins?outcome=let_in").await;
    let link = "/admin/sign-ins?outcome=let_in&amp;idp=corporate";
    let link = [link.to_owned(), link.replace("&amp;", "&#38;")];
    assert!(link.iter().any(|link| chooser.body.contains(link)), "{}", chooser.body);
    let found = sign_in_at(&world, &browser(), "/admin/sign-ins?outcome=let_in&idp=corporate", "boss").await;
    assert_eq!((found.url.path(), found.url.query()), ("/admin/sign-ins", Some("outcome=let_in")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_keeps_no_session_is_not_sent_round() {
    let world = world().await;
    let boss = browser();
    sign_in_at(&world, &boss, "/admin/config", "boss").await;
    let url: Url = format!("{}/admin/sign-ins", world.gateway_url).parse().unwrap();
    let cookies = boss.cookies_for(&url);
    let kept: Vec<&str> = cookies.split("; ").filter(|cookie| !cookie.contains("session")).collect();
    let answer = PlainBrowser::client().get(url).header(COOKIE, kept.join("; ")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.unwrap().contains("sign_in.not_kept"));
}
