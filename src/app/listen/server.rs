//! Takes connections, until the gateway stops.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::connection;
use super::door::Door;
use super::listener::{Listener, Octets};
use crate::web::Peer;

/// Pause after the system refused a connection, for want of file descriptors as a rule.
const REFUSED: Duration = Duration::from_millis(100);

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
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &door) => {
                if let Some((stream, peer, place)) = accepted {
                    let (door, router, told) = (door.clone(), router.clone(), told.clone());
                    connections.spawn(async move {
                        let _place = place;
                        connection((stream, peer), &door, router, told).await;
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, stopping));
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &Listener, door: &Door) -> Option<(Box<dyn Octets>, Peer, OwnedSemaphorePermit)> {
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
