//! Two replicas on one Redis for half an hour at half of what this machine can do: nothing grows.
//!
//! `make soak`; `SOAK_MINUTES` (30) says how long. People sign in, and every second one signs out. Fails when, after the
//! first third, a process holds 5 % more memory, or more sockets or tasks than what is under way explains, or when Redis
//! holds a record without an end. Without `--bench` it only shows that it works, for a quarter of a minute.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement stops at the first surprise"
)]

use std::sync::Arc;
use std::time::Duration;

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
#[expect(dead_code, reason = "shared with the comparison, which looks at more")]
#[path = "support/topology.rs"]
mod topology;

use redis_server::Server;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use topology::Topology;

/// What one replica held at a moment.
struct Sample {
    resident: f64,
    descriptors: usize,
    tasks: f64,
}

#[tokio::main]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let minutes = std::env::vars()
        .find(|(name, _)| name == "SOAK_MINUTES")
        .map(|(_, minutes)| minutes.parse::<f64>().unwrap());
    let lasts = Duration::from_secs_f64(60.0 * minutes.unwrap_or(if full { 30.0 } else { 0.25 }));
    let topology = Arc::new(Topology::start(2, Some(Server::start())).await);
    topology.sign_ins(200, 8).await;
    let (_, took) = topology.sign_ins(400, 8).await;
    let per_second = 400.0 / took.as_secs_f64() / 2.0;
    println!("{per_second:.1} sign-ins a second for {:.1} minutes", lasts.as_secs_f64() / 60.0);
    println!("{:>8} {:>20} {:>16} {:>14} {:>9}", "seconds", "RSS (MB)", "descriptors", "tasks", "records");
    let (began, mut people, mut number) = (Instant::now(), JoinSet::new(), 0_usize);
    let mut arrivals = interval(Duration::from_secs_f64(1.0 / per_second));
    arrivals.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut looks = interval(lasts / 60);
    let mut samples = Vec::new();
    while began.elapsed() < lasts {
        tokio::select! {
            _ = arrivals.tick() => {
                let (topology, leaves) = (Arc::clone(&topology), number % 2 == 0);
                let at = number;
                number += 1;
                people.spawn(async move {
                    let browser = topology.sign_in(at).await;
                    if leaves {
                        topology.sign_out(&browser).await;
                    }
                });
            }
            _ = looks.tick() => samples.push(look(&topology, began.elapsed()).await),
            Some(ended) = people.join_next() => ended.unwrap(),
        }
    }
    while let Some(ended) = people.join_next().await {
        ended.unwrap();
    }
    println!("{number} people signed in");
    assert_level(&samples, lasts >= Duration::from_mins(10));
    assert_every_record_ends(topology.redis.as_ref().unwrap());
}

async fn look(topology: &Topology, at: Duration) -> Vec<Sample> {
    let mut samples = Vec::new();
    for member in &topology.members {
        samples.push(Sample {
            resident: member.resident(),
            descriptors: member.descriptors(),
            tasks: member.number("connect_gateway_tasks").await,
        });
    }
    let [one, other] = &samples[..] else { panic!("two replicas") };
    let records = topology.redis.as_ref().unwrap().cli(&["DBSIZE"]);
    println!(
        "{:>8.0} {:>9.1} / {:>8.1} {:>7} / {:>6} {:>6} / {:>5} {:>9}",
        at.as_secs_f64(),
        one.resident,
        other.resident,
        one.descriptors,
        other.descriptors,
        one.tasks,
        other.tasks,
        records.trim()
    );
    samples
}

/// The last third against the second: the mean of each, so that one busy moment is none.
fn assert_level(samples: &[Vec<Sample>], long: bool) {
    let third = samples.len() / 3;
    for replica in 0..2 {
        let mean = |from: &[Vec<Sample>], what: fn(&Sample) -> f64| {
            #[expect(clippy::cast_precision_loss, reason = "sixty samples")]
            let count = from.len() as f64;
            from.iter().map(|sample| what(&sample[replica])).sum::<f64>() / count
        };
        let grown = |what: fn(&Sample) -> f64| {
            (mean(&samples[third..2 * third], what), mean(&samples[2 * third..], what))
        };
        let (before, after) = grown(|sample| sample.resident);
        println!("replica {replica}: RSS {before:.1} MB, then {after:.1} MB: {:.3}", after / before);
        let (sockets, later) = grown(|sample| f64::from(u32::try_from(sample.descriptors).unwrap()));
        println!("replica {replica}: descriptors {sockets:.1}, then {later:.1}");
        let (tasks, then) = grown(|sample| sample.tasks);
        println!("replica {replica}: tasks {tasks:.1}, then {then:.1}");
        if long {
            assert!(after <= before * 1.05, "memory grows");
        }
        assert!(later <= sockets * 1.5 + 20.0, "sockets are kept");
        assert!(then <= tasks * 1.5 + 20.0, "tasks are kept");
    }
}

fn assert_every_record_ends(redis: &Server) {
    // Counted by Redis: there may be many.
    let script = "local n = 0; local cursor = '0'; repeat local found = redis.call('SCAN', cursor, 'COUNT', 1000); \
                  cursor = found[1]; for _, key in ipairs(found[2]) do if redis.call('TTL', key) == -1 then n = n + 1 end end \
                  until cursor == '0'; return n";
    assert_eq!(redis.cli(&["EVAL", script, "0"]).trim(), "0", "records without an end");
}
