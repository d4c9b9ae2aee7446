//! What the assertion consumer service accepts and refuses, on really signed responses.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod accepted;
mod gateway;
mod idp;
mod idp_metadata;
mod refused;
mod requests;
mod shapes;
mod signatures;
