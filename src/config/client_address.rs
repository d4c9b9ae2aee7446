//! `[client_address]`: whose word about a client's address counts.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{AddressSource, ClientAddressSettings, TrustedPeers};

use super::section::Section;

/// How `trusted` names sockets of the file system.
const UNIX: &str = "unix";

pub(super) fn read(section: &mut Section<'_>) -> ClientAddressSettings {
    let sources = [
        AddressSource::Direct,
        AddressSource::XForwardedFor,
        AddressSource::Forwarded,
        AddressSource::ProxyProtocol,
    ];
    let words = sources.map(|source| (source.word(), source));
    let source = section.one_of("mode", &words, AddressSource::Direct);
    let written = section.texts("trusted").unwrap_or_default();
    section.usual("trusted", Vec::<String>::new());
    match source {
        AddressSource::Direct if !written.is_empty() => {
            section.problem(
                "trusted",
                "does nothing with mode = \"direct\": nobody's word counts but the connection's",
            );
        }
        AddressSource::Direct => {}
        _ if written.is_empty() => {
            section.problem(
                "trusted",
                "is missing: name the proxies, such as [\"10.0.0.0/8\"]; nobody else is believed",
            );
        }
        _ => {}
    }
    let networks = written.iter().filter(|text| *text != UNIX).filter_map(|text| {
        network(text).map_err(|message| section.problem("trusted", format!("{text:?} {message}"))).ok()
    });
    let networks = networks.collect();
    let unix = written.iter().any(|text| text == UNIX);
    ClientAddressSettings { source, trusted: TrustedPeers::new(networks, unix) }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network: IpNet = network.map_err(|_| {
        "is no network: write \"10.0.0.0/8\", \"2001:db8::/32\", one address, or \"unix\"".to_owned()
    })?;
    if network.addr() != network.network() {
        return Err(format!("has bits behind its length: write \"{}\"", network.trunc()));
    }
    if network.prefix_len() == 0 {
        return Err("is everybody: anybody could then say who they are".to_owned());
    }
    if network.addr().to_canonical() != network.addr() {
        return Err("is IPv4 in IPv6 clothes: write the IPv4 network".to_owned());
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_whole_and_is_never_everybody() {
        for good in ["10.0.0.0/8", "192.0.2.7", "192.0.2.7/32", "2001:db8::/32", "::1", "fd00::/8"] {
            network(good).unwrap();
        }
        for (bad, why) in [
            ("10.0.0.1/8", "write \"10.0.0.0/8\""),
            ("0.0.0.0/0", "everybody"),
            ("::/0", "everybody"),
            ("::ffff:10.0.0.0/104", "IPv4"),
            ("10.0.0.0/33", "no network"),
            ("proxy.example.org", "no network"),
            ("", "no network"),
        ] {
            let told = network(bad).unwrap_err();
            assert!(told.contains(why), "{bad}: {told}");
        }
    }
}
