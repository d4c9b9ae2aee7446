//! The gateway as it is deployed: the real program in a process of its own, with a configuration file.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

/// What every configuration here begins with. `trace`, because whatever is logged is also searched for secrets.
const BEGINNING: &str = r#"
version = 1
support = "Call 555-0100."
log.level = "trace"
log.format = "json"
saml.signing_key_file = "signing.key"
saml.signing_certificate_file = "signing.crt"
saml.decryption_key_files = ["decryption.key"]
saml.decryption_certificate_files = ["decryption.crt"]
"#;

/// The AWS identity of the gateway in `seed.toml`: access key id and secret.
pub(crate) const CREDENTIALS: (&str, &str) =
    ("AKIATESTGATEWAY00001", "wJalrXUtnFEMIK7MDENGbPxRfiCYTESTGATEWAY1");

/// A running gateway; gone when dropped.
pub(crate) struct Gateway {
    /// Its plain HTTP address.
    pub(crate) address: SocketAddr,
    /// Its configuration, keys and logs.
    pub(crate) folder: PathBuf,
    /// The process.
    pub(crate) program: Child,
}

impl Gateway {
    /// Starts one that browsers find at `public_url`. `config` holds the rest of the configuration,
    /// `files` what it names: file name and text.
    pub(crate) async fn start(
        address: SocketAddr,
        public_url: &str,
        config: &str,
        files: &[(&str, &str)],
    ) -> Self {
        Self::start_with(address, public_url, config, files, &[]).await
    }

    /// The same, with variables in its environment.
    pub(crate) async fn start_with(
        address: SocketAddr,
        public_url: &str,
        config: &str,
        files: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("connect-gateway-{}-{address}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in key_files() {
            fs::write(folder.join(name), text).unwrap();
        }
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        let path = folder.join("gateway.toml");
        let addresses = format!("public_url = \"{public_url}\"\nlisten = \"{address}\"");
        fs::write(&path, format!("{addresses}{BEGINNING}{config}")).unwrap();
        let program = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
            .arg("serve")
            .arg("--config")
            .arg(&path)
            .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
            .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("stdout")).unwrap())
            .stderr(File::create(folder.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut gateway = Self { address, folder, program };
        gateway.wait_until_it_answers().await;
        gateway
    }

    /// Everything it has written so far.
    pub(crate) fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap();
        read("stdout") + &read("stderr")
    }

    async fn wait_until_it_answers(&mut self) {
        for _ in 0..300 {
            if let Some(status) = self.program.try_wait().unwrap() {
                panic!("the gateway ended with {status}:\n{}", self.log());
            }
            if tokio::net::TcpStream::connect(self.address).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the gateway does not answer:\n{}", self.log());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
        if std::thread::panicking() {
            eprintln!("log of the gateway:\n{}", last_lines(&self.log()));
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A free address on loopback.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An RSA-2048 key and its certificate, as PEM.
pub(crate) fn key_pair() -> (String, String) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "test");
    let certificate = params.self_signed(&key).unwrap();
    (key.serialize_pem(), certificate.pem())
}

/// The files that the configuration names keys by: name and text.
pub(crate) fn key_files() -> Vec<(String, String)> {
    let files = ["signing", "decryption"].map(|name| {
        let (key, certificate) = key_pair();
        [(format!("{name}.key"), key), (format!("{name}.crt"), certificate)]
    });
    files.into_iter().flatten().collect()
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
