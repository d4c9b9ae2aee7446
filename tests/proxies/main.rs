//! The gateway behind real proxies and with one in front of its own requests.

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
#[expect(dead_code, reason = "shared with other tests")]
mod plain_browser;
#[path = "../support/proxy_examples.rs"]
mod proxy_examples;
#[path = "../support/raw_http.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod raw_http;
#[path = "../support/tls.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod tls;
#[path = "../journey/world.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod world;

mod doctor;
mod endpoints;
mod examples;
mod forged;
mod limits;
mod outbound;
mod server;
