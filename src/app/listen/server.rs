//! Takes connections, until the gateway stops.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::connection::connection;
use super::door::Door;
use super::listener::{Listener, Octets};
use crate::web::Peer;

/// Pause after the system refused a connection, for want of file descriptors as a rule.
const REFUSED: Duration = Duration::from_millis(100);

/// When nobody came for so long, nobody waits to be taken.
const QUIET: Duration = Duration::from_millis(50);

/// How long those who wait are still taken after `stop`, at most.
const TAKEN: Duration = Duration::from_secs(1);

/// Takes connections until `stop`, then waits for those that are open: requests under way come to their end. Whoever
/// can't wait so long drops this, which cuts them off.
pub(in crate::app) async fn serve(
    listener: Listener,
    door: Arc<Door>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let (stopping, told) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let take = |connections: &mut JoinSet<()>, (stream, peer, place): Accepted| {
        let (door, router, told) = (door.clone(), router.clone(), told.clone());
        connections.spawn(async move {
            let _place = place;
            connection((stream, peer), &door, router, told).await;
        });
    };
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &door) => {
                if let Some(accepted) = accepted {
                    take(&mut connections, accepted);
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    // The system has made connections that nobody took yet: they would be reset with the listener, requests and all.
    let until = Instant::now() + TAKEN;
    while Instant::now() < until
        && let Ok(Some(accepted)) = timeout(QUIET, accept(&listener, &door)).await
    {
        take(&mut connections, accepted);
    }
    drop((listener, stopping));
    while connections.join_next().await.is_some() {}
}

/// A connection, who is at its other end, and its place among those that there may be.
type Accepted = (Box<dyn Octets>, Peer, OwnedSemaphorePermit);

async fn accept(listener: &Listener, door: &Door) -> Option<Accepted> {
    let place = Arc::clone(&door.places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(cause = %error, "a connection could not be accepted");
            sleep(REFUSED).await;
            None
        }
    }
}
