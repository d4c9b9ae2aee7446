//! Eight o'clock: everybody of a shift opens their bookmark at once, against AWS's own rates.
//!
//! `make storm`. Real program, real HTTP, real signatures; the emulator throttles as AWS does. Time is scaled: with
//! `STORM_SCALE=5` (the default) every rate and burst is five times AWS's, so that 5,000 people take nine minutes instead of
//! forty. A machine that also plays 5,000 browsers and their identity provider spends half a minute on nothing but their
//! arrival, which a higher scale makes a larger part of the whole. `STORM_PEOPLE` and `STORM_SCALE=1` choose otherwise.
//! Fails when somebody does not get in, when the order is lost, or when it takes longer than the quota itself needs. Without `--bench` it only shows that it works.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, HistoryEntry, Options, Rate, Rates, Seed};
use connect_gateway::model::{Clock as _, SystemClock};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

#[path = "../tests/support/gateway.rs"]
mod gateway;
#[path = "../tests/support/html.rs"]
mod html;
#[path = "../tests/support/people.rs"]
mod people;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/support/plain_browser.rs"]
mod plain_browser;

use gateway::{Gateway, free_address};
use people::{agent, people};
use plain_browser::PlainBrowser;

const SEED: &str = include_str!("../tests/support/seed.toml");
const RULES: &str = include_str!("../tests/support/rules.toml");
/// AWS's own: calls a second and at once, for each operation of Connect.
const PER_SECOND: f64 = 2.0;
const BURST: u32 = 5;
/// The scarcest operations: everybody needs one of each.
const SCARCE: [&str; 2] = ["DescribeUser", "GetFederationToken"];

struct Storm {
    people: usize,
    scale: u32,
}

impl Storm {
    fn wanted() -> Self {
        let full = std::env::args().any(|argument| argument == "--bench");
        let number = |name: &str, usual: usize| {
            std::env::vars().find(|(key, _)| key == name).map_or(usual, |(_, value)| value.parse().unwrap())
        };
        let (people, scale) = if full { (5000, 5) } else { (60, 10) };
        Self {
            people: number("STORM_PEOPLE", people),
            scale: u32::try_from(number("STORM_SCALE", scale)).unwrap(),
        }
    }

    fn per_second(&self) -> f64 {
        PER_SECOND * f64::from(self.scale)
    }

    fn burst(&self) -> u32 {
        BURST * self.scale
    }

    /// What AWS's rate alone makes of so many people.
    fn least(&self) -> Duration {
        let at_once = usize::try_from(self.burst()).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        Duration::from_secs_f64(self.people.saturating_sub(at_once) as f64 / self.per_second())
    }

    async fn emulator(&self) -> Emulator {
        let mut options =
            Options::loopback(Seed::parse(&format!("{SEED}\n{}", people(self.people))).unwrap());
        let connect = Rate { per_second: self.per_second(), burst: self.burst() };
        let sts = Rate { per_second: 50.0 * f64::from(self.scale), burst: 50 * self.scale };
        options.behaviour =
            Behaviour { throttle: Some(Rates { connect, sts }), page_cap: 1000, ..Behaviour::kind() };
        Emulator::start(options).await.unwrap()
    }

