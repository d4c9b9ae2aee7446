//! How often one address, or one identity provider, is listened to. Each replica counts for itself.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::client_address::ClientAddress;
use super::refusal::Refusal;
use super::{logo, paths};
use crate::model::{AnswerLimit, IdpName, PerMinute, RateLimits, code, counted_as};

/// Most addresses that are told apart in one group; some 100 bytes each.
const ADDRESSES: usize = 100_000;
/// Those that come when there are so many share these.
const SHARED: u64 = 1024;

/// Routes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    SignIn,
    Acs,
    Choose,
    Logout,
    Admin,
}

impl Group {
    /// `None`: never limited, as load balancers ask it all the time, or every page does.
    fn of(path: &str) -> Option<Self> {
        match path {
            "/healthz" | "/readyz" | logo::PATH => None,
            "/saml/acs" | "/sign-in/confirm" => Some(Self::Acs),
            "/sign-in/choose" => Some(Self::Choose),
            "/saml/logout" | "/sign-out" => Some(Self::Logout),
            _ if path.starts_with(paths::CONSOLE) || path.starts_with("/test/") => Some(Self::Admin),
            _ => Some(Self::SignIn),
        }
    }
}

/// Who is counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Address(IpAddr),
    /// Whoever comes by a socket of the file system.
    Unix,
    /// One of those who came when too many were told apart.
    Shared(u64),
}

impl Client {
    fn of(address: Option<IpAddr>) -> Self {
        address.map_or(Self::Unix, |address| Self::Address(counted_as(address)))
    }
}

/// A number per minute for each key: so many at once, and then as many as the minute brings anew.
struct Limiter<K: Hash + Eq + Clone, C: Clock> {
    cells: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn new(per_minute: NonZeroU32, clock: C) -> Self {
        let cells = RateLimiter::dashmap_with_clock(Quota::per_minute(per_minute), clock.clone());
        Self { cells, clock }
    }

    fn count(&self, key: &K) -> Result<(), Duration> {
        self.cells.check_key(key).map_err(|refused| refused.wait_time_from(self.clock.now()))
    }
}

/// One group's addresses, in bounded memory.
struct Addresses<C: Clock> {
    limiter: Limiter<Client, C>,
    most: usize,
    over: AtomicU64,
    seed: RandomState,
}

impl<C: Clock + Clone> Addresses<C> {
    fn new(per_minute: NonZeroU32, clock: C, most: usize) -> Self {
        Self {
            limiter: Limiter::new(per_minute, clock),
            most,
            over: AtomicU64::new(0),
            seed: RandomState::new(),
        }
    }

    fn count(&self, client: Client) -> Result<(), Duration> {
        self.limiter.count(&self.key(client))
    }

    /// Once there are too many, now and then those are forgotten who have not asked lately; while that does not help,
    /// several share a key.
    fn key(&self, client: Client) -> Client {
        let cells = &self.limiter.cells;
        if cells.len() < self.most {
            return client;
        }
        // A look at all of them takes a while: not for each request.
        if self.over.fetch_add(1, Ordering::Relaxed).is_multiple_of(SHARED) {
            cells.retain_recent();
        }
        if cells.len() < self.most { client } else { Client::Shared(self.seed.hash_one(client) % SHARED) }
    }
}

/// How often an address may ask, by what it asks for.
pub struct AddressLimits<C: Clock = DefaultClock> {
    sign_in: Option<Addresses<C>>,
    acs: Option<Addresses<C>>,
    choose: Option<Addresses<C>>,
    logout: Option<Addresses<C>>,
    admin: Option<Addresses<C>>,
}

