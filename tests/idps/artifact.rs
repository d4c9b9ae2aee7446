//! Answers that the gateway fetches from pysaml2, which takes signed requests for them only.

use serde_json::json;

use crate::world::{World, assert_inside, assert_refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_by_artifact_is_fetched_whatever_in_it_is_signed() {
    let world = World::start("response_binding = \"artifact\"").await;
    world.idp.set("artifact", true).await;
    for signed in [json!(["response", "assertion"]), json!(["assertion"]), json!([])] {
        world.idp.set("sign", signed).await;
        let page = world.sign_in("alice").await;
        assert_inside(&page, "alice");
    }
    world.idp.set("status", "AuthnFailed").await;
    assert_refused(&world.sign_in("alice").await, "saml.status");
}
