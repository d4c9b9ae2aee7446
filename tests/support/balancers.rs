//! A real nginx or HAProxy in front of replicas, with the configuration of `docs/proxies.md` but for addresses and paths.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpStream;

use crate::nginx::{nginx, temporary};
use crate::proxy_examples::{KEY, PEM, blocks};
use crate::redis_server::free_port;
use crate::replicas::PROXY;
use crate::tls::TestCa;

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It notices a replica that is gone by a connection that fails.
    Nginx,
    /// It asks replicas for their health.
    Haproxy,
}

/// A place for a proxy: its address is known before it runs.
pub(crate) struct Place {
    port: u16,
    /// What browsers type.
    pub(crate) url: String,
}

/// A running proxy; gone when dropped.
pub(crate) struct Balancer {
    folder: PathBuf,
    program: Child,
}

impl Place {
    pub(crate) fn new() -> Self {
        let port = free_port();
        Self { port, url: format!("https://localhost:{port}") }
    }
}

impl Balancer {
    /// Sends requests to these replicas in turn, without stickiness.
    pub(crate) async fn before(replicas: &[SocketAddr], place: &Place, kind: Kind, ca: &TestCa) -> Self {
        let folder = std::env::temp_dir().join(format!("balancer-{}-{}", std::process::id(), place.port));
        fs::create_dir_all(&folder).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &ca.issuer).unwrap();
        fs::write(folder.join("both.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
        let mut command = match kind {
            Kind::Nginx => {
                fs::write(folder.join("nginx.conf"), for_nginx(&folder, place.port, replicas)).unwrap();
                nginx(&folder)
            }
            Kind::Haproxy => {
                fs::write(folder.join("haproxy.cfg"), for_haproxy(&folder, place.port, replicas)).unwrap();
                let mut command = Command::new("/usr/sbin/haproxy");
                command.arg("-db").arg("-f").arg(folder.join("haproxy.cfg"));
                command
            }
        };
        let said = fs::File::create(folder.join("said")).unwrap();
        let program = command
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .expect("nginx and haproxy are installed: scripts/install-packages");
        let mut balancer = Self { folder, program };
        balancer.until_it_answers(place.port).await;
        balancer
    }

    async fn until_it_answers(&mut self, port: u16) {
        for _ in 0..600 {
            if let Some(status) = self.program.try_wait().unwrap() {
                panic!("the proxy ended with {status}:\n{}", self.said());
            }
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the proxy does not answer:\n{}", self.said());
    }

    fn said(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        read("said") + &read("errors")
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
        if std::thread::panicking() {
            eprintln!("the proxy said:\n{}", self.said());
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The addresses that the examples have.
const EXAMPLES: [&str; 2] = ["10.0.1.11:8080", "10.0.1.12:8080"];

fn for_nginx(folder: &Path, port: u16, replicas: &[SocketAddr]) -> String {
    let text = placed(blocks("nginx")[0], folder, replicas);
    let text = replaced(&text, "listen 443 ", &format!("listen 127.0.0.1:{port} "));
    let text = replaced(&text, "listen 80;", &format!("listen 127.0.0.1:{};", free_port()));
    let text = replaced(
        &text,
        "proxy_connect_timeout ",
        &format!("proxy_bind {PROXY};\n    proxy_connect_timeout "),
    );
    let here = folder.display();
    format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/errors;\n\
         events {{ worker_connections 4096; }}\nhttp {{\n{}{text}\n}}\n",
        temporary(&here.to_string())
    )
}

fn for_haproxy(folder: &Path, port: u16, replicas: &[SocketAddr]) -> String {
    let text = placed(blocks("haproxy")[0], folder, replicas);
    let text = replaced(&text, "bind :443 ", &format!("bind 127.0.0.1:{port} "));
    let text = replaced(&text, "bind :80\n", &format!("bind 127.0.0.1:{}\n", free_port()));
    let text = replaced(&text, "default-server ", &format!("source {PROXY}\n    default-server "));
    format!("global\n    maxconn 4096\n    tune.ssl.default-dh-param 2048\n{text}")
}

/// The example with these replicas and this folder's certificate.
fn placed(example: &str, folder: &Path, replicas: &[SocketAddr]) -> String {
    assert_eq!(replicas.len(), EXAMPLES.len());
    let addresses = EXAMPLES.iter().zip(replicas);
    let text = addresses
        .fold(example.to_owned(), |text, (example, replica)| replaced(&text, example, &replica.to_string()));
    let both = folder.join("both.pem").display().to_string();
    text.replace(PEM, &both).replace(KEY, &both)
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} in\n{text}");
    text.replace(from, to)
}
