//! TLS, for those without a proxy.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use tokio::time::{sleep, timeout};

use crate::http2::{curl, said};
use crate::process::{Folder, Gateway, PATIENCE, Start, exchanged};

const TLS: &str = "[tls]\ncertificate_file = \"server.crt\"\nkey_file = \"server.key\"\n";

/// A certificate that is its own authority, and its key.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn put(folder: &Path, (certificate, key): &(String, String)) {
    std::fs::write(folder.join("server.crt"), certificate).unwrap();
    std::fs::write(folder.join("server.key"), key).unwrap();
}

async fn gateway(pair: &(String, String), more: &str) -> Gateway {
    let folder = Folder::new();
    put(&folder.0, pair);
    let mut gateway = Gateway::begin(Start::with(&format!("{TLS}{more}")), folder);
    gateway.until_started().await;
    gateway
}

/// Somebody who trusts this certificate alone.
struct Client<'g>(&'g Gateway, PathBuf);

impl<'g> Client<'g> {
    fn trusting(gateway: &'g Gateway, name: &str, certificate: &str) -> Self {
        let path = gateway.folder.0.join(name);
        std::fs::write(&path, certificate).unwrap();
        Self(gateway, path)
    }

    async fn says(&self, version: &str) -> String {
        let port = self.0.address.port();
        let (url, at) = (format!("https://localhost:{port}/healthz"), format!("localhost:{port}:127.0.0.1"));
        said(&curl(&[version, "--cacert", &self.1.display().to_string(), "--resolve", &at, &url]).await)
    }

    async fn is_served(&self) -> bool {
        self.says("--http2").await == "ok 2 200"
    }

    async fn until_served(&self) {
        let served = async {
            while !self.is_served().await {
                sleep(Duration::from_millis(100)).await;
            }
        };
        assert!(timeout(PATIENCE, served).await.is_ok(), "{}", self.0.log());
    }
}

async fn until_certificate(gateway: &Gateway, word: &str) {
    let told = async {
        while gateway.readiness().await.1["certificate"] != word {
            sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(timeout(PATIENCE, told).await.is_ok(), "{}", gateway.log());
}

#[tokio::test]
async fn browsers_speak_http_2_or_http_1_over_tls() {
    let pair = pair();
    let gateway = gateway(&pair, "[listener]\nhandshake_seconds = 1\n").await;
    let client = Client::trusting(&gateway, "trusted.crt", &pair.0);
    assert_eq!(client.says("--http2").await, "ok 2 200");
    assert_eq!(client.says("--http1.1").await, "ok 1.1 200");
    // Plain HTTP, and a handshake that does not come to its end.
    for octets in [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\x03\x01"] {
        assert!(!exchanged(&mut gateway.connection().await, octets).await.contains("HTTP"));
    }
}

#[tokio::test]
async fn a_new_certificate_is_seen_and_a_bad_one_keeps_the_old() {
    let (first, second) = (pair(), pair());
    let gateway = gateway(&first, "").await;
    let [old, new] = [("first.crt", &first.0), ("second.crt", &second.0)]
        .map(|(name, certificate)| Client::trusting(&gateway, name, certificate));
    assert!(old.is_served().await && !new.is_served().await);

    // The key of another certificate.
    put(&gateway.folder.0, &(second.0.clone(), first.1.clone()));
    until_certificate(&gateway, "older_than_files").await;
    assert!(old.is_served().await);
    let (status, told) = gateway.readiness().await;
    assert_eq!((status, told["degraded"].to_string().as_str()), (200, r#"["certificate"]"#));
    let numbers = gateway.asked("/metrics").await.unwrap().1;
    assert!(numbers.contains("connect_gateway_tls_certificate_current 0"), "{numbers}");
    assert!(gateway.log().contains("certificate and key can't be used together"), "{}", gateway.log());

    put(&gateway.folder.0, &second);
    new.until_served().await;
    assert!(!old.is_served().await);
    until_certificate(&gateway, "in_force").await;

    // No key at all, and what is in the file is in no log. SIGHUP asks for it at once.
    put(&gateway.folder.0, &(second.0.clone(), "hush-hush".to_owned()));
    gateway.signal("HUP");
    until_certificate(&gateway, "older_than_files").await;
    assert!(new.is_served().await && !gateway.log().contains("hush-hush"));
}

#[tokio::test]
async fn a_pair_that_can_not_be_used_is_told_before_it_is_deployed() {
    let folder = Folder::new();
    put(&folder.0, &(pair().0, pair().1));
    let mut gateway = Gateway::begin(Start::with(TLS), folder);
    assert_eq!(gateway.end().await, Some(1));
    assert!(gateway.log().contains("tls: certificate and key can't be used together"), "{}", gateway.log());
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["check", "--config", "gateway.toml"])
        .current_dir(&gateway.folder.0)
        .output()
        .unwrap();
    assert!(said(&check).contains("tls: certificate and key can't be used together"), "{}", said(&check));
    assert_eq!(check.status.code(), Some(1));
}
