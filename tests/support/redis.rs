//! A Redis of the test's own: the real server on a free port, with its data in a temporary folder.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use connect_gateway::model::{SystemClock, SystemRandom, Unobserved};
use connect_gateway::store::redis::{Address, Error, Login, Mode, Redis, Settings, StateKey, Tls, Transport};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
    args: Vec<String>,
    running: Option<Child>,
}

impl Server {
    /// As Redis comes, but nothing is written to the disk.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With more arguments, as `redis-server` takes them. `FOLDER` stands for the folder of its data.
    pub(crate) fn with(more: &[&str]) -> Self {
        let mut server = Self::prepared(more);
        server.run();
        server
    }

    /// Not running yet.
    pub(crate) fn prepared(more: &[&str]) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("connect-gateway-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let shown = folder.display().to_string();
        let mut args = vec!["--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "FOLDER"];
        args.extend(["--logfile", "FOLDER/log"]);
        args.extend(more);
        let filled = |arg: &str| arg.replace("PORT", &port.to_string()).replace("FOLDER", &shown);
        let args = args.into_iter().map(filled).collect();
        Self { port, folder, args, running: None }
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(&self.args).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().expect("redis-server is installed: scripts/install-packages"));
        wait_for(&format!("redis-server on {}", self.port), || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(vec![Transport::Plain("127.0.0.1".to_owned(), self.port)])
    }

    /// Connected as a replica of the gateway is.
    pub(crate) async fn connect(&self) -> Redis {
        connect(&self.settings()).await.unwrap()
    }

    /// What `redis-cli` says.
    pub(crate) fn cli(&self, args: &[&str]) -> String {
        cli(self.port, args)
    }

    /// How many scripts it ran so far.
    pub(crate) fn scripts(&self) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let calls = |command: &str| {
            let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
            line.and_then(|line| line.split(',').next()?.parse::<u64>().ok()).unwrap_or(0)
        };
        calls("evalsha") + calls("eval")
    }

    /// Every record with what it holds.
    pub(crate) fn everything(&self) -> String {
        let keys = self.cli(&["KEYS", "*"]);
        let held = keys.lines().map(|key| match &*self.cli(&["TYPE", key]) {
            "string" => self.cli(&["GET", key]),
            "hash" => self.cli(&["HGETALL", key]),
            _ => self.cli(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        });
        let held: Vec<String> = held.collect();
        format!("{keys}\n{}", held.join("\n"))
    }

    /// What Redis writes into its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn cli(port: u16, args: &[&str]) -> String {
    let port = port.to_string();
    let output = Command::new("redis-cli").args(["-p", &port]).args(args).output().expect("redis-cli");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Waits until `is_so`, half a minute at most.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("waited in vain for {what}");
}

pub(crate) fn free_port() -> u16 {
    // Below the ports that connections get, so that none takes it before the server does; and with room for a cluster's bus.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 11_000 + (std::process::id().wrapping_mul(37).wrapping_add(step * 7)) % 10_000;
        let port = u16::try_from(port).unwrap();
        let is_free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

pub(crate) fn settings(at: Vec<Transport>) -> Settings {
    Settings {
        addresses: at.into_iter().map(|transport| Address { transport, database: 0 }).collect(),
        mode: Mode::Single,
        login: Login::default(),
        tls: Tls::default(),
        prefix: "test".to_owned(),
        key: key(1),
        other_key: None,
    }
}

/// One of a few keys.
pub(crate) fn key(byte: u8) -> StateKey {
    StateKey::parse(&written_key(byte)).unwrap()
}

/// The same, as it stands in a file.
pub(crate) fn written_key(byte: u8) -> String {
    base64::engine::general_purpose::STANDARD.encode([byte; 32])
}

pub(crate) async fn connect(settings: &Settings) -> Result<Redis, Error> {
    Redis::connect(settings, Arc::new(SystemClock), Arc::new(SystemRandom), Arc::new(Unobserved)).await
}

/// A file that the test's own process may read, beside the server's data.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}
