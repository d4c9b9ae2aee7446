//! Who asks too often, from outside.

use std::time::Duration;

use crate::plain_browser::PlainBrowser;
use crate::world::{World, is_inside};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_provider_that_answers_too_often_sends_people_back_to_their_bookmark() {
    let world =
        World::configured("", |text| format!("{text}\n[rate_limits]\nidp_answers_per_minute = 1\n")).await;
    let browsers = [PlainBrowser::new(PlainBrowser::client()), PlainBrowser::new(PlainBrowser::client())];
    let first = world.answer_for(&browsers[0], "acme", "alice").await;
    let second = world.answer_for(&browsers[1], "acme", "alice").await;
    // What it never said does not count, however much of it comes.
    for _ in 0..3 {
        let stranger = PlainBrowser::new(PlainBrowser::client());
        let answer = world.answer_for(&stranger, "acme", "alice").await;
        let form = answer.forms().remove(0).with("SAMLResponse", "PGZvcmdlZC8+");
        assert_eq!(stranger.submit(&answer, &form).await.status, 400);
    }
    let page = browsers[0].settle(first).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);

    let form = second.forms().into_iter().find(|form| form.action.path() == "/saml/acs").unwrap();
    let page = browsers[1].submit(&second, &form).await;
    assert_eq!(page.status, 429, "{}", page.body);
    assert!(page.body.contains("web.too_many_requests"), "{}", page.body);
    assert!(page.body.contains("; url=/go/acme\""), "back to the bookmark: {}", page.body);
    assert!(page.refresh().unwrap() >= Duration::from_secs(5));
    assert!(world.gateway.log().contains("more answers of one identity provider than are worked on"));
    assert_eq!(scopes(&world).await, ["idp"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_do_not_verify_use_nothing_of_an_identity_providers_share_up() {
    let world =
        World::configured("", |text| format!("{text}\n[rate_limits]\nidp_answers_per_minute = 1\n")).await;
    for _ in 0..3 {
        let browser = PlainBrowser::new(PlainBrowser::client());
        let answer = world.answer_for(&browser, "acme", "alice").await;
        let mut form = answer.forms().into_iter().find(|form| form.action.path() == "/saml/acs").unwrap();
        let (_, garbage) = form.fields.iter_mut().find(|(name, _)| name == "SAMLResponse").unwrap();
        "Z2FyYmFnZQ==".clone_into(garbage);
        let page = browser.submit(&answer, &form).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert!(page.body.contains("saml.malformed"), "{}", page.body);
    }
    let browser = PlainBrowser::new(PlainBrowser::client());
    let answer = world.answer_for(&browser, "acme", "alice").await;
    let page = browser.settle(answer).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_came_too_often_by_its_address_can_be_sent_again() {
    let world = World::configured("", |text| format!("{text}\n[rate_limits]\nacs_per_minute = 60\n")).await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let answer = world.answer_for(&browser, "acme", "alice").await;
    let client = reqwest::Client::new();
    let mut last = 0;
    for _ in 0..200 {
        last = client.get(format!("{}/saml/acs", world.gateway_url)).send().await.unwrap().status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    assert_eq!(scopes(&world).await, ["address"]);
    // The minute brings one anew each second: the same form then counts, for nothing was used up.
    let form = answer.forms().into_iter().find(|form| form.action.path() == "/saml/acs").unwrap();
    let mut page = browser.submit(&answer, &form).await;
    for _ in 0..20 {
        if page.status != 429 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        page = browser.submit(&answer, &form).await;
    }
    let page = browser.settle(page).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_people_behind_one_address_pass_with_the_defaults() {
    let world = World::start("").await;
    let client = PlainBrowser::client();
    let mut refused = 0;
    for _ in 0..500 {
        let asked = (0..10).map(|_| client.get(format!("{}/sign-in", world.gateway_url)).send());
        for answer in futures(asked.collect()).await {
            refused += usize::from(answer == 429);
        }
    }
    assert_eq!(refused, 0);
}

/// What was limited, as monitoring is told.
async fn scopes(world: &World) -> Vec<String> {
    let numbers =
        reqwest::get(format!("{}/metrics", world.operations_url)).await.unwrap().text().await.unwrap();
    let named = |line: &str| {
        let (scope, count) =
            line.strip_prefix("connect_gateway_rate_limited_total{scope=\"")?.split_once("\"} ")?;
        (count != "0").then(|| scope.to_owned())
    };
    numbers.lines().filter_map(named).collect()
}

/// The statuses of requests that are under way together.
async fn futures(
    requests: Vec<impl Future<Output = reqwest::Result<reqwest::Response>> + Send + 'static>,
) -> Vec<u16> {
    let mut set = tokio::task::JoinSet::new();
    for request in requests {
        set.spawn(async move { request.await.unwrap().status().as_u16() });
    }
    set.join_all().await
}
