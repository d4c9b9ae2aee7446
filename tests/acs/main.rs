//! What the assertion consumer service accepts and refuses, on really signed responses.

mod accepted;
mod gateway;
mod idp;
mod refused;
