//! Connections: where they come in, what they may take, and how they end.

mod activation;
mod connection;
mod door;
mod listener;
mod proxy_header;
mod server;
mod shares;
mod tls;

pub(super) use activation::Activated;
pub(super) use door::{Door, Watch};
pub use listener::Listener;
pub(super) use server::serve;
pub(super) use tls::Certificate;
