//! The life of the real program, from outside: how it listens, what it takes, what it says of itself, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is missing"
)]

mod draining;
mod health;
mod http2;
mod limits;
mod listeners;
mod process;
mod proxy_header;
mod systemd;
mod tls;
