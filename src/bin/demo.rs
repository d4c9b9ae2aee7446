//! `make demo`: an emulated Amazon Connect and identity provider in this process, and the real gateway
//! beside it, on loopback only. Nothing is kept.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use connect_gateway::emulator::{Emulator, Options, Seed};
use tokio::process::{Child, Command};

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
    let options = Options::demo(seed);
    let emulator = Emulator::start(options).await.map_err(|error| {
        format!("the emulator can't start: {error}; ports 8401 to 8405 on 127.0.0.1 must be free")
    })?;
    emulator.trust_service_provider(&format!("{GATEWAY}/saml/metadata"), &format!("{GATEWAY}/saml/acs"));
    let mut gateway = start_gateway(&emulator)?;
    println!("\n  Open {GATEWAY} in a browser and pick a person.\n\n  Ctrl-C ends the demo.\n");
    tokio::select! {
        ended = gateway.wait() => Err(format!("the gateway ended: {}", ended.map_or_else(|e| e.to_string(), |s| s.to_string()))),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// The same program as in production, with a short configuration and a key made for this run.
fn start_gateway(emulator: &Emulator) -> Result<Child, String> {
    let program = beside_us("connect-gateway")?;
    let (key, certificate) = emulator.throwaway_key_pair().map_err(|error| error.to_string())?;
    Command::new(program)
        .args(["serve", "--config", CONFIG])
        .env("CONNECT_GATEWAY__SAML__SIGNING_KEY", key)
        .env("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE", certificate)
        .env("AWS_ACCESS_KEY_ID", emulator.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", emulator.secret_access_key())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the gateway can't start: {error}"))
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
