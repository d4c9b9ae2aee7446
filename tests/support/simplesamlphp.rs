//! Debian's SimpleSAMLphp as an identity provider, on PHP's own web server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = "/usr/share/simplesamlphp/www";

/// A running SimpleSAMLphp; gone when dropped.
pub(crate) struct SimpleSamlPhp {
    /// Its plain HTTP address, to put a TLS terminator in front of.
    pub(crate) address: SocketAddr,
    /// Its metadata.
    pub(crate) metadata: String,
    server: Child,
    state: PathBuf,
}

impl SimpleSamlPhp {
    /// Starts one that browsers find at `public_url`.
    pub(crate) async fn start(public_url: &str) -> Self {
        assert!(Path::new(PROGRAM).exists(), "simplesamlphp is not installed: scripts/install-packages test");
        let address = free_address();
        let state =
            std::env::temp_dir().join(format!("connect-gateway-idp-{}-{address}", std::process::id()));
        for folder in ["cert", "log", "data", "tmp", "sessions"] {
            std::fs::create_dir_all(state.join(folder)).unwrap();
        }
        write_key_pair(&state.join("cert"));
        write_service_provider(&state, "");
        let mut idp =
            Self { address, metadata: String::new(), server: serve(address, public_url, &state), state };
        idp.metadata = idp.read_metadata().await;
        idp
    }

    /// Answers the service provider of this metadata from now on.
    pub(crate) fn trust(&self, metadata: &str) {
        write_service_provider(&self.state, metadata);
    }

    /// Encrypts assertions from now on.
    pub(crate) fn encrypt(&self) {
        std::fs::write(self.state.join("encrypts"), "").unwrap();
    }

    async fn read_metadata(&self) -> String {
        let url = format!("http://{}/saml2/idp/metadata.php", self.address);
        for _ in 0..100 {
            if let Ok(answer) = reqwest::get(&url).await {
                let status = answer.status();
                let text = answer.text().await.unwrap();
                assert!(status.is_success() && text.contains("EntityDescriptor"), "{status}\n{text}");
                return text;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("SimpleSAMLphp does not answer at {url}")
    }
}

impl Drop for SimpleSamlPhp {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        std::fs::remove_dir_all(&self.state).ok();
    }
}

fn serve(address: SocketAddr, public_url: &str, state: &Path) -> Child {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/simplesamlphp/config");
    Command::new("php")
        .args(["-d", &format!("session.save_path={}", state.join("sessions").display())])
        .args(["-d", "display_errors=0", "-d", "error_reporting=0"])
        .args(["-S", &address.to_string(), "-t", PROGRAM])
        .env("SIMPLESAMLPHP_CONFIG_DIR", config)
        .env("IDP_URL", public_url)
        .env("IDP_STATE", state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("php is not installed: scripts/install-packages test")
}

/// The xml metadata source wants a file at all times: `EntitiesDescriptor` without anyone at first.
fn write_service_provider(state: &Path, metadata: &str) {
    let descriptor = metadata.split_once("?>").map_or(metadata, |(_, rest)| rest);
    let all = format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{descriptor}</md:EntitiesDescriptor>"#
    );
    std::fs::write(state.join("sp.xml"), all).unwrap();
}

fn write_key_pair(folder: &Path) {
    let done = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-sha256",
            "-days",
            "2",
            "-subj",
            "/CN=idp.test",
        ])
        .arg("-keyout")
        .arg(folder.join("idp.key"))
        .arg("-out")
        .arg(folder.join("idp.crt"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(done.success(), "openssl made no key");
}

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
