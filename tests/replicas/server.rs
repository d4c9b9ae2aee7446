//! A Redis of a test's own, at a socket in a folder of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use connect_gateway::model::{Clock, Random as _, SystemClock, SystemRandom, Unobserved};
use connect_gateway::store::redis::{Address, Login, Mode, Redis, Settings, StateKey, Tls};

pub(crate) struct Server {
    folder: PathBuf,
    process: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("replicas-{}", SystemRandom.token()));
        std::fs::create_dir(&folder).unwrap();
        let process = run(&folder);
        Self { folder, process }
    }

    /// Ends it as a power cut does: nothing that it kept is left.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Forgets everything.
    pub(crate) fn flush(&self) {
        self.ask(&["FLUSHALL"]);
    }

    /// One command by the command line client.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let socket = self.folder.join("redis.sock");
        let answer = Command::new("redis-cli").arg("-s").arg(socket).args(command).output().unwrap();
        assert!(answer.status.success(), "{answer:?}");
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }

    /// Every key with what it holds, as far as it is text.
    pub(crate) fn everything(&self) -> String {
        let keys = self.ask(&["KEYS", "*"]);
        let held = keys.lines().map(|key| match self.ask(&["TYPE", key]).trim() {
            "string" => self.ask(&["GET", key]),
            "hash" => self.ask(&["HGETALL", key]),
            _ => self.ask(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        });
        let held = held.collect::<String>();
        keys + &held
    }

    /// Takes so much off what tokens are still good for.
    pub(crate) fn age_tokens(&self, by: Duration) {
        for key in self.ask(&["KEYS", "*:token:*"]).lines().filter(|key| key.ends_with('}')) {
            let until: u64 = self.ask(&["HGET", key, "until"]).trim().parse().unwrap();
            let aged = until - u64::try_from(by.as_millis()).unwrap();
            self.ask(&["HSET", key, "until", &aged.to_string()]);
        }
    }

    /// Runs a script as somebody does who may write there, on the record of the only user or token, and on one that is
    /// put aside.
    pub(crate) fn meddle(&self, kind: &str, script: &str) {
        let keys = self.ask(&["KEYS", &format!("*:{kind}:*")]);
        let records: Vec<&str> = keys.lines().filter(|key| key.ends_with('}')).collect();
        let [record] = records[..] else { unreachable!("one record, not {records:?}") };
        self.ask(&["EVAL", script, "2", record, "aside"]);
    }

    /// A connection, as a replica has one.
    pub(crate) async fn connection(&self) -> Redis {
        self.connection_by(Arc::new(SystemClock)).await
    }

    /// The same, with a clock of the test's own.
    pub(crate) async fn connection_by(&self, clock: Arc<dyn Clock>) -> Redis {
        let settings = Settings {
            addresses: vec![Address::parse(&format!("unix://{}/redis.sock", self.folder.display())).unwrap()],
            mode: Mode::Single,
            login: Login::default(),
            tls: Tls::default(),
            prefix: "test".to_owned(),
            key: StateKey::parse("c2VhbGVkIHdpdGggYSBrZXkgb2YgMzIgYnl0ZXMhISE=").unwrap(),
            other_key: None,
        };
        Redis::connect(&settings, clock, Arc::new(SystemRandom), Arc::new(Unobserved)).await.unwrap()
    }
}

fn run(folder: &PathBuf) -> Child {
    Command::new("redis-server")
        .current_dir(folder)
        .args(["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--maxmemory-policy", "noeviction"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
