//! Several replicas at one Redis: what they must not do twice.

#![expect(clippy::unwrap_used, reason = "a test stops where it is surprised")]

#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../connect/house.rs"]
mod house;
mod server;
mod turns;
mod users;
