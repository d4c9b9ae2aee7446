//! What shared state costs: one process on its memory, one on Redis, two on Redis, in one run.
//!
//! Part of `make bench`. Real programs, a real Redis, real HTTP, real signatures; AWS is the emulator without rates, and
//! plays on the same machine as the browsers and the identity provider, so that sign-ins a second say little on a machine of
//! few cores: CPU per sign-in says what a gateway needs. Without `--bench` it only shows that it works.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement stops at the first surprise"
)]

use std::sync::Arc;

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/support/gateway.rs"]
mod gateway;
#[path = "../tests/support/html.rs"]
mod html;
#[path = "../tests/support/people.rs"]
mod people;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/support/plain_browser.rs"]
mod plain_browser;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/support/redis.rs"]
mod redis_server;
#[expect(dead_code, reason = "shared with the soak, which looks at more")]
#[path = "support/topology.rs"]
mod topology;

use redis_server::Server;
use topology::Topology;

/// What one way to deploy it came to.
struct Measured {
    per_second: f64,
    cpu_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
    scripts: f64,
    before_mb: f64,
    after_mb: f64,
}

#[tokio::main]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let count = if full { 10_000 } else { 20 };
    println!("{count} sign-ins each, 8 at once; every one leaves a session");
    println!(
        "{:<24} {:>10} {:>14} {:>8} {:>8} {:>16} {:>22}",
        "", "a second", "CPU each (ms)", "p50 ms", "p99 ms", "scripts each", "RSS before/after (MB)"
    );
    let memory = measure("one on memory", 1, None, count).await;
    let one = measure("one on Redis", 1, Some(Server::start()), count).await;
    let two = measure("two on Redis", 2, Some(Server::start()), count).await;
    println!("CPU per sign-in, Redis to memory:      {:.2}", one.cpu_ms / memory.cpu_ms);
    println!("CPU per sign-in, two replicas to one:  {:.2}", two.cpu_ms / one.cpu_ms);
    println!("sign-ins a second, two replicas to one: {:.2}", two.per_second / one.per_second);
}

async fn measure(name: &str, replicas: usize, redis: Option<Server>, count: usize) -> Measured {
    let topology = Arc::new(Topology::start(replicas, redis).await);
    // Everybody's token, the connections and the scripts are there.
    topology.sign_ins(count.min(200), 8).await;
    let cpu = || topology.members.iter().map(topology::Member::cpu).sum::<f64>();
    let resident = || topology.members.iter().map(topology::Member::resident).fold(0.0, f64::max);
    let (cpu_before, scripts_before, before_mb) = (cpu(), topology.scripts(), resident());
    let (each, all) = topology.sign_ins(count, 8).await;
    #[expect(clippy::cast_precision_loss, reason = "ten thousand")]
    let sign_ins = count as f64;
    let at = |part: usize| each[(each.len() * part / 100).min(each.len() - 1)].as_secs_f64() * 1000.0;
    let measured = Measured {
        per_second: sign_ins / all.as_secs_f64(),
        cpu_ms: (cpu() - cpu_before) * 1000.0 / sign_ins,
        p50_ms: at(50),
        p99_ms: at(99),
        scripts: (topology.scripts() - scripts_before) / sign_ins,
        before_mb,
        after_mb: resident(),
    };
    println!(
        "{name:<24} {:>10.1} {:>14.2} {:>8.1} {:>8.1} {:>16.1} {:>14.0} / {:.0}",
        measured.per_second,
        measured.cpu_ms,
        measured.p50_ms,
        measured.p99_ms,
        measured.scripts,
        measured.before_mb,
        measured.after_mb
    );
    measured
}
