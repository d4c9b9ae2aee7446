//! Where a request comes from: the connection's other end, or what a proxy of the house says in front of it.

mod forwarded;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::peer::Peer;
use crate::model::{AddressSource, ClientAddressSettings};
use forwarded::Hop;

/// How often at most the log says that a proxy does not do what is configured, in seconds.
const REMINDER: i64 = 600;
const X_FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED: &str = "Forwarded";

/// A request's client, in the extensions of every request that passed the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// Its address; `None`: a socket of this machine's file system, and nobody said more.
    pub address: Option<IpAddr>,
    /// Whether the connection's other end is a proxy that is believed.
    pub through_proxy: bool,
    /// The header that the address was read from; `None`: the connection.
    pub header: Option<&'static str>,
    /// What was wrong with what a trusted proxy said.
    pub fault: Option<Fault>,
}

/// Why a trusted proxy's word could not be used: the address is the proxy's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It said nothing.
    Missing,
    /// It said something that can't be read.
    Malformed,
    /// It does not tell: `unknown`, or a name of its own.
    Hidden,
}

impl Fault {
    /// For the log and for [`whoami`](super::whoami).
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Hidden => "hidden",
        }
    }
}

/// Finds clients' addresses, and says in the log now and then what a proxy does wrong.
#[derive(Debug)]
pub struct Addresses {
    settings: ClientAddressSettings,
    reminded: AtomicI64,
    told_of_proxy: AtomicBool,
}

impl Addresses {
    /// By the word of whoever `settings` trusts.
    #[must_use]
    pub fn new(settings: ClientAddressSettings) -> Self {
        Self { settings, reminded: AtomicI64::new(i64::MIN), told_of_proxy: AtomicBool::new(false) }
    }

    /// How addresses are found.
    pub(super) fn source(&self) -> AddressSource {
        self.settings.source
    }

    /// The client of a request with these headers, from this peer.
    pub(super) fn of(&self, peer: Peer, headers: &HeaderMap, now: OffsetDateTime) -> ClientAddress {
        let client = find(&self.settings, peer, headers);
        if let Some(fault) = client.fault {
            self.remind(fault, now);
        } else if self.settings.source == AddressSource::Direct && is_private(peer) && names_a_client(headers)
        {
            self.tell_of_proxy();
        }
        client
    }

    /// The same, for what load balancers ask for themselves: they name no client then, and nothing is wrong.
    pub(super) fn of_proxy(&self, peer: Peer, headers: &HeaderMap) -> ClientAddress {
        find(&self.settings, peer, headers)
    }

    fn remind(&self, fault: Fault, now: OffsetDateTime) {
        let (now, last) = (now.unix_timestamp(), self.reminded.load(Ordering::Relaxed));
        let is_due = now.saturating_sub(last) >= REMINDER;
        if is_due && self.reminded.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!(
                mode = self.settings.source.word(),
                header = fault.word(),
                "a trusted proxy does not say whose request it brings: all its clients count as one. docs/proxies.md"
            );
        }
    }

    fn tell_of_proxy(&self) {
        if !self.told_of_proxy.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "requests come through a proxy, and [client_address] has mode = \"direct\": all its clients count as one. \
                 docs/proxies.md"
            );
        }
    }
}

/// The address, by the rules alone.
fn find(settings: &ClientAddressSettings, Peer(peer): Peer, headers: &HeaderMap) -> ClientAddress {
    let peer = peer.map(|address| address.to_canonical());
    let own = ClientAddress { address: peer, through_proxy: false, header: None, fault: None };
    let header = match settings.source {
        AddressSource::Direct | AddressSource::ProxyProtocol => return own,
        AddressSource::XForwardedFor => X_FORWARDED_FOR,
        AddressSource::Forwarded => FORWARDED,
    };
    if !settings.trusted.trusts(peer) {
        return own;
    }
    let through = ClientAddress { through_proxy: true, ..own };
    match client(settings, &hops(header, headers)) {
        Ok(address) => ClientAddress { address: Some(address), header: Some(header), ..through },
        Err(fault) => ClientAddress { fault: Some(fault), ..through },
    }
}

fn hops(header: &str, headers: &HeaderMap) -> Vec<Hop> {
    // Octets that are no text make their own hop unreadable, and no other: a client can write them into the farthest.
    let lines = headers.get_all(header).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let lines: Vec<_> = lines.collect();
    let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    if header == FORWARDED { forwarded::forwarded(&lines) } else { forwarded::x_forwarded_for(&lines) }
}

/// The nearest hop that is no proxy of the house, or the farthest that is one. What stands behind it anybody can write.
fn client(settings: &ClientAddressSettings, hops: &[Hop]) -> Result<IpAddr, Fault> {
    let mut client = Err(Fault::Missing);
    for hop in hops {
        match hop {
            Hop::From(address) if settings.trusted.trusts(Some(*address)) => client = Ok(*address),
            Hop::From(address) => return Ok(*address),
            Hop::Hidden => return Err(Fault::Hidden),
            Hop::Malformed => return Err(Fault::Malformed),
        }
    }
    client
}

fn names_a_client(headers: &HeaderMap) -> bool {
    [X_FORWARDED_FOR, FORWARDED].iter().any(|name| headers.contains_key(*name))
}

/// Whether an address is one that proxies in front of a service have. RFC 1918, RFC 4193, RFC 6598.
fn is_private(Peer(peer): Peer) -> bool {
    match peer.map(|address| address.to_canonical()) {
        None => true,
        Some(IpAddr::V4(address)) => {
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        Some(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// What a trusted proxy calls a request, to be written beside the support id: never instead of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyIds {
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
}

impl ProxyIds {
    /// `None` where no trusted proxy gave any that can be written.
    pub(super) fn of(client: &ClientAddress, headers: &HeaderMap) -> Option<Self> {
        let id = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).and_then(written);
        let ids = Self { request_id: id("x-request-id"), trace_id: id("x-amzn-trace-id") };
        (client.through_proxy && ids != Self::default()).then_some(ids)
    }

    /// One line that joins the proxy's log and ours.
    pub(super) fn log(&self, support_id: &str) {
        let (request_id, trace_id) = (self.request_id.as_deref(), self.trace_id.as_deref());
        tracing::info!(
            support_id,
            proxy_request_id = request_id,
            amzn_trace_id = trace_id,
            "came through a proxy"
        );
    }
}

/// An id as it may stand in a log: short, and of plain characters only.
fn written(id: &str) -> Option<String> {
    const LONGEST: usize = 128;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:=;/+".contains(&b);
    ((1..=LONGEST).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests;
