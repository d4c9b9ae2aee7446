//! The whole line over HTTP, without a browser: the real program, the emulator, and clients that a
//! test can make a thousand of.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is missing"
)]

#[path = "../support/gateway.rs"]
mod gateway;
#[path = "../support/html.rs"]
mod html;
#[path = "../support/plain_browser.rs"]
mod plain_browser;
#[path = "../support/raw_http.rs"]
mod raw_http;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../support/redis.rs"]
mod redis_server;

mod admin;
mod artifact;
mod assertion_role;
mod audit_stream;
mod check;
mod compare;
mod control;
mod deep_links;
mod desk;
mod diagnosis;
mod directory;
mod discovery;
mod doctor;
mod faults;
mod hierarchy;
mod hostile;
mod iam;
mod logout;
mod logs;
mod mapping;
mod metrics;
mod publish;
mod removal;
mod renew;
mod secrets;
mod sessions;
mod setup;
mod standing;
mod step_up;
mod storm;
mod test_sign_in;
mod traces;
mod unsolicited;
mod users;
mod users_broken_off;
mod users_leavers;
mod users_seen;
mod waiting;
mod world;
