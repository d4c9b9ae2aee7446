//! One connection. What goes wrong on it is the client's affair.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::time::timeout;

use super::door::Door;
use super::listener::Octets;
use super::proxy_header;
use super::shares::Share;
use crate::model::Phase;
use crate::web::Peer;

/// How long a connection that is to end may still go without a request under way: one that is being sent may come.
const LINGER: Duration = Duration::from_secs(3);

/// How long a connection may go without a request whose client has many.
const CROWDED: Duration = Duration::from_secs(5);

/// Serves it until it ends, or `told` that the gateway stops and nothing is under way on it.
pub(super) async fn connection(
    (stream, peer): (Box<dyn Octets>, Peer),
    door: &Door,
    router: Router,
    mut told: watch::Receiver<()>,
) {
    let Some(share) = shared(door, peer) else { return };
    let Ok((stream, peer, share)) = greeted((stream, peer, share), door).await else { return };
    let idle = if share.is_crowded() { door.headers.min(CROWDED) } else { door.headers };
    let under_way = watch::Sender::new(0_usize);
    let service = service(router, peer, door.phase.clone(), under_way.clone());
    let mut requested = under_way.subscribe();
    let mut serving = pin!(door.http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = serving.as_mut() => return,
        () = unused(under_way.subscribe(), idle) => {}
        // The sender is gone: the gateway stops.
        _ = told.changed() => {}
    }
    // Whoever has just come may still ask once: a connection that awaits its first request would be closed at once.
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = timeout(LINGER, requested.changed()) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        _ = serving => {}
        () = unused(under_way.subscribe(), LINGER) => {}
    }
}

/// What comes before HTTP: who it really is, by the proxy in front, and TLS.
async fn greeted(
    (mut stream, mut peer, mut share): (Box<dyn Octets>, Peer, Share),
    door: &Door,
) -> io::Result<(Box<dyn Octets>, Peer, Share)> {
    if let Some(proxies) = &door.proxies {
        let client = timeout(door.handshake, proxy_header::read(&mut stream, peer, proxies)).await??;
        if client != peer {
            share = counted(door, client, door.shares.take_of_client(client, door.is_scarce()))
                .ok_or(io::ErrorKind::QuotaExceeded)?;
        }
        peer = client;
    }
    if let Some(certificate) = &door.certificate {
        stream = Box::new(timeout(door.handshake, certificate.acceptor().accept(stream)).await??);
    }
    Ok((stream, peer, share))
}

/// A place of this client's; `None` when it has all that it may have.
fn shared(door: &Door, peer: Peer) -> Option<Share> {
    counted(door, peer, door.shares.take(peer, door.is_scarce()))
}

/// The same share; one that there is not is told.
fn counted(door: &Door, peer: Peer, share: Option<Share>) -> Option<Share> {
    if share.is_none() {
        door.turned_away(peer);
    }
    share
}

/// The routes; counts the requests that are under way.
fn service(
    router: Router,
    peer: Peer,
    phase: watch::Receiver<Phase>,
    under_way: watch::Sender<usize>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
> {
    let pages = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        let counted = Counted::new(&under_way);
        let is_old = request.version() < Version::HTTP_2;
        request.extensions_mut().insert(peer);
        let (answer, phase) = (pages.call(request), phase.clone());
        async move {
            let _counted = counted;
            let mut answer = answer.await?;
            if is_old && *phase.borrow() == Phase::Draining {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        }
    })
}

/// A request under way.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(under_way: &watch::Sender<usize>) -> Self {
        under_way.send_modify(|count| *count += 1);
        Self(under_way.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Until no request was under way for so long.
async fn unused(mut under_way: watch::Receiver<usize>, pause: Duration) {
    loop {
        if under_way.wait_for(|count| *count == 0).await.is_err() {
            return;
        }
        if timeout(pause, under_way.changed()).await.is_err() {
            return;
        }
    }
}
