//! Gateways as they are deployed, AWS without rates, and what they cost.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::gateway::{Gateway, free_address, key_files};
use crate::people::{agent, people};
use crate::plain_browser::PlainBrowser;
use crate::redis_server::{Server, written_key};

const SEED: &str = include_str!("../../tests/support/seed.toml");
const RULES: &str = include_str!("../../tests/support/rules.toml");
/// People of the emulator, who sign in again and again, each time with a browser of their own.
const PEOPLE: usize = 200;
/// Clock ticks a second in `/proc`, as on every Linux that the gateway runs on (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

/// One way to deploy it.
pub(crate) struct Topology {
    /// What browsers type: connections go to the gateways in turn.
    pub(crate) url: String,
    pub(crate) members: Vec<Member>,
    pub(crate) redis: Option<Server>,
    client: reqwest::Client,
    _emulator: Emulator,
}

/// One gateway, and where monitoring asks it.
pub(crate) struct Member {
    gateway: Gateway,
    operations: SocketAddr,
}

impl Topology {
    /// That many gateways, on a Redis or each on its own memory.
    pub(crate) async fn start(count: usize, redis: Option<Server>) -> Self {
        let mut options = Options::loopback(Seed::parse(&format!("{SEED}\n{}", people(PEOPLE))).unwrap());
        options.behaviour = Behaviour { throttle: None, page_cap: 1000, ..Behaviour::kind() };
        let emulator = Emulator::start(options).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let mut files = vec![("state.key".to_owned(), written_key(1))];
        files.extend(key_files());
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
        let state = redis.as_ref().map_or_else(String::new, |redis| {
            format!(
                "[state]\nstore = \"redis\"\nreplicas = {count}\nurls = [\"redis://127.0.0.1:{}\"]\nkey_file = \"state.key\"\n",
                redis.port
            )
        });
        let config = config(&emulator) + &state;
        // The program's own level: what is written to a log costs too.
        let quiet = [("RUST_LOG", "info"), ("CONNECT_GATEWAY__LOG__LEVEL", "info")];
        let mut members = Vec::new();
        for _ in 0..count {
            let operations = free_address();
            let config = format!("operations.listen = \"{operations}\"\n{config}");
            let gateway = Gateway::start_with(free_address(), &url, &config, &files, &quiet).await;
            members.push(Member { gateway, operations });
        }
        let addresses: Vec<SocketAddr> = members.iter().map(|member| member.gateway.address).collect();
        tokio::spawn(in_turn(listener, addresses));
        for member in &members {
            while member.asked("/readyz").await.is_none_or(|(status, _)| status != 200) {
                sleep(Duration::from_millis(50)).await;
            }
        }
        let metadata = reqwest::get(format!("{url}/saml/metadata")).await.unwrap().text().await.unwrap();
        emulator.trust_service_provider_metadata(&metadata).unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        // Every browser opens connections of its own, as browsers do.
        let client = client.pool_max_idle_per_host(0).build().unwrap();
        Self { url, members, redis, client, _emulator: emulator }
    }

    /// One person from the bookmark to Connect, with a new browser.
    pub(crate) async fn sign_in(&self, number: usize) -> PlainBrowser {
        let (browser, uid) = (PlainBrowser::new(self.client.clone()), agent(number % PEOPLE));
        let page = browser.open(&format!("{}/go/acme", self.url)).await;
        let form = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose");
        let form = form.unwrap_or_else(|| panic!("{uid}: {} {}", page.url, page.body));
        let page = browser.submit(&page, &form.with("uid", &uid)).await;
        let page = browser.settle(page).await;
        let inside = format!("<dd id=\"connect-user\">{uid}</dd>");
        assert!(page.status == 200 && page.body.contains(&inside), "{uid}: {} {}", page.url, page.body);
        browser
    }

    /// That person leaves the gateway.
    pub(crate) async fn sign_out(&self, browser: &PlainBrowser) {
        let page = browser.open(&format!("{}/sign-out", self.url)).await;
        let form = page.forms().into_iter().find(|form| form.action.path() == "/sign-out").unwrap();
        let page = browser.submit(&page, &form).await;
        assert!(page.status == 200, "{} {}", page.url, page.body);
    }

    /// So many sign-ins, so many of them at once: how long each took, sorted, and all of them.
    pub(crate) async fn sign_ins(
        self: &Arc<Self>,
        count: usize,
        at_once: usize,
    ) -> (Vec<Duration>, Duration) {
        let (next, began, took) =
            (Arc::new(AtomicUsize::new(0)), Instant::now(), Arc::new(Mutex::new(Vec::new())));
        let mut workers = JoinSet::new();
        for _ in 0..at_once {
            let (topology, next, took) = (Arc::clone(self), Arc::clone(&next), Arc::clone(&took));
            workers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let began = Instant::now();
                    topology.sign_in(number).await;
                    took.lock().unwrap().push(began.elapsed());
                }
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended.unwrap();
        }
        let all = began.elapsed();
        let mut took = std::mem::take(&mut *took.lock().unwrap());
        took.sort_unstable();
        (took, all)
    }

    /// Scripts that Redis ran so far.
    pub(crate) fn scripts(&self) -> f64 {
        let scripts = self.redis.as_ref().map_or(0, Server::scripts);
        f64::from(u32::try_from(scripts).unwrap())
    }
}

impl Member {
    async fn asked(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.operations)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// One of its numbers without labels.
    pub(crate) async fn number(&self, name: &str) -> f64 {
        let (_, text) = self.asked("/metrics").await.unwrap();
        let found = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        found.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Seconds of CPU that it used so far.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // `utime` and `stime`, the 14th and 15th field of all, proc(5).
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
    }

    /// The memory that it holds, in megabytes.
    pub(crate) fn resident(&self) -> f64 {
        let status = self.proc("status");
        let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        held.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Its open files and sockets.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.gateway.program.id())).unwrap().count()
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.gateway.program.id())).unwrap()
    }
}

/// Sends connections to these addresses in turn, as a load balancer of TCP does.
async fn in_turn(listener: TcpListener, addresses: Vec<SocketAddr>) {
    for turn in 0.. {
        let (mut client, _) = listener.accept().await.unwrap();
        let address = addresses[turn % addresses.len()];
        tokio::spawn(async move {
            if let Ok(mut gateway) = TcpStream::connect(address).await {
                copy_bidirectional(&mut client, &mut gateway).await.ok();
            }
        });
    }
}

fn config(emulator: &Emulator) -> String {
    let (api, site, idp) = (emulator.api_url(), emulator.site_url("acme"), emulator.idp_metadata_url());
    format!(
        r#"
[aws]
connect_endpoint = "{api}"
sts_endpoint = "{api}"
[budget]
connect = {{ per_second = 1000.0, burst = 1000 }}
sts = {{ per_second = 1000, burst = 1000 }}
# Everybody comes from one address.
[rate_limits]
sign_in_per_minute = 1000000
acs_per_minute = 1000000
choose_per_minute = 1000000
logout_per_minute = 1000000
idp_answers_per_minute = 1000000
[idp.corporate]
metadata_url = "{idp}"
attributes = {{ username = "uid", first_name = "givenName", last_name = "sn", email = "mail", groups = "groups" }}
[instance.acme]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
{RULES}"#
    )
}
