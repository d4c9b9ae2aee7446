//! Somebody at a command line: an emulated AWS, a configuration and the program, without a gateway that serves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use connect_gateway::emulator::Emulator;

use crate::gateway::{CREDENTIALS, key_pair};
use crate::world::{emulator, settings};

const PROGRAM: &str = env!("CARGO_BIN_EXE_connect-gateway");
const BEGINNING: &str = r#"
version = 1
public_url = "http://localhost:8080"
saml.signing_key_file = "signing.key"
saml.signing_certificate_file = "signing.crt"
budget.connect.per_second = 1000
budget.connect.burst = 1000
"#;

/// One pair for all: nobody signs anything.
static KEY_PAIR: LazyLock<(String, String)> = LazyLock::new(key_pair);
static COUNT: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Desk {
    pub(crate) emulator: Emulator,
    pub(crate) folder: PathBuf,
    credentials: (&'static str, &'static str),
}

impl Desk {
    /// With `more` in the seed. Nothing is throttled.
    pub(crate) async fn start(more: &str) -> Self {
        Self::around(emulator(more).await, str::to_owned)
    }

    /// Around an emulator of the test's own, with a change to the configuration.
    pub(crate) fn around(emulator: Emulator, change: impl Fn(&str) -> String) -> Self {
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder =
            std::env::temp_dir().join(format!("connect-gateway-desk-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        emulator.set_throttle(false);
        let desk = Self { emulator, folder, credentials: CREDENTIALS };
        desk.write("signing.key", &KEY_PAIR.0);
        fs::set_permissions(desk.folder.join("signing.key"), Permissions::from_mode(0o600)).unwrap();
        desk.write("signing.crt", &KEY_PAIR.1);
        desk.write("gateway.toml", &change(&format!("{BEGINNING}{}", settings(&desk.emulator))));
        desk
    }

    /// The same, with another AWS identity.
    pub(crate) fn with_credentials(self, id: &'static str, secret: &'static str) -> Self {
        // Taken apart by hand: what is dropped removes the folder.
        let mut desk = self;
        desk.credentials = (id, secret);
        desk
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.any_command(PROGRAM, arguments)
    }

    fn any_command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("AWS_ACCESS_KEY_ID", self.credentials.0)
            .env("AWS_SECRET_ACCESS_KEY", self.credentials.1)
            .stdin(Stdio::null());
        command
    }

    /// `connect-gateway users …` for the instance acme.
    pub(crate) fn users(&self, verb: &str, more: &[&str]) -> Output {
        self.command(&[&["users", verb, "-c", "gateway.toml", "--instance", "acme"], more].concat())
            .output()
            .unwrap()
    }

    /// The same at a terminal of its own, whose text is in the file `said`.
    pub(crate) fn at_terminal(&self, verb: &str, more: &[&str]) -> Child {
        let words = [&[PROGRAM, "users", verb, "-c", "gateway.toml", "--instance", "acme"], more].concat();
        let said = fs::File::create(self.folder.join("said")).unwrap();
        let line = words.join(" ");
        self.any_command("script", &["--quiet", "--return", "--flush", "--command", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(said)
            .spawn()
            .unwrap()
    }

    /// Waits until the terminal says this.
    pub(crate) async fn until_said(&self, words: &str) -> String {
        for _ in 0..400 {
            let said = fs::read_to_string(self.folder.join("said")).unwrap();
            if said.contains(words) {
                return said;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{}", fs::read_to_string(self.folder.join("said")).unwrap());
    }

    /// The names of the instance's users, sorted.
    pub(crate) fn usernames(&self) -> Vec<String> {
        let mut names = self.emulator.usernames("acme");
        names.sort();
        names
    }

    /// How often the emulator was asked for this.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.emulator.history().iter().filter(|call| call.operation == operation).count()
    }

    /// Every Connect call that changes something.
    pub(crate) fn writes(&self) -> Vec<String> {
        let calls = self.emulator.history().into_iter().map(|call| call.operation);
        let reads = ["Describe", "Get", "List", "Search", "Assume"];
        calls.filter(|operation| !reads.iter().any(|verb| operation.starts_with(verb))).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}
