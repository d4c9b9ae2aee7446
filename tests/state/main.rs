//! State that replicas share: the same cases in memory and in a real Redis, what becomes of it when Redis is slow, full, gone,
//! emptied or another one, and two replicas behind which one person moves.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is missing"
)]
#![expect(dead_code, reason = "what is shared with other tests is not all needed here")]

#[path = "../support/gateway.rs"]
mod gateway;
#[path = "../support/html.rs"]
mod html;
#[path = "../support/plain_browser.rs"]
mod plain_browser;
#[path = "../support/redis.rs"]
mod redis_server;
#[path = "../journey/world.rs"]
mod world;

mod console;
mod contract;
mod faults;
mod kept;
mod kinds;
mod records;
mod replicas;
mod settings;
