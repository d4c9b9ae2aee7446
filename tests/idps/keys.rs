//! The keys of an identity provider, and the metadata that names them.

use serde_json::json;

use crate::pysaml2::Pysaml2;
use crate::world::{World, assert_inside, assert_refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signing_key_is_rolled_without_a_restart() {
    let idp = Pysaml2::start().await;
    idp.set("keys", json!(["old", "new"])).await;
    let world = World::with(idp, "/metadata", "").await;
    for keys in [json!(["old", "new"]), json!(["new", "old"]), json!(["new"])] {
        world.idp.set("keys", keys).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    world.idp.set("keys", json!(["unannounced"])).await;
    assert_refused(&world.sign_in("alice").await, "saml.signature");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_metadata_is_read() {
    let world = World::with(Pysaml2::start().await, "/metadata/signed", "").await;
    assert_inside(&world.sign_in("alice").await, "alice");
}
