//! `[listener]`: what connections and requests may take, at most.

use std::time::Duration;

use crate::model::{AddressSource, ClientAddressSettings, TrustedPeers};

use super::section::Section;

/// What `[listener]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Who sends a PROXY protocol header before anything else; `None`: nobody does.
    pub proxies: Option<TrustedPeers>,
    /// Whose connections are those of many people.
    pub trusted: TrustedPeers,
    /// Most connections at once.
    pub max_connections: usize,
    /// Most of them of one address that is not trusted; an IPv6 network of 64 bits counts as one.
    pub max_per_address: usize,
    /// How long the PROXY protocol header and the TLS handshake may take, each.
    pub handshake: Duration,
    /// How long a connection may go without a request: idle, or with headers that don't come to their end.
    pub headers: Duration,
    /// Most octets of a request's headers.
    pub header_octets: usize,
    /// Most octets of a request's body.
    pub body_octets: usize,
    /// How long a request may take, body and answer together.
    pub request: Duration,
}

/// `client`: whose word about a client's address counts.
pub(super) fn read(section: &mut Section<'_>, client: &ClientAddressSettings) -> Listener {
    let is_proxied = client.source == AddressSource::ProxyProtocol;
    let max_connections = count(section, "max_connections", 4096, 16..=65_536);
    let all = u64::try_from(max_connections).unwrap_or(u64::MAX);
    Listener {
        proxies: is_proxied.then(|| client.trusted.clone()),
        trusted: client.trusted.clone(),
        max_connections,
        max_per_address: count(section, "max_connections_per_address", all / 2, 1..=all),
        handshake: section.seconds("handshake_seconds", 10, 1..=60),
        // Longer than load balancers keep idle connections (an ALB: 60 s), so that it is they who close them.
        headers: section.seconds("header_seconds", 75, 1..=4000),
        header_octets: count(section, "header_kilobytes", 64, 8..=1024) * 1024,
        body_octets: count(section, "body_kilobytes", 512, 64..=8192) * 1024,
        request: section.seconds("request_seconds", 120, 5..=600),
    }
}

fn count(section: &mut Section<'_>, key: &str, usual: u64, range: std::ops::RangeInclusive<u64>) -> usize {
    usize::try_from(section.number(key, usual, range)).unwrap_or(usize::MAX)
}
