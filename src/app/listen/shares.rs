//! How many of the places one client may have.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{TrustedPeers, counted_as};
use crate::web::Peer;

/// The part of a share that whoever has it may go on to when places are scarce.
const SCARCE: usize = 8;

/// The places that each client has.
pub(super) struct Shares {
    most: usize,
    trusted: TrustedPeers,
    taken: Arc<Taken>,
}

/// Nobody stands here with none: it holds no more than there are connections.
#[derive(Default)]
struct Taken(Mutex<HashMap<IpAddr, usize>>);

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    /// `most` for each client, but for whom `trusted` names: a proxy comes for many.
    pub(super) fn new(most: usize, trusted: TrustedPeers) -> Self {
        Self { most, trusted, taken: Arc::default() }
    }

    /// One place more for whoever connects, a proxy that is trusted included; `None`: it has all that it may have.
    pub(super) fn take(&self, peer: Peer, is_scarce: bool) -> Option<Share> {
        match peer.0 {
            Some(address) if self.trusted.trusts(Some(address)) => Some(Share::of_many()),
            _ => self.take_of_client(peer, is_scarce),
        }
    }

    /// The same for one whom a proxy names, whoever that is. `is_scarce`: hardly any place is left, and whoever has many gets
    /// none of them.
    pub(super) fn take_of_client(&self, Peer(peer): Peer, is_scarce: bool) -> Option<Share> {
        let Some(address) = peer else { return Some(Share::of_many()) };
        let client = counted_as(address);
        let most = if is_scarce { self.most.div_ceil(SCARCE) } else { self.most };
        let mut taken = self.taken.lock();
        let count = taken.get(&client).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        taken.insert(client, count + 1);
        Some(Share { of: Some((client, self.taken.clone())), is_crowded: count >= self.most / 2 })
    }
}

/// A place of a client, until it is dropped.
pub(super) struct Share {
    of: Option<(IpAddr, Arc<Taken>)>,
    is_crowded: bool,
}

impl Share {
    /// No part of anybody's share.
    fn of_many() -> Self {
        Self { of: None, is_crowded: false }
    }

    /// Whether the client had half of what it may have before: it should not keep what it does not use.
    pub(super) fn is_crowded(&self) -> bool {
        self.is_crowded
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((client, taken)) = &self.of else { return };
        let mut taken = taken.lock();
        match taken.get_mut(client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_client_gets_its_share_and_no_more_until_it_leaves() {
        let shares = Shares::new(2, TrustedPeers::default());
        let first = shares.take(peer("2001:db8::1"), false).unwrap();
        let second = shares.take(peer("2001:db8::2"), false).unwrap();
        assert!(!first.is_crowded() && second.is_crowded());
        assert!(shares.take(peer("2001:db8::3"), false).is_none());
        assert!(shares.take(peer("2001:db8:0:1::3"), false).is_some(), "another network");
        drop(first);
        let third = shares.take(peer("2001:db8::3"), false).unwrap();
        let is_scarce = true;
        assert!(
            shares.take(peer("2001:db8::4"), is_scarce).is_none()
                && shares.take(peer("192.0.2.9"), is_scarce).is_some()
        );
        drop((second, third));
        assert!(shares.taken.lock().is_empty());
    }

    #[test]
    fn a_proxy_and_a_socket_of_this_machine_come_for_many() {
        let proxies = TrustedPeers::new(vec!["10.0.0.0/8".parse().unwrap()], false);
        let shares = Shares::new(1, proxies);
        let kept: Vec<Share> = ["10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "192.0.2.1"]
            .into_iter()
            .filter_map(|address| shares.take(peer(address), false))
            .chain([Peer(None), Peer(None)].into_iter().filter_map(|peer| shares.take(peer, false)))
            .collect();
        assert_eq!(kept.len(), 6);
        assert!(shares.take(peer("192.0.2.1"), false).is_none());
        let named = || shares.take_of_client(peer("10.0.0.1"), false);
        let first = named();
        assert!(first.is_some() && named().is_none(), "but not for one whom a proxy names");
    }
}