impl AddressLimits {
    /// As configured.
    #[must_use]
    pub fn new(limits: &RateLimits) -> Self {
        Self::by(limits, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> AddressLimits<C> {
    fn by(limits: &RateLimits, clock: &C) -> Self {
        let of =
            |limit: PerMinute| limit.map(|per_minute| Addresses::new(per_minute, clock.clone(), ADDRESSES));
        Self {
            sign_in: of(limits.sign_in),
            acs: of(limits.acs),
            choose: of(limits.choose),
            logout: of(limits.logout),
            admin: of(limits.admin),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long until there is room again.
    fn count(&self, path: &str, address: Option<IpAddr>) -> Result<(), Duration> {
        let addresses = match Group::of(path) {
            None => return Ok(()),
            Some(Group::SignIn) => &self.sign_in,
            Some(Group::Acs) => &self.acs,
            Some(Group::Choose) => &self.choose,
            Some(Group::Logout) => &self.logout,
            Some(Group::Admin) => &self.admin,
        };
        addresses.as_ref().map_or(Ok(()), |addresses| addresses.count(Client::of(address)))
    }
}

/// How many answers of one identity provider are worked on.
pub struct IdpLimit(Option<Limiter<IdpName, DefaultClock>>);

impl IdpLimit {
    /// As configured.
    #[must_use]
    pub fn new(per_minute: PerMinute) -> Self {
        Self(per_minute.map(|per_minute| Limiter::new(per_minute, DefaultClock::default())))
    }
}

impl AnswerLimit for IdpLimit {
    fn count(&self, idp: &IdpName) -> Result<(), Duration> {
        self.0.as_ref().map_or(Ok(()), |limiter| limiter.count(idp))
    }
}

/// Refuses what comes too often, before anything is looked up for it.
pub(super) async fn limit(
    State(limits): State<Arc<AddressLimits>>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<ClientAddress>().and_then(|client| client.address);
    match limits.count(request.uri().path(), client) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let refusal =
                Refusal::new(&code::WEB_TOO_MANY_REQUESTS, "more requests than an address may send");
            refusal.after(wait).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits() -> RateLimits {
        let n = NonZeroU32::new;
        RateLimits { sign_in: n(3), acs: n(2), choose: n(1), logout: None, admin: n(1), idp: n(1) }
    }

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn each_address_has_its_minute_and_each_group_its_own() {
        let clock = FakeRelativeClock::default();
        let limits = AddressLimits::by(&limits(), &clock);
        let passed =
            |path: &str, from: &str| (0..9).filter(|_| limits.count(path, address(from)).is_ok()).count();
        assert_eq!(passed("/go/prod", "192.0.2.1"), 3);
        assert_eq!(passed("/go/prod", "192.0.2.2"), 3, "another address");
        assert_eq!(passed("/saml/acs", "192.0.2.1"), 2, "another group");
        assert_eq!(passed("/renew/prod", "192.0.2.1"), 0, "the same group");
        assert_eq!(passed("/sign-out", "192.0.2.1"), 9, "switched off");
        assert_eq!(passed("/healthz", "192.0.2.1"), 9, "never limited");
        assert_eq!(limits.count("/go/prod", address("192.0.2.1")), Err(Duration::from_secs(20)));
        clock.advance(Duration::from_secs(20));
        assert_eq!(passed("/go/prod", "192.0.2.1"), 1, "a third of the minute brought one");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_ipv4_in_ipv6_clothes_as_ipv4() {
        let limits = AddressLimits::by(&limits(), &FakeRelativeClock::default());
        let passes = |from: &str| limits.count("/admin", address(from)).is_ok();
        assert!(passes("2001:db8:0:1::1") && !passes("2001:db8:0:1:ffff::2") && passes("2001:db8:0:2::1"));
        assert!(passes("192.0.2.1") && !passes("::ffff:192.0.2.1"));
        assert!(passes("no address") && !passes("no address"));
    }

    #[test]
    fn however_many_addresses_come_memory_is_bounded_and_each_is_still_counted() {
        let clock = FakeRelativeClock::default();
        let addresses = Addresses::new(NonZeroU32::MIN, clock.clone(), 100);
        let everybody = || (0..100_000_u32).map(|n| Client::Address(IpAddr::from(n.to_be_bytes())));
        let passed = everybody().filter(|client| addresses.count(*client).is_ok()).count();
        // The seed decides who shares with whom, and so by a few how many there are.
        let most = (100 + usize::try_from(SHARED).unwrap()) * 11 / 10;
        assert!(addresses.limiter.cells.len() <= most, "{}", addresses.limiter.cells.len());
        assert!(passed <= most, "{passed}");
        clock.advance(Duration::from_mins(2));
        (0..=SHARED).for_each(|n| {
            addresses.count(Client::Shared(n)).ok();
        });
        let left = addresses.limiter.cells.len();
        assert!(left <= most / 2 + 100, "who has not asked lately is forgotten: {left}");
    }

    #[test]
    fn every_route_of_the_console_counts_as_the_console() {
        for (path, group) in [
            ("/", Some(Group::SignIn)),
            ("/nothing", Some(Group::SignIn)),
            ("/saml/metadata", Some(Group::SignIn)),
            ("/admin/sign-ins", Some(Group::Admin)),
            ("/test/0123", Some(Group::Admin)),
            ("/sign-in/choose", Some(Group::Choose)),
            ("/sign-in/confirm", Some(Group::Acs)),
            ("/readyz", None),
        ] {
            assert_eq!(Group::of(path), group, "{path}");
        }
    }
}
