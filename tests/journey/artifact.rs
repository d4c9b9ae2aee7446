//! Answers by artifact: the browser carries a reference, and the gateway asks the identity provider for the rest.

use url::Url;

use crate::plain_browser::PlainBrowser;
use crate::world::{World, is_inside};

/// The usual world, with an identity provider that is asked for artifacts.
async fn world() -> World {
    let change = |settings: &str| {
        settings.replacen("[idp.corporate]\n", "[idp.corporate]\nresponse_binding = \"artifact\"\n", 1)
    };
    World::configured("", change).await
}

fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_by_artifact_leads_into_the_instance_and_its_address_leads_nowhere_again() {
    let world = world().await;
    let alice = browser();
    let page = world.answer_for(&alice, "acme", "alice").await;
    let brought = page.redirects.iter().find(|url| url.path() == "/saml/acs").unwrap().clone();
    let page = alice.settle(page).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(world.calls("ArtifactResolve"), 1);
    assert!(alice.open(&format!("{}/go/acme", world.gateway_url)).await.status == 200);

    for (browser, code) in [(&alice, "sign_in.not_pending"), (&browser(), "sign_in.no_cookie")] {
        let page = browser.open(brought.as_str()).await;
        assert!(page.status == 400 && page.body.contains(code), "{}", page.body);
    }
    assert_eq!(world.calls("ArtifactResolve"), 1, "nobody is asked again");

    let artifact = brought.query_pairs().find(|(name, _)| name == "SAMLart").unwrap().1.into_owned();
    let log = world.gateway.log();
    for secret in [artifact.as_str(), artifact.trim_end_matches('='), "SAMLart=", "alice"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_artifact_that_the_identity_provider_does_not_know_ends_on_a_page_and_uses_the_sign_in_up() {
    let world = world().await;
    let browser = browser();
    // The choice of a person leads straight back with the artifact: it is exchanged for one that nobody knows.
    let page = browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    let request = page.redirects.iter().find(|url| url.path() == "/saml/sso").unwrap();
    let relay_state = request.query_pairs().find(|(name, _)| name == "RelayState").unwrap().1.into_owned();
    let mut forged = Url::parse(&format!("{}/saml/acs", world.gateway_url)).unwrap();
    let artifact = unknown_artifact(&world.emulator.idp_metadata_url());
    forged.query_pairs_mut().append_pair("SAMLart", &artifact).append_pair("RelayState", &relay_state);
    let refused = browser.open(forged.as_str()).await;
    assert!(refused.status == 400 && refused.body.contains("saml.artifact"), "{}", refused.body);
    assert_eq!(world.calls("ArtifactResolve"), 1);
    let again = browser.open(forged.as_str()).await;
    assert!(again.body.contains("sign_in.not_pending"), "{}", again.body);
    assert_eq!(world.calls("ArtifactResolve"), 1);
}

/// An artifact of the right source, with a message handle that stands for nothing.
fn unknown_artifact(entity_id: &str) -> String {
    use base64::Engine as _;
    let source = openssl::sha::sha1(entity_id.as_bytes());
    base64::engine::general_purpose::STANDARD.encode([&[0, 4, 0, 0][..], &source, &[9; 20]].concat())
}
