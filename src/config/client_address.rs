//! `[client_address]`: which proxies are believed.

use ipnet::IpNet;

use super::section::Section;

/// The networks of the proxies.
pub(super) fn read(section: &mut Section<'_>) -> Vec<IpNet> {
    let texts = section.texts("trusted").unwrap_or_default();
    let network = |text: &String| {
        let read = text.parse().map_err(|_| format!("{text}: write a network such as \"10.0.0.0/8\""));
        read.map_err(|message| section.problem("trusted", message)).ok()
    };
    texts.iter().filter_map(network).collect()
}
