//! Connections: bounded in number, and in the time that a request's headers may take.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::web::Peer;

/// Most connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// How long a connection may go without the whole of a request's headers. Longer than load balancers keep idle
/// connections (an ALB: 60 s), so that it is they who close them.
const HEADERS: Duration = Duration::from_secs(75);
/// How long requests under way may take once the gateway was told to stop.
const DRAIN: Duration = Duration::from_secs(25);
/// Pause after the system refused a connection, for want of file descriptors as a rule.
const REFUSED: Duration = Duration::from_millis(100);

/// For browsers, and for monitoring where that has an address.
///
/// # Errors
/// A sentence that names the key whose address can't be used.
pub(super) async fn listeners(
    listen: SocketAddr,
    operations: Option<SocketAddr>,
) -> Result<(TcpListener, Option<TcpListener>), String> {
    let public = bind("listen", listen).await?;
    let operations = match operations {
        Some(address) => Some(bind("operations.listen", address).await?),
        None => None,
    };
    Ok((public, operations))
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, String> {
    let advice = "choose another address, or stop what uses it";
    TcpListener::bind(address).await.map_err(|error| format!("{key}: {address}: {error}; {advice}"))
}

/// Serves until `stop`, then lets requests under way finish.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let (stopping, told) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => {
                if let Some((stream, peer, slot)) = accepted {
                    let router = router.clone().layer(Extension(peer));
                    connections.spawn(connection(stream, router, told.clone(), slot));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, stopping));
    if timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests that took too long are cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, from)) => Some((stream, Peer(Some(from.ip())), slot)),
        Err(error) => {
            tracing::warn!(cause = %error, "a connection could not be accepted");
            sleep(REFUSED).await;
            None
        }
    }
}

/// One connection. What goes wrong on it is the client's affair.
async fn connection(
    stream: TcpStream,
    router: Router,
    mut told: watch::Receiver<()>,
    _slot: OwnedSemaphorePermit,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        _ = serving.as_mut() => {}
        // The sender is gone: the gateway stops.
        _ = told.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}
