//! A real nginx in front of a gateway.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::gateway::free_address;

/// The address that nginx connects from: another one than that of whoever asks.
pub(crate) const PROXY: &str = "127.0.0.9";

/// A running nginx; gone when dropped.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    program: Child,
}

impl Nginx {
    /// Passes everything on to `target`, with these directives.
    pub(crate) async fn before(target: SocketAddr, directives: &str) -> Self {
        let address = free_address();
        let folder = std::env::temp_dir().join(format!("proxies-nginx-{}-{address}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let here = folder.display();
        let config = format!(
            "daemon off; master_process off; pid {here}/pid; error_log {here}/errors;\n\
             events {{}}\n\
             http {{\n{}\
             server {{ listen {address}; location / {{\n\
             proxy_pass http://{target}; proxy_bind {PROXY};\n{directives}\n}} }} }}\n",
            temporary(&here.to_string()),
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let program = nginx(&folder).stdin(Stdio::null()).spawn().unwrap();
        let mut nginx = Self { address, folder, program };
        nginx.wait_until_it_answers().await;
        nginx
    }

    async fn wait_until_it_answers(&mut self) {
        for _ in 0..300 {
            if let Some(status) = self.program.try_wait().unwrap() {
                panic!(
                    "nginx ended with {status}: {}",
                    fs::read_to_string(self.folder.join("errors")).unwrap()
                );
            }
            if TcpStream::connect(self.address).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nginx does not answer");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// nginx with the configuration in this folder.
pub(crate) fn nginx(folder: &std::path::Path) -> Command {
    let mut command = Command::new("/usr/sbin/nginx");
    command
        .arg("-e")
        .arg(folder.join("errors"))
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"));
    command
}

/// Directives that keep what nginx writes in a folder of the test's own.
pub(crate) fn temporary(folder: &str) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"));
    format!("access_log off;\n{}", paths.concat())
}
