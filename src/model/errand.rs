//! Work that goes on when whoever asked for it goes away.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{AbortHandle, JoinError};
use tracing::Instrument as _;

/// Says that an errand has begun what must be brought to its end.
#[derive(Debug, Clone, Default)]
pub struct Begun(Arc<AtomicBool>);

impl Begun {
    /// From here on the work goes on by itself.
    pub fn mark(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs `work` in a task of its own. A caller that goes away ends it as long as it only waits for somebody else's: so
/// that whoever comes again and again leaves nothing behind.
///
/// # Errors
/// When the work panicked.
pub async fn errand<T, F>(work: impl FnOnce(Begun) -> F) -> Result<T, JoinError>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let begun = Begun::default();
    let task = tokio::spawn(work(begun.clone()).in_current_span());
    let _waiting = Waiting { task: task.abort_handle(), begun };
    task.await
}

struct Waiting {
    task: AbortHandle,
    begun: Begun,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.begun.0.load(Ordering::SeqCst) {
            self.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    /// Whether the work came to its end although nobody waited for it.
    async fn ends(begins: bool) -> bool {
        let (go_on, wait) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let work = errand(move |begun| async move {
            if begins {
                begun.mark();
            }
            wait.await.ok();
            done.send(()).ok();
        });
        assert!(timeout(Duration::from_millis(10), work).await.is_err());
        go_on.send(()).ok();
        is_done.await.is_ok()
    }

    #[tokio::test]
    async fn what_has_begun_goes_on_and_what_only_waits_does_not() {
        assert!(ends(true).await);
        assert!(!ends(false).await);
    }
}
