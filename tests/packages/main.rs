//! What is handed out: the container image, the Debian package, and the examples in `deploy/`. All are made by the scripts that
//! releases are made with, around the program that the tests are built with. As root, on Debian 12.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod deb;
mod deploy;
mod image;
mod supply;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program of this build.
const PROGRAM: &str = env!("CARGO_BIN_EXE_connect-gateway");

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of a test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs a command in the project's folder.
fn output(command: &mut Command) -> Output {
    command.current_dir(project()).stdin(Stdio::null()).output().expect("the command starts")
}

/// What a command that must succeed prints.
fn run(command: &mut Command) -> String {
    let output = output(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.trim().to_owned()
}

/// The interpreter of an environment that knows what reads the files in `deploy/`, and bills of materials.
fn python() -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages-venv");
    run(Command::new("scripts/packages-venv").arg(folder))
}

/// Paths of all files below a folder, relative to it.
fn files(folder: &Path) -> Vec<String> {
    let listed = run(Command::new("find")
        .arg(folder)
        .args(["(", "-type", "f", "-o", "-type", "l", ")", "-printf", "%P\n"]));
    listed.lines().map(str::to_owned).collect()
}

/// Whether a bill of materials is one by the schema of its format, and names these.
fn assert_bill(bill: &Path, names: &[&str]) {
    run(Command::new(python()).arg("tests/packages/bill.py").arg(bill).args(names));
}
