//! `connect-gateway healthcheck | doctor`, beside a gateway that runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::gateway::{CREDENTIALS, free_address};
use crate::world::World;

fn command(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
    command
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1);
    command
}

/// A health check, where a proxy is configured that would be asked in the gateway's place.
fn run(config: &Path, arguments: &[&str]) -> Output {
    command(config, arguments).env("HTTP_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "").output().unwrap()
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

/// A configuration beside the gateway's own, with each of the first texts changed to the second.
fn changed(world: &World, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = std::fs::read_to_string(config(world)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}: {text}");
        text = text.replace(from, to);
    }
    let path = world.gateway.folder.join("other.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_runs_is_well_and_one_that_does_not_is_not() {
    let world = World::start("").await;
    let operations = world.operations_url.trim_start_matches("http://");
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
    let elsewhere = changed(&world, &[(operations, &free_address().to_string())]);
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
    let answer = command(config, &["doctor", "--json"]).output().unwrap();
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
    // The clock is read off an answer of STS to no operation at all.
    let writes: Vec<_> = world.writes().into_iter().filter(|operation| operation != "Unknown").collect();
    assert_eq!(writes, Vec::<String>::new(), "a look changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_fails_and_what_should_be_looked_at() {
    let world = World::start("").await;
    let listen = format!("listen = \"{}\"", world.gateway.address);
    let (elsewhere, metadata) = (free_address(), world.emulator.idp_metadata_url());
    let broken = changed(
        &world,
        &[
            (&listen, &format!("listen = \"{elsewhere}\"")),
            (&world.gateway_url, &format!("http://localhost:{}", elsewhere.port())),
            (&metadata, &format!("http://{elsewhere}/metadata")),
            ("role/connect-federation", "role/no-such-role"),
        ],
    );
    let (code, said) = doctor(&broken);
    assert_eq!((code, &said["standing"]), (1, &"fail".into()), "{said}");
    for about in ["listen", "public_url", "idp.corporate", "instance.acme"] {
        assert!(standings(&said, about).iter().any(|it| it.starts_with("fail ")), "{about}: {said}");
    }
    let other = changed(&world, &[("[aws]", "saml.entity_id = \"https://other.example/metadata\"\n[aws]")]);
    let (_, said) = doctor(&other);
    assert!(standings(&said, "public_url")[0].starts_with("fail "), "leads to another gateway: {said}");
    let (code, said) = doctor(&changed(&world, &[("[aws]", "listens = 1\n[aws]")]));
    assert_eq!(code, 1);
    assert!(standings(&said, "configuration")[0].starts_with("fail listens"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_warns_of_secrets_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::start("").await;
    let mode = |key: &str, mode: u32| {
        let path = world.gateway.folder.join(key);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("signing.key", 0o600);
    mode("decryption.key", 0o600);
    let (code, said) = doctor(&config(&world));
    assert_eq!((code, &said["standing"]), (0, &"ok".into()), "{said}");
    mode("signing.key", 0o644);
    let (code, said) = doctor(&config(&world));
    assert_eq!((code, &said["standing"]), (2, &"warn".into()), "{said}");
    assert!(standings(&said, "configuration")[0].starts_with("warn saml.signing_key_file"), "{said}");
}
