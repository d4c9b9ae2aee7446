//! What the assertion consumer service accepts and refuses, on really signed responses.

mod accepted;
mod gateway;
mod idp;
mod idp_metadata;
mod refused;
mod requests;
mod shapes;
mod signatures;
