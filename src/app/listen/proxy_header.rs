//! The PROXY protocol, version 2: a proxy that forwards octets says for whom. proxy-protocol.txt of HAProxy, section 2.2.

use std::io::{Error, ErrorKind, Result};
use std::net::IpAddr;

use ppp::v2::{Addresses, Command, Header, ParseError, Protocol};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::model::TrustedPeers;
use crate::web::Peer;

/// Octets before the addresses; the last two say how many follow.
const START: usize = 16;
/// The longest header that is read. Those of AWS and HAProxy have some hundred octets.
const LONGEST: usize = 4096;

/// Reads the header, and nothing behind it: who is at the other end of the proxy `peer`.
///
/// # Errors
/// `peer` is not `trusted`; or what it sends is no such header.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    peer: Peer,
    trusted: &TrustedPeers,
) -> Result<Peer> {
    if !trusted.trusts(peer.0) {
        tracing::debug!("a connection without a trusted proxy is closed");
        return Err(ErrorKind::PermissionDenied.into());
    }
    let mut octets = Vec::new();
    loop {
        match Header::try_from(octets.as_slice()) {
            Ok(header) => return source(&header, peer),
            Err(ParseError::Incomplete(_) | ParseError::Partial(..)) => {}
            Err(error) => return Err(refused(&error.to_string())),
        }
        let missing = length(&octets).saturating_sub(octets.len());
        let read = if octets.len() < LONGEST { read_some(stream, &mut octets, missing).await? } else { 0 };
        if read == 0 {
            return Err(refused("it is cut off, or too long"));
        }
    }
}

/// How long the header is, as far as that is known.
fn length(octets: &[u8]) -> usize {
    match octets.get(START - 2..START) {
        Some(&[high, low]) => (START + usize::from(u16::from_be_bytes([high, low]))).min(LONGEST),
        _ => START,
    }
}

async fn read_some(
    stream: &mut (impl AsyncRead + Unpin),
    octets: &mut Vec<u8>,
    most: usize,
) -> Result<usize> {
    stream.take(u64::try_from(most).unwrap_or(0)).read_buf(octets).await
}

fn source(header: &Header<'_>, peer: Peer) -> Result<Peer> {
    if header.command == Command::Local {
        // The proxy's own: it looks whether we are well.
        return Ok(peer);
    }
    if header.protocol == Protocol::Datagram {
        return Err(refused("it is about datagrams"));
    }
    Ok(match header.addresses {
        Addresses::IPv4(addresses) => Peer(Some(IpAddr::V4(addresses.source_address))),
        Addresses::IPv6(addresses) => Peer(Some(IpAddr::V6(addresses.source_address).to_canonical())),
        Addresses::Unspecified | Addresses::Unix(_) => peer,
    })
}

fn refused(reason: &str) -> Error {
    tracing::debug!(reason, "a connection without a PROXY protocol header is closed");
    Error::new(ErrorKind::InvalidData, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

    /// Who is found behind this header, sent by `from`, and what is left to be read.
    async fn found(command: u8, family: u8, addresses: &[u8], from: Option<&str>) -> (Option<Peer>, Vec<u8>) {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        let octets = [PREFIX, &[command, family], &length, addresses, b"GET /"].concat();
        let (mut stream, peer) = (octets.as_slice(), Peer(from.map(|address| address.parse().unwrap())));
        let networks = ["192.0.2.0/24", "2001:db8::/32"].map(|network| network.parse().unwrap());
        let trusted = TrustedPeers::new(networks.into(), true);
        (read(&mut stream, peer, &trusted).await.ok(), stream.to_vec())
    }

    fn peer(address: &str) -> Peer {
        Peer(Some(address.parse().unwrap()))
    }

    #[tokio::test]
    async fn the_source_is_the_peer_and_nothing_behind_the_header_is_read() {
        let v4 = [203, 0, 113, 7, 192, 0, 2, 1, 4, 0, 1, 187];
        let mapped = [[0; 10].as_slice(), &[0xff, 0xff, 203, 0, 113, 7], &[0; 20]].concat();
        let v6 = [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], [0; 20].as_slice()].concat();
        for (command, family, addresses, from, expected) in [
            (0x21, 0x11, v4.as_slice(), "192.0.2.9", "203.0.113.7"),
            (0x21, 0x21, &v6, "192.0.2.9", "2001:db8::7"),
            (0x21, 0x21, &mapped, "192.0.2.9", "203.0.113.7"),
            (0x21, 0x11, &v4, "::ffff:192.0.2.9", "203.0.113.7"),
            (0x21, 0x11, &v4, "2001:db8::9", "203.0.113.7"),
            // The proxy's own, and for whom it does not say.
            (0x20, 0x11, &v4, "192.0.2.9", "192.0.2.9"),
            (0x21, 0, &[], "192.0.2.9", "192.0.2.9"),
        ] {
            let found = found(command, family, addresses, Some(from)).await;
            assert_eq!(found, (Some(peer(expected)), b"GET /".to_vec()), "{command:#x} {family:#x} {from}");
        }
        assert_eq!(found(0x21, 0x11, &v4, None).await.0, Some(peer("203.0.113.7")));
        assert_eq!(found(0x21, 0x11, &v4, Some("198.51.100.1")).await.0, None);
    }
}
