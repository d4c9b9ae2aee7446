//! What holds for every connection that comes in at one place.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::shares::Shares;
use super::tls::Certificate;
use crate::config;
use crate::metrics::Metrics;
use crate::model::{PersonalData, Phase, TrustedPeers};
use crate::web::Peer;

/// Most requests at once on one connection of HTTP/2: what RFC 9113 6.5.2 advises at least.
const STREAMS: u32 = 100;
/// Most requests on one such connection that its client took back before they were answered and that we still hold
/// ("rapid reset", CVE-2023-44487). More end the connection.
const TAKEN_BACK: usize = 20;

/// How often at most the log tells that somebody has too many connections.
const REMINDER: Duration = Duration::from_mins(1);

/// Who is told what happens at a door, and what may be told.
#[derive(Clone)]
pub(in crate::app) struct Watch {
    pub(in crate::app) metrics: Arc<Metrics>,
    pub(in crate::app) personal: PersonalData,
}

/// What holds for every connection that comes in at one place.
pub(in crate::app) struct Door {
    pub(super) http: Builder<TokioExecutor>,
    /// Places for connections; more wait in the system's queue.
    pub(super) places: Arc<Semaphore>,
    all: usize,
    pub(super) shares: Shares,
    watch: Watch,
    reminded: Mutex<Option<Instant>>,
    /// Who sends a PROXY protocol header; `None`: nobody.
    pub(super) proxies: Option<TrustedPeers>,
    pub(super) certificate: Option<Arc<Certificate>>,
    /// For the PROXY protocol header and the TLS handshake.
    pub(super) handshake: Duration,
    /// Without a request.
    pub(super) headers: Duration,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Door {
    /// For browsers, or for the proxies in front.
    pub(in crate::app) fn public(
        limits: &config::Listener,
        certificate: Option<Arc<Certificate>>,
        (watch, phase): (Watch, watch::Receiver<Phase>),
    ) -> Self {
        Self {
            http: http(limits),
            places: Arc::new(Semaphore::new(limits.max_connections)),
            all: limits.max_connections,
            shares: Shares::new(limits.max_per_address, limits.trusted.clone()),
            watch,
            reminded: Mutex::default(),
            proxies: limits.proxies.clone(),
            certificate,
            handshake: limits.handshake,
            headers: limits.headers,
            phase,
        }
    }

    /// For monitoring, which comes in by itself and in the clear.
    pub(in crate::app) fn operations(
        limits: &config::Listener,
        told: (Watch, watch::Receiver<Phase>),
    ) -> Self {
        Self { proxies: None, ..Self::public(limits, None, told) }
    }

    /// Whether fewer than a quarter of all places are left.
    pub(super) fn is_scarce(&self) -> bool {
        self.places.available_permits() < self.all / 4
    }

    /// A connection was turned away because its client has all that it may have.
    pub(super) fn turned_away(&self, Peer(peer): Peer) {
        self.watch.metrics.rate_limited("connections");
        let mut reminded = self.reminded.lock().unwrap_or_else(PoisonError::into_inner);
        if reminded.is_none_or(|last| last.elapsed() >= REMINDER) {
            *reminded = Some(Instant::now());
            let client_address = peer.and_then(|address| self.watch.personal.shown(&address.to_string()));
            tracing::warn!(
                client_address,
                "an address has all the connections that one address may have: docs/runbooks.md#ratelimited"
            );
        }
    }
}

/// HTTP/1.1 and, with TLS by ALPN or in the clear by prior knowledge, HTTP/2.
fn http(limits: &config::Listener) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // How long headers may take is watched around both protocols and around the choice between them.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None::<Duration>)
        .max_buf_size(limits.header_octets);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_header_list_size(u32::try_from(limits.header_octets).unwrap_or(u32::MAX));
    http
}
