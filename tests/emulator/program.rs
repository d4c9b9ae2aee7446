//! The program that runs the emulator by itself.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_connect-emulator");
const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/emulator.toml");

#[tokio::test]
async fn it_prints_urls_that_answer() {
    let mut program = Command::new(PROGRAM)
        .args(["--seed", SEED, "--kind"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let mut printed = Vec::new();
    while let Some(line) = lines.next_line().await.expect("a line") {
        let last = line.starts_with("Access key");
        printed.push(line);
        if last {
            break;
        }
    }
    let metadata = printed.iter().find_map(|line| line.strip_prefix("IdP metadata")).expect("a URL").trim();
    let answer = reqwest::get(metadata).await.expect("an answer").text().await.expect("text");
    assert!(answer.contains(metadata), "the metadata's address is its entity id");
    for part in ["Connect and STS", "AWS sign-in", "Instance acme", "Instance globex", "AKIAEMULATORGATEWAY0"]
    {
        assert!(printed.iter().any(|line| line.contains(part)), "{part}");
    }
}

#[tokio::test]
async fn a_seed_that_is_not_there_is_named() {
    let run = Command::new(PROGRAM).args(["--seed", "no-such-file.toml"]).output().await.expect("it runs");
    assert!(!run.status.success());
    assert!(String::from_utf8_lossy(&run.stderr).contains("no-such-file.toml"));
}
