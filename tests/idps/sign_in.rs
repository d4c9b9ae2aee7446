//! Sign-in at pysaml2, from the bookmark on.

use serde_json::json;
use url::Url;

use crate::world::{World, assert_inside, assert_refused, browser, log_in, type_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_signs_in_whichever_way_our_request_travels() {
    for binding in ["redirect", "post"] {
        let world = World::start(&format!("request_binding = \"{binding}\"")).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_the_assertion_or_both_may_be_signed_with_sha_2_but_not_neither() {
    let world = World::start("").await;
    for hash in ["SHA384", "SHA512"] {
        world.idp.set("hash", hash).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    world.idp.set("hash", "SHA1").await;
    assert_refused(&world.sign_in("alice").await, "saml.algorithm");
    world.idp.set("hash", "SHA256").await;
    for signed in [json!(["response"]), json!(["assertion"]), json!(["response", "assertion"])] {
        world.idp.set("sign", signed).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    world.idp.set("sign", json!([])).await;
    assert_refused(&world.sign_in("alice").await, "saml.unsigned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_gets_a_user_and_a_stranger_a_page_that_says_who_can_help() {
    let world = World::start("").await;
    assert_inside(&world.sign_in("newcomer").await, "newcomer");
    assert_eq!(world.calls("CreateUser"), 1);
    assert_refused(&world.sign_in("stranger").await, "mapping.no_match");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_between_the_person_and_the_identity_provider() {
    let world = World::start("").await;
    let browser = browser();
    let page = world.login_page(&browser, "acme").await;
    let page = type_in(&browser, &page, "alice", "guessed").await;
    assert!(page.body.contains("Wrong name or password."), "{}", page.body);
    assert_inside(&log_in(&browser, page, "alice").await, "alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_already_is_asked_again_where_the_instance_forces_it() {
    let world = World::start("").await;
    let browser = browser();
    let page = world.login_page(&browser, "acme").await;
    assert_inside(&log_in(&browser, page, "alice").await, "alice");
    for _ in 0..2 {
        let page = world.login_page(&browser, "strict").await;
        assert_inside(&log_in(&browser, page, "alice").await, "alice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_the_identity_provider_is_shown_as_that_signed_or_not() {
    let world = World::start("").await;
    for signed in [json!(["response"]), json!([])] {
        world.idp.set("sign", signed).await;
        for (status, code) in [("AuthnFailed", "saml.status"), ("NoPassive", "saml.no_passive")] {
            world.idp.set("status", status).await;
            let page = world.sign_in("alice").await;
            assert_refused(&page, code);
            assert!(
                !page.body.contains("Not today."),
                "nothing from the message is on the page: {}",
                page.body
            );
            assert!(world.gateway.log().contains(&format!("the identity provider answered {status}")));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pysaml2_takes_our_request_only_as_we_signed_it() {
    let world = World::start("request_binding = \"redirect\"").await;
    let browser = browser();
    let page = world.login_page(&browser, "acme").await;
    let sent = page.redirects.last().unwrap();
    let mut changed = sent.clone();
    changed.query_pairs_mut().clear().extend_pairs(sent.query_pairs().map(|(name, value)| {
        let value = if name == "RelayState" { format!("{value}x").into() } else { value };
        (name, value)
    }));
    let asks = async |url: &Url| browser.open(url.as_str()).await.status;
    assert_eq!((asks(sent).await, asks(&changed).await), (200, 500));
}
