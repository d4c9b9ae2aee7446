//! Commands that need no gateway, as an operator types them: the real program, in a folder of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is missing")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

mod beginning;
mod environment;
mod iam;
mod keys;
mod migrate;
mod output;
mod permissions;
mod reference;

/// A folder; gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("connect-gateway-commands-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn mode(&self, file: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(self.path(file)).unwrap().permissions().mode() & 0o777
    }

    /// Runs the program there.
    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&[], arguments)
    }

    /// The same, with these variables.
    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
        Ran(command.envs(variables.iter().copied()).args(arguments).current_dir(&self.0).output().unwrap())
    }

    /// A configuration that `check` accepts.
    fn configured(name: &str) -> Self {
        let folder = Self::new(name);
        folder.run(&[&["config", "init"][..], &KNOWN[..]].concat()).succeeded();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Everything that `config init` can be told.
const KNOWN: [&str; 10] = [
    "--preset",
    "okta",
    "--public-url",
    "https://sign-in.example.org",
    "--instance-arn",
    "arn:aws:connect:eu-west-2:123456789012:instance/10a4c4eb-f57e-4d4c-b602-bf39176ced07",
    "--instance-url",
    "https://acme.my.connect.aws",
    "--metadata-url",
    "https://acme.okta.com/app/metadata",
];

/// What a command did.
struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("{}{}", self.out(), self.err()))
    }

    #[track_caller]
    fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    #[track_caller]
    fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}{}", self.out(), self.err());
        self
    }
}

/// Adds lines at the top of the configuration, below `version`.
fn at_the_top(folder: &Folder, lines: &str) {
    let text = folder.read("gateway.toml");
    folder.write("gateway.toml", &text.replacen("version = 1\n", &format!("version = 1\n{lines}\n"), 1));
}

/// Adds lines to `[saml]`, in the place of those that begin with the same keys.
fn in_saml(folder: &Folder, lines: &str) {
    let text = folder.read("gateway.toml");
    let keys: Vec<&str> = lines.lines().filter_map(|line| line.split(' ').next()).collect();
    let kept = text.lines().filter(|line| !keys.iter().any(|key| line.starts_with(&format!("{key} "))));
    let kept: Vec<&str> = kept.collect();
    folder.write("gateway.toml", &kept.join("\n").replacen("[saml]\n", &format!("[saml]\n{lines}\n"), 1));
}

fn check(folder: &Folder) -> Ran {
    folder.run(&["check", "--config", "gateway.toml"])
}
