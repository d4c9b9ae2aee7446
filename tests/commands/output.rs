//! What becomes of what is printed when nobody takes it.

use std::fs::OpenOptions;
use std::io::pipe;
use std::process::{Command, Stdio};

use crate::{Folder, Ran};

fn told_to(folder: &Folder, output: impl Into<Stdio>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
    command.args(["check", "--config", "gateway.toml"]).current_dir(&folder.0);
    Ran(command.stdout(output).output().unwrap())
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = Folder::configured("reader");
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let ran = told_to(&folder, writer);
    assert_eq!((ran.code(), ran.err()), (0, String::new()));
}

#[test]
fn half_an_output_is_a_failure() {
    let folder = Folder::configured("full");
    let ran = told_to(&folder, OpenOptions::new().write(true).open("/dev/full").unwrap());
    assert_eq!(ran.code(), 1);
    assert!(ran.err().contains("standard output") && !ran.err().contains("panicked"), "{}", ran.err());
}
