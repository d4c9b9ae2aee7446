//! The keys of an identity provider, and the metadata that names them.

use serde_json::json;

use crate::pysaml2::Pysaml2;
use crate::world::{World, assert_inside, assert_refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signing_key_is_rolled_without_a_restart() {
    let idp = Pysaml2::start().await;
    idp.set("keys", json!(["first", "new"])).await;
    let world = World::with(idp, "/metadata", "").await;
    for keys in [json!(["first", "new"]), json!(["new", "first"]), json!(["new"])] {
        world.idp.set("keys", keys).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    world.idp.set("keys", json!(["unannounced"])).await;
    assert_refused(&world.sign_in("alice").await, "saml.signature");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_that_pysaml2_signs_is_verified() {
    let pinned = "metadata_certificate_file = \"pysaml2.crt\"";
    let world = World::with(Pysaml2::start().await, "/metadata/signed", pinned).await;
    assert_inside(&world.sign_in("alice").await, "alice");
}
