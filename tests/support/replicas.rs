//! Several gateways that share a Redis, as they are deployed: one configuration, the same keys, a process each.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::gateway::{Gateway, key_files};
use crate::redis_server::{free_port, written_key};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where proxies connect from, which replicas believe.
pub(crate) const PROXY: &str = "127.0.0.9";

/// The replicas; gone when dropped.
pub(crate) struct Replicas {
    /// Each of them.
    pub(crate) members: Vec<Replica>,
}

/// One gateway, which may be down.
pub(crate) struct Replica {
    /// Its own address, which no browser knows.
    pub(crate) address: SocketAddr,
    operations: SocketAddr,
    common: Common,
    running: Option<Gateway>,
    /// What it wrote before it ended.
    before: String,
}

/// What all replicas have alike.
#[derive(Clone)]
struct Common {
    public_url: String,
    config: String,
    files: Vec<(String, String)>,
}

/// A request that a replica answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Which replica.
    pub(crate) by: usize,
    /// Method and pattern of the route.
    pub(crate) what: String,
    /// HTTP status.
    pub(crate) status: u64,
    when: String,
}

impl Replicas {
    /// Starts `count` gateways that browsers find at `public_url`, behind a proxy, and that share the Redis at this URL.
    /// `config` holds the rest of the configuration.
    pub(crate) async fn on(redis: &str, count: usize, public_url: &str, config: &str) -> Self {
        let mut files = vec![("state.key".to_owned(), written_key(1))];
        files.extend(key_files());
        let shared = format!(
            r#"
[state]
store = "redis"
replicas = {count}
urls = ["{redis}"]
key_file = "state.key"
[client_address]
mode = "x_forwarded_for"
trusted = ["{PROXY}"]
[rate_limits]
sign_in_per_minute = 1000000
acs_per_minute = 1000000
choose_per_minute = 1000000
logout_per_minute = 1000000
idp_answers_per_minute = 1000000
"#
        );
        let common = Common { public_url: public_url.to_owned(), config: format!("{config}{shared}"), files };
        let address = || SocketAddr::from(([127, 0, 0, 1], free_port()));
        let down = || Replica {
            address: address(),
            operations: address(),
            common: common.clone(),
            running: None,
            before: String::new(),
        };
        let mut members: Vec<Replica> = (0..count).map(|_| down()).collect();
        for member in &mut members {
            member.start().await;
        }
        Self { members }
    }

    /// Their addresses.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.members.iter().map(|member| member.address).collect()
    }

    /// What was answered so far, in order.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        let mut all: Vec<Answered> = Vec::new();
        for (by, member) in self.members.iter().enumerate() {
            let log = member.log();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            all.extend(lines.filter(|line| line["target"] == "request").map(|line| Answered {
                by,
                what: format!("{} {}", line["method"].as_str().unwrap(), line["route"].as_str().unwrap()),
                status: line["status"].as_u64().unwrap(),
                when: line["timestamp"].as_str().unwrap().to_owned(),
            }));
        }
        all.sort_by(|one, other| one.when.cmp(&other.when));
        all
    }
}

impl Replica {
    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        let files: Vec<(&str, &str)> =
            self.common.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let config = format!("operations.listen = \"{}\"\n{}", self.operations, self.common.config);
        // A thousand people write a long log at a deeper level.
        let quiet = [("RUST_LOG", "info"), ("CONNECT_GATEWAY__LOG__LEVEL", "info")];
        let gateway =
            Gateway::start_with(self.address, &self.common.public_url, &config, &files, &quiet).await;
        self.running = Some(gateway);
        let ready = async {
            while self.asked("/readyz").await.is_none_or(|(status, _)| status != 200) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, ready).await.unwrap_or_else(|_| panic!("it is not ready:\n{}", self.log()));
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut gateway = self.running.take().expect("it runs");
        gateway.program.kill().unwrap();
        gateway.program.wait().unwrap();
        self.before += &gateway.log();
    }

    /// SIGTERM; its exit status at the end.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        let mut gateway = self.running.take().expect("it runs");
        let kill = format!("kill -TERM {}", gateway.program.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let ends = async {
            loop {
                if let Some(status) = gateway.program.try_wait().unwrap() {
                    return status;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let status = timeout(PATIENCE, ends).await.expect("it ends");
        self.before += &gateway.log();
        status.code()
    }

    /// What it says of itself to monitoring: status and text. `None`: nothing.
    pub(crate) async fn asked(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.operations)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Its SAML metadata.
    pub(crate) async fn metadata(&self) -> String {
        let answer = reqwest::get(format!("http://{}/saml/metadata", self.address)).await.unwrap();
        answer.text().await.unwrap()
    }

    /// Everything it has written, before it was started anew too.
    pub(crate) fn log(&self) -> String {
        let now = self.running.as_ref().map(Gateway::log).unwrap_or_default();
        format!("{}{now}", self.before)
    }
}
