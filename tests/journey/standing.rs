//! An instance that AWS says nobody can enter is refused by itself; the others go on.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::gateway::CREDENTIALS;
use crate::plain_browser::PlainBrowser;
use crate::world::{SEED, World, emulator_of, is_inside};

const BETA: &str = r#"
[[instance]]
alias = "beta"
id = "bbbbbbbb-2222-3333-4444-555555555555"
account = "111122223333"
region = "us-west-2"
identity_management = "CONNECT_MANAGED"
security_profiles = ["Admin", "Agent"]
routing_profiles = ["Basic Routing Profile"]
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_can_not_be_entered_is_told_everywhere_and_the_other_goes_on() {
    let emulator = emulator_of(&format!("{SEED}\n{BETA}")).await;
    let beta = format!(
        "[instance.beta]\narn = \"arn:aws:connect:us-west-2:111122223333:instance/bbbbbbbb-2222-3333-4444-555555555555\"\n\
         url = \"{}\"\nrole_arn = \"arn:aws:iam::111122223333:role/connect-federation\"\n[instance.strict]",
        emulator.site_url("beta")
    );
    let world = World::around(emulator, |text| text.replacen("[instance.strict]", &beta, 1), &[]).await;
    let state = looked_at(&world).await;
    assert_eq!(
        (&state["instances"]["beta"], &state["instances"]["acme"]),
        (&"unusable".into(), &"usable".into())
    );

    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = browser.settle(world.answer_for(&browser, "beta", "alice").await).await;
    assert!(page.body.contains("connect.instance_unusable"), "{}", page.body);
    assert!(!page.body.contains("CONNECT_MANAGED"), "the browser never sees the cause");
    let log = world.gateway.log();
    let told = log.lines().find(|line| line.contains("\"audit\"") && line.contains("\"instance\":\"beta\""));
    assert!(told.is_some_and(|line| line.contains("CONNECT_MANAGED")), "{told:?}");
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = browser.settle(world.answer_for(&browser, "acme", "alice").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);

    let answer = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["check", "--online", "--config"])
        .arg(world.gateway.folder.join("gateway.toml"))
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .output()
        .unwrap();
    let reasons = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(1));
    assert!(
        reasons.contains("instance.beta: the instance's identity management type is CONNECT_MANAGED"),
        "{reasons}"
    );
}

/// `/readyz?verbose` once AWS was asked about every instance.
async fn looked_at(world: &World) -> Value {
    for _ in 0..100 {
        let answer = reqwest::get(format!("{}/readyz?verbose", world.operations_url)).await.unwrap();
        let state: Value = answer.json().await.unwrap();
        if !state["instances"].to_string().contains("unknown") {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", world.gateway.log());
}
