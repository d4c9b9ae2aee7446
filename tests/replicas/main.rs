//! Several replicas at one Redis: what they must not do twice; and as they are deployed, two processes behind a real nginx or
//! HAProxy without stickiness: people who are sent from one to the other, and what becomes of them when something dies.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it is surprised"
)]

#[path = "../support/balancers.rs"]
mod balancers;
#[path = "../support/gateway.rs"]
mod gateway;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../connect/house.rs"]
mod house;
#[path = "../support/html.rs"]
mod html;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../proxies/server.rs"]
mod nginx;
#[path = "../support/people.rs"]
mod people;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../support/plain_browser.rs"]
mod plain_browser;
#[path = "../support/proxy_examples.rs"]
mod proxy_examples;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../support/redis.rs"]
mod redis_server;
#[path = "../support/replicas.rs"]
mod replicas;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../support/tls.rs"]
mod tls;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../journey/world.rs"]
mod world;

mod crossing;
mod faults;
mod once;
mod rolling;
mod server;
mod storm;
mod topology;
mod turns;
mod users;