    fn config(&self, emulator: &Emulator) -> String {
        let (api, site, idp) = (emulator.api_url(), emulator.site_url("acme"), emulator.idp_metadata_url());
        let (connect, burst, sts) = (self.per_second(), self.burst(), 50 * self.scale);
        format!(
            r#"
[aws]
connect_endpoint = "{api}"
sts_endpoint = "{api}"
[budget]
connect = {{ per_second = {connect:.1}, burst = {burst} }}
sts = {{ per_second = {sts}, burst = {sts} }}
# Everybody comes from one address.
[rate_limits]
sign_in_per_minute = 1000000
acs_per_minute = 1000000
choose_per_minute = 1000000
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
}

#[tokio::main]
async fn main() {
    let storm = Storm::wanted();
    let emulator = storm.emulator().await;
    let address = free_address();
    let url = format!("http://localhost:{}", address.port());
    let gateway = Gateway::start(address, &url, &storm.config(&emulator), &[]).await;
    let metadata = reqwest::get(format!("{url}/saml/metadata")).await.unwrap().text().await.unwrap();
    emulator.trust_service_provider_metadata(&metadata).unwrap();
    println!(
        "{} people at once; AWS's rates times {}: {} calls a second, {} at once; the quota alone needs {:.1} s",
        storm.people,
        storm.scale,
        storm.per_second(),
        storm.burst(),
        storm.least().as_secs_f64()
    );
    let memory = watched(&gateway, everybody(&storm, &url)).await;
    report(&storm, &emulator.history(), &memory);
}

/// Everybody signs in; how long that took.
async fn everybody(storm: &Storm, url: &str) -> Duration {
    let (client, began, url): (_, _, Arc<str>) = (PlainBrowser::client(), Instant::now(), url.into());
    let mut people = JoinSet::new();
    for number in 0..storm.people {
        let (client, url) = (client.clone(), Arc::clone(&url));
        people.spawn(async move {
            let browser = PlainBrowser::new(client);
            let uid = agent(number);
            let page = browser.open(&format!("{url}/go/acme")).await;
            let form = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
            let page = browser.submit(&page, &form.with("uid", &uid)).await;
            let page = browser.settle(page).await;
            let inside = format!("<dd id=\"connect-user\">{uid}</dd>");
            assert!(page.status == 200 && page.body.contains(&inside), "{uid}: {} {}", page.url, page.body);
        });
    }
    while let Some(ended) = people.join_next().await {
        ended.unwrap();
    }
    began.elapsed()
}

/// When the work began and how long it took, and the gateway's memory meanwhile, in kilobytes.
struct Memory {
    began: OffsetDateTime,
    took: Duration,
    resident: Vec<u64>,
}

async fn watched(gateway: &Gateway, work: impl Future<Output = Duration>) -> Memory {
    let (mut resident, began) = (Vec::new(), SystemClock.now());
    tokio::pin!(work);
    loop {
        tokio::select! {
            took = &mut work => return Memory { began, took, resident },
            () = sleep(Duration::from_secs(1)) => resident.push(resident_kilobytes(gateway)),
        }
    }
}

/// The memory that the gateway's process holds.
fn resident_kilobytes(gateway: &Gateway) -> u64 {
    let folder = gateway.folder.to_str().unwrap().to_owned();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let is_ours = |path: &std::path::PathBuf| {
        let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains(&folder)
    };
    let found = processes.filter(is_ours).find_map(|path| std::fs::read_to_string(path.join("status")).ok());
    let held =
        found.as_deref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmRSS:")));
    held.map_or(0, |held| held.trim().trim_end_matches(" kB").parse().unwrap())
}

fn report(storm: &Storm, history: &[HistoryEntry], memory: &Memory) {
    let least = storm.least().as_secs_f64();
    let took = memory.took.as_secs_f64();
    println!(
        "everybody is inside after {took:.1} s: {:.3} times what the quota alone needs",
        took / least.max(1.0)
    );
    let of = |operation: &str| -> Vec<&HistoryEntry> {
        history.iter().filter(|call| call.operation == operation).collect()
    };
    for operation in ["ListUsers", "DescribeUser", "AssumeRole", "GetFederationToken"] {
        let failed = of(operation).iter().filter(|call| call.error.is_some()).count();
        println!("{operation:<20} {:>6} calls, {failed} of them refused", of(operation).len());
    }
    for operation in SCARCE {
        let after = |call: Option<&&HistoryEntry>| {
            call.map_or(0.0, |call| (call.time - memory.began).as_seconds_f64())
        };
        let calls = of(operation);
        println!(
            "{operation}: the first after {:.1} s, the last after {:.1} s",
            after(calls.first()),
            after(calls.last())
        );
    }
    let order = |operation| -> BTreeMap<String, usize> {
        let good = of(operation).into_iter().filter(|call| call.error.is_none());
        good.filter_map(|call| call.username.clone()).enumerate().map(|(place, name)| (name, place)).collect()
    };
    let [described, served] = SCARCE.map(order);
    let moved = described.iter().filter_map(|(name, place)| Some(served.get(name)?.abs_diff(*place))).max();
    let moved = moved.unwrap_or_default();
    println!("nobody's place changed by more than {moved} between the first and the last scarce call");
    let (half, peak) = (memory.resident.len() / 2, memory.resident.iter().max().copied().unwrap_or_default());
    let middle = memory.resident.get(half).copied().unwrap_or(peak);
    println!("memory: {} MB at half time, {} MB at most", middle / 1024, peak / 1024);
    if storm.people >= 1000 {
        assert!(took <= least * 1.05, "slower than the quota allows");
        assert!(moved <= usize::try_from(storm.burst()).unwrap(), "the order was lost");
    }
}
