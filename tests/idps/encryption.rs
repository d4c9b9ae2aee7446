//! Assertions that pysaml2 encrypts with xmlsec1.

use serde_json::json;

use crate::world::{World, assert_inside, assert_refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_assertion_is_read_whatever_else_is_signed_unless_nothing_is() {
    let world = World::start("").await;
    for (cipher, signed) in [
        ("aes128-gcm", json!(["response", "assertion"])),
        ("aes256-gcm", json!(["response", "assertion"])),
        ("aes256-gcm", json!(["assertion"])),
        ("aes256-gcm", json!(["response"])),
    ] {
        world.idp.set("cipher", cipher).await;
        world.idp.set("sign", signed).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    world.idp.set("cipher", "aes256-cbc").await;
    assert_refused(&world.sign_in("alice").await, "saml.algorithm");
    world.idp.set("cipher", "aes256-gcm").await;
    world.idp.set("sign", json!([])).await;
    assert_refused(&world.sign_in("alice").await, "saml.unsigned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cipher_without_integrity_is_read_where_it_is_allowed_and_the_response_is_signed() {
    let world = World::start("allow_cbc = true").await;
    world.idp.set("cipher", "aes256-cbc").await;
    assert_inside(&world.sign_in("alice").await, "alice");
    world.idp.set("sign", json!(["assertion"])).await;
    assert_refused(&world.sign_in("alice").await, "saml.algorithm");
}
