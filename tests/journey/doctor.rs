//! `connect-gateway healthcheck | doctor`, beside a gateway that runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::gateway::{CREDENTIALS, free_address};
use crate::world::World;

fn run(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        // Neither may go through a proxy: it would be asked in the gateway's place.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "")
        .output()
        .unwrap()
}

fn config(world: &World) -> PathBuf {
    world.gateway.folder.join("gateway.toml")
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A configuration beside the gateway's own, with `from` changed `to`.
fn changed(world: &World, from: &str, to: &str) -> PathBuf {
    let text = std::fs::read_to_string(config(world)).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    let path = world.gateway.folder.join("other.toml");
    std::fs::write(&path, text.replace(from, to)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_runs_is_well_and_one_that_does_not_is_not() {
    let operations = free_address();
    let world = World::configured("", |text| {
        text.to_owned() + &format!("\n[operations]\nlisten = \"{operations}\"\n")
    })
    .await;
    let path = config(&world);
    for (more, said) in [(&[][..], "ready"), (&["--live"][..], "alive")] {
        let answer = run(&path, &[&["healthcheck"][..], more].concat());
        assert_eq!((code(&answer), out(&answer)), (0, format!("http://{operations}: {said}\n")));
    }
    let answer = run(&path, &["healthcheck", "--url", &format!("http://{}", world.gateway.address)]);
    assert_eq!(code(&answer), 0);
    // An address that answers, and is no gateway that is ready.
    let answer = run(&path, &["healthcheck", "--json", "--url", &format!("{}/nothing", world.gateway_url)]);
    let said: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!((code(&answer), &said["healthy"]), (1, &false.into()), "{said}");
    let elsewhere = changed(&world, &operations.to_string(), &free_address().to_string());
    let answer = run(&elsewhere, &["healthcheck"]);
    let reason = String::from_utf8(answer.stderr.clone()).unwrap();
    assert_eq!((code(&answer), reason.lines().count()), (1, 1), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_is_asked_too() {
    let folder = std::env::temp_dir().join(format!("connect-gateway-health-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("x.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let router = axum::Router::new().route("/readyz", axum::routing::get(|| async { "ready" }));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("unix:{}", path.display());
    let ask = move || run(Path::new("nowhere.toml"), &["healthcheck", "--url", &url]);
    let answer = tokio::task::spawn_blocking(ask.clone()).await.unwrap();
    assert_eq!(code(&answer), 0, "{answer:?}");
    server.abort();
    server.await.ok();
    let answer = tokio::task::spawn_blocking(ask).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(code(&answer), 1);
}

/// What was said of `about`.
fn standings(said: &Value, about: &str) -> Vec<String> {
    let checks = said["checks"].as_array().unwrap().iter();
    let of = checks.filter(|check| check["about"] == about);
    of.map(|check| format!("{} {}", check["standing"].as_str().unwrap(), check["text"].as_str().unwrap()))
        .collect()
}

fn doctor(config: &Path) -> (i32, Value) {
    let answer = run(config, &["doctor", "--json"]);
    let said = serde_json::from_slice(&answer.stdout);
    (code(&answer), said.unwrap_or_else(|_| panic!("{answer:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_looks_at_everything_that_a_sign_in_needs() {
    let world = World::start("").await;
    let (_, said) = doctor(&config(&world));
    for (about, text) in [
        ("listen", "ok http://"),
        ("public_url", "leads to a gateway with this entity id"),
        ("clock", "ok agrees with that of STS"),
        ("idp.corporate", "ok metadata can be used"),
        ("instance.acme", "ok the federation role can be assumed"),
        ("saml.signing", "ok the certificate ends"),
    ] {
        let standings = standings(&said, about);
        assert!(standings.iter().any(|standing| standing.contains(text)), "{about}: {standings:?} {said}");
    }
    assert_eq!(world.writes(), Vec::<String>::new(), "a look changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_fails_and_what_should_be_looked_at() {
    let world = World::start("").await;
    let gateway = world.gateway.address.to_string();
    for (about, from, to) in [
        ("listen", format!("listen = \"{gateway}\""), format!("listen = \"{}\"", free_address())),
        ("public_url", world.gateway_url.clone(), format!("http://localhost:{}", free_address().port())),
        (
            "public_url",
            "[aws]".to_owned(),
            "saml.entity_id = \"https://other.example/metadata\"\n[aws]".to_owned(),
        ),
        ("instance.acme", "role/connect-federation".to_owned(), "role/no-such-role".to_owned()),
        ("idp.corporate", world.emulator.idp_metadata_url(), format!("http://{}/metadata", free_address())),
        ("configuration", "[aws]".to_owned(), "listens = 1\n[aws]".to_owned()),
    ] {
        let (code, said) = doctor(&changed(&world, &from, &to));
        assert_eq!((code, &said["standing"]), (1, &"fail".into()), "{about}: {said}");
        assert!(standings(&said, about).iter().any(|it| it.starts_with("fail ")), "{about}: {said}");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let key = world.gateway.folder.join("signing.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, said) = doctor(&config(&world));
    let standings = standings(&said, "configuration");
    assert!(standings.iter().any(|it| it.starts_with("warn saml.signing_key_file")), "{standings:?}");
}
