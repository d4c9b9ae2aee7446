//! `make demo`: an emulated Amazon Connect and identity provider in this process, and the real gateway
//! beside it, on loopback only. Nothing is kept.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use connect_gateway::emulator::{Emulator, Options, Ports, Seed, throwaway_key_pair};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

const SEED: &str = include_str!("../../config/emulator.toml");
const CONFIG: &str = "config/demo.toml";
const GATEWAY: &str = "http://localhost:8400";

#[tokio::main]
async fn main() -> ExitCode {
    match demo().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("demo: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Result<(), String> {
    let seed = Seed::parse(SEED)?;
    let _emulator = Emulator::start(options(seed.clone())).await.map_err(|error| {
        format!("the emulator can't start: {error}; ports 8401 to 8405 of 127.0.0.1 must be free")
    })?;
    let mut gateway = start_gateway(&seed)?;
    wait_for_gateway(&mut gateway).await?;
    println!(
        "\n  Open {GATEWAY} in a browser, choose a contact centre, and pick a person.\n  The console is at {GATEWAY}/admin: pick Ana.\n  Sign out at {GATEWAY}/sign-out, or at the identity provider: http://localhost:8401\n  Ctrl-C ends the demo.\n"
    );
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        ended = gateway.wait() => Err(ended.map_or_else(|e| e.to_string(), |status| format!("the gateway ended: {status}"))),
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

/// The addresses that `config/demo.toml` names, as a browser on this machine finds them.
fn options(seed: Seed) -> Options {
    let mut options = Options::loopback(seed);
    let sites = [("acme", 8403), ("globex", 8404)];
    options.ports = Ports {
        api: 8405,
        idp: 8401,
        signin: 8402,
        sites: sites.iter().map(|(alias, port)| ((*alias).to_owned(), *port)).collect(),
    };
    options.public.idp = Some("http://localhost:8401".to_owned());
    options.public.signin = Some("http://localhost:8402".to_owned());
    options.public.console = Some("http://localhost:8402".to_owned());
    options.public.sites =
        sites.iter().map(|(alias, port)| ((*alias).to_owned(), format!("http://localhost:{port}"))).collect();
    options.idp.metadata_urls = vec![format!("{GATEWAY}/saml/metadata")];
    options
}

/// The same program as in production, with a short configuration and a key made for this run.
fn start_gateway(seed: &Seed) -> Result<Child, String> {
    let identity = seed.access_keys.first().ok_or("config/emulator.toml has no access key")?;
    let (key, certificate) = throwaway_key_pair("Demo gateway").map_err(|error| error.to_string())?;
    let mut command = Command::new(beside_us("connect-gateway")?);
    // Whatever AWS identity, settings or proxy this shell has is not for the demo.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("AWS_") || text.starts_with("CONNECT_GATEWAY__") || text.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command
        .args(["serve", "--config", CONFIG])
        .env("CONNECT_GATEWAY__INSTANCE__GLOBEX__EXTERNAL_ID", "globex-external-id")
        .env("CONNECT_GATEWAY__SAML__SIGNING_KEY", key)
        .env("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE", certificate)
        .env("AWS_ACCESS_KEY_ID", &identity.id)
        .env("AWS_SECRET_ACCESS_KEY", &identity.secret)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the gateway can't start: {error}"))
}

/// Until it answers, or ends.
async fn wait_for_gateway(gateway: &mut Child) -> Result<(), String> {
    let address = GATEWAY.trim_start_matches("http://");
    for _ in 0..200 {
        if let Some(status) = gateway.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("the gateway ended: {status}"));
        }
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err("the gateway does not answer".to_owned())
}

fn beside_us(name: &str) -> Result<PathBuf, String> {
    let us = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = us.parent().unwrap_or(Path::new(".")).join(name);
    if program.exists() {
        Ok(program)
    } else {
        Err(format!("{} is missing: build all programs first (cargo build --bins)", program.display()))
    }
}
