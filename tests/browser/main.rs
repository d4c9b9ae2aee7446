//! Sign-ins in a real browser: three sites on three domains over HTTPS, so that the rules for
//! cookies between sites are the real ones.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where something is missing"
)]

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/gateway.rs"]
mod gateway;
#[path = "../support/simplesamlphp.rs"]
mod simplesamlphp;
#[path = "../support/tls.rs"]
mod tls;

mod admin;
mod at_simplesamlphp;
mod axe;
mod explained;
mod harness;
mod renew;
mod setup;
mod sign_in;
mod unsolicited;
mod words;
mod world;
