//! `[operations]`: where monitoring asks.

use std::net::SocketAddr;

use super::section::Section;

/// `None`: nowhere. `public` is where browsers come in.
pub(super) fn read(section: &mut Section<'_>, public: SocketAddr) -> Option<SocketAddr> {
    let listen = section.parsed("listen", super::socket_address)?;
    if listen == public {
        section.problem("listen", "is where browsers come in: give monitoring an address of its own");
    }
    Some(listen)
}
