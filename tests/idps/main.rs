//! Real identity providers over plain HTTP: pysaml2 answers the real program, through a browser without scripts.

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
#[path = "../support/pysaml2.rs"]
mod pysaml2;

mod artifact;
mod clocks;
mod encryption;
mod for_aws;
mod idp_initiated;
mod keys;
mod logout;
mod sign_in;
mod world;
