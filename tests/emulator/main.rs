//! The emulator, asked over real HTTP: by boto3, and by plain requests.

#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

mod aws;
mod boto3;
mod browser;
mod idp;
mod management;
mod program;
mod site;

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};

/// Id of the instance `acme`.
const ACME: &str = "6f0c1d5e-2a44-4b7e-9a5e-0d1f5c3b7a90";
/// The gateway's access key.
const KEY: (&str, &str) = ("AKIAEMULATORGATEWAY0", "emulator-gateway-secret-key-not-real-000");
/// The federation role of `acme`.
const ROLE: &str = "arn:aws:iam::123456789012:role/acme-federation";

fn seed() -> Seed {
    Seed::parse(include_str!("seed.toml")).expect("the seed file is sound")
}

/// Options without the unkindness that would blur what is tested.
fn kind() -> Options {
    Options { behaviour: Behaviour::kind(), ..Options::loopback(seed()) }
}

async fn start(options: Options) -> Emulator {
    Emulator::start(options).await.expect("the emulator starts")
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let mut options = kind();
    options.bind = "0.0.0.0".parse().expect("an address");
    assert!(Emulator::start(options).await.is_err());
}

#[test]
fn the_seed_that_is_shipped_is_sound() {
    assert!(Seed::parse(include_str!("../../config/emulator.toml")).is_ok());
}

#[test]
fn a_seed_with_an_unknown_key_is_refused() {
    let text = format!("colour = \"red\"\n{}", include_str!("seed.toml"));
    assert!(Seed::parse(&text).is_err_and(|error| error.contains("colour")));
}

#[test]
fn a_seed_that_names_what_does_not_exist_is_refused() {
    let text = include_str!("seed.toml").replacen("\"Tech L1\"\nhierarchy", "\"Tech L9\"\nhierarchy", 1);
    assert!(Seed::parse(&text).is_err_and(|error| error.contains("Ben@acme.test")));
}
