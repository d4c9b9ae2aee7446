//! pysaml2 as an identity provider, in a process of its own: see `pysaml2/idp.py`.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::gateway::free_address;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A running pysaml2; gone when dropped.
pub(crate) struct Pysaml2 {
    address: SocketAddr,
    server: Child,
    state: PathBuf,
}

impl Pysaml2 {
    /// Starts one that knows the people of `seed.toml` and no service provider yet.
    pub(crate) async fn start() -> Self {
        assert!(
            Path::new("/usr/bin/xmlsec1").exists(),
            "xmlsec1 is not installed: scripts/install-packages test"
        );
        let python = tokio::task::spawn_blocking(python).await.unwrap();
        let address = free_address();
        let state =
            std::env::temp_dir().join(format!("connect-gateway-pysaml2-{}-{address}", std::process::id()));
        fs::create_dir_all(&state).unwrap();
        let server = Command::new(python)
            .arg("-B")
            .arg(format!("{ROOT}/tests/support/pysaml2/idp.py"))
            .arg(address.port().to_string())
            .arg(&state)
            .arg(format!("{ROOT}/tests/support/seed.toml"))
            .stdin(Stdio::null())
            .stdout(File::create(state.join("stdout")).unwrap())
            .stderr(File::create(state.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut idp = Self { address, server, state };
        idp.wait_until_it_answers().await;
        idp
    }

    /// Its address, which is its entity id with `/metadata`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The certificate of a signing key that was used already, as PEM.
    pub(crate) fn certificate(&self, key: &str) -> String {
        fs::read_to_string(self.state.join(format!("{key}.crt"))).unwrap()
    }

    /// Changes one of the settings in `pysaml2/provider.py`.
    pub(crate) async fn set(&self, name: &str, value: impl Into<serde_json::Value>) {
        let change = serde_json::json!({ name: value.into() });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.patch(self.url("/settings")).json(&change).send().await.unwrap();
        assert!(answer.status().is_success(), "{change}: {}\n{}", answer.status(), self.log());
    }

    async fn wait_until_it_answers(&mut self) {
        for _ in 0..600 {
            if let Some(status) = self.server.try_wait().unwrap() {
                panic!("pysaml2 ended with {status}:\n{}", self.log());
            }
            if tokio::net::TcpStream::connect(self.address).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("pysaml2 does not answer:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.state.join("stderr")).unwrap_or_default()
    }
}

impl Drop for Pysaml2 {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        if std::thread::panicking() {
            eprintln!("log of pysaml2:\n{}", self.log());
        }
        fs::remove_dir_all(&self.state).ok();
    }
}

/// The interpreter of an environment with pysaml2, made when it is not there yet.
fn python() -> String {
    let directory = format!("{}/pysaml2-venv", env!("CARGO_TARGET_TMPDIR"));
    let made = Command::new(format!("{ROOT}/scripts/pysaml2-venv"))
        .arg(directory)
        .stderr(Stdio::inherit())
        .output()
        .expect("scripts/pysaml2-venv runs");
    assert!(made.status.success(), "scripts/pysaml2-venv made no Python environment");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}
