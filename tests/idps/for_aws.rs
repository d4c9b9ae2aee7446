//! Answers of pysaml2 that are for AWS as well: the emulator's STS reads them, by other code than the gateway's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::pysaml2::Pysaml2;
use crate::world::{World, assert_inside, assert_refused, browser, log_in};

const ROLE_ARN: &str = "arn:aws:iam::111122223333:role/by-assertion";
const PROVIDER: &str = "arn:aws:iam::111122223333:saml-provider/pysaml2";

/// What the emulated IAM knows of pysaml2.
fn seed(idp: &Pysaml2) -> String {
    let pem = idp.certificate("first");
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(STANDARD.decode(&der).is_ok());
    format!(
        r#"
[[saml_provider]]
arn = "{PROVIDER}"
entity_id = "{}"
certificates = ["{der}"]
[[role]]
arn = "{ROLE_ARN}"
trusts = []
saml_providers = ["{PROVIDER}"]
policy = '{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"connect:GetFederationToken","Resource":"*"}}]}}'
"#,
        idp.url("/metadata")
    )
}

async fn world(idp_settings: &str) -> World {
    let idp = Pysaml2::start().await;
    let seed = seed(&idp);
    let instance = format!(
        "role_arn = \"{ROLE_ARN}\"\ncredentials = \"assertion\"\nsaml_provider_arn = \"{PROVIDER}\"\n"
    );
    let world = World::around(idp, "/metadata", idp_settings, (&seed, &instance)).await;
    assert!(world.emulator.put_saml_audience(ROLE_ARN, &format!("{}/saml/acs", world.gateway_url)));
    world.idp.set("audiences", json!(["urn:amazon:webservices"])).await;
    let attribute = |name: &str| format!("https://aws.amazon.com/SAML/Attributes/{name}");
    let pair = format!("{ROLE_ARN},{PROVIDER}");
    let attributes = json!({ attribute("Role"): [pair], attribute("RoleSessionName"): ["alice"] });
    world.idp.set("attributes", attributes).await;
    world
}

async fn sign_in(world: &World) -> crate::plain_browser::Page {
    let browser = browser();
    let page = world.login_page(&browser, "by-assertion").await;
    log_in(&browser, page, "alice").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_comes_from_an_answer_however_it_is_signed_and_from_none_that_is_encrypted() {
    let world = world("").await;
    for signed in [json!(["response", "assertion"]), json!(["assertion"]), json!(["response"])] {
        world.idp.set("sign", signed).await;
        assert_inside(&sign_in(&world).await, "alice");
    }
    assert_eq!((world.calls("AssumeRoleWithSAML"), world.calls("AssumeRole")), (3, 0));
    world.idp.set("cipher", "aes256-gcm").await;
    assert_refused(&sign_in(&world).await, "federation.assertion");
    world.idp.set("cipher", "").await;
    world.idp.set("audiences", json!([])).await;
    assert_refused(&sign_in(&world).await, "federation.assertion");
    assert_eq!(world.calls("AssumeRoleWithSAML"), 4, "AWS was not asked about the encrypted one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_artifact_the_answer_itself_must_be_signed() {
    let world = world("response_binding = \"artifact\"").await;
    world.idp.set("artifact", true).await;
    world.idp.set("sign", json!(["assertion"])).await;
    assert_inside(&sign_in(&world).await, "alice");
    world.idp.set("sign", json!([])).await;
    assert_refused(&sign_in(&world).await, "federation.assertion");
    assert_eq!(world.calls("AssumeRoleWithSAML"), 1);
}
