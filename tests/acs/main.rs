//! What the assertion consumer service accepts and refuses, on really signed responses.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod accepted;
#[path = "../support/damage.rs"]
mod damage;
mod documents;
mod gateway;
mod idp;
mod idp_metadata;
mod mutations;
mod refused;
mod replay;
mod requests;
mod shapes;
mod signature_shapes;
mod signatures;
mod times;
#[path = "../support/tree.rs"]
mod tree;
