//! Who is at the other end of a connection.

use std::net::IpAddr;

/// The other end's address, put into every request's extensions by the listener; `None`: a socket of this machine's file
/// system. Behind a proxy that is the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);
