//! Where a client's address comes from, and whose word about it counts.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// Who says where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressSource {
    /// The connection: nothing stands between browsers and the gateway.
    #[default]
    Direct,
    /// `X-Forwarded-For`, the custom of most proxies.
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
    /// The PROXY protocol, at the beginning of the connection.
    ProxyProtocol,
}

impl AddressSource {
    /// For the configuration and for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::XForwardedFor => "x_forwarded_for",
            Self::Forwarded => "forwarded",
            Self::ProxyProtocol => "proxy_protocol",
        }
    }
}

/// Whoever is counted as one: an IPv4 address, or the first one of an IPv6 network of 64 bits, which is what one household
/// or office has.
#[must_use]
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The proxies of the house.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    networks: Vec<IpNet>,
    unix: bool,
}

impl TrustedPeers {
    /// Everybody in these networks; with `unix` also who comes by a socket of this machine's file system.
    #[must_use]
    pub fn new(networks: Vec<IpNet>, unix: bool) -> Self {
        Self { networks, unix }
    }

    /// Whether what this peer says of others is believed. `None`: it came by a socket of the file system.
    #[must_use]
    pub fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            None => self.unix,
            Some(address) => self.networks.iter().any(|network| network.contains(&address.to_canonical())),
        }
    }
}

/// What `[client_address]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientAddressSettings {
    /// Who says it.
    pub source: AddressSource,
    /// Who is believed.
    pub trusted: TrustedPeers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_same_address() {
        let trusted = TrustedPeers::new(vec!["10.0.0.0/8".parse().unwrap()], false);
        for (peer, is_trusted) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.1.2.3", false), ("::ffff:11.1.2.3", false)]
        {
            assert_eq!(trusted.trusts(Some(peer.parse().unwrap())), is_trusted, "{peer}");
        }
    }

    #[test]
    fn an_office_is_counted_as_one() {
        for (address, network) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(counted_as(address.parse().unwrap()).to_string(), network);
        }
    }

    #[test]
    fn nobody_is_trusted_who_is_not_named() {
        let nobody = TrustedPeers::default();
        assert!(!nobody.trusts(None) && !nobody.trusts(Some("127.0.0.1".parse().unwrap())));
        let unix = TrustedPeers::new(Vec::new(), true);
        assert!(unix.trusts(None) && !unix.trusts(Some("127.0.0.1".parse().unwrap())));
    }
}
