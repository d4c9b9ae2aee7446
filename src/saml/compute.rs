//! Work for the processor, away from the threads that answer requests.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::Error;

/// Runs as much at a time as there are cores, and lets a limited amount of text wait: what waits holds memory. Small
/// work may queue by the thousand, as at the start of a shift.
pub(super) struct Compute {
    cores: Arc<Semaphore>,
    kilobytes: Arc<Semaphore>,
}

impl Compute {
    /// For work that holds at most so many kB in all, running or waiting.
    pub(super) fn new(kilobytes: usize) -> Self {
        Self::on(all_cores(), kilobytes)
    }

    /// For work that anybody can ask for: one core stays free for others, when there are several.
    pub(super) fn aside(kilobytes: usize) -> Self {
        Self::on(all_cores().saturating_sub(1).max(1), kilobytes)
    }

    fn on(cores: usize, kilobytes: usize) -> Self {
        Self { cores: Arc::new(Semaphore::new(cores)), kilobytes: Arc::new(Semaphore::new(kilobytes)) }
    }

    /// Runs `work`, which holds so many `bytes`, on a thread that may compute. A call into C can't be cancelled, so
    /// its place and its core stay with it when nobody waits for the result any more.
    ///
    /// # Errors
    /// [`Error::Busy`] when too much waits already, [`Error::Stopped`] when `work` panics, and its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let kilobytes = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.kilobytes).try_acquire_many_owned(kilobytes).map_err(|_| Error::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Error::Stopped)?;
        let span = tracing::Span::current();
        let task = spawn_blocking(move || {
            let _held = (place, core);
            span.in_scope(work)
        });
        task.await.unwrap_or_else(|_| {
            tracing::error!("a computation stopped unexpectedly: refused");
            Err(Error::Stopped)
        })
    }
}

fn all_cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_finds_no_place_to_wait_is_turned_away_until_there_is_one_again() {
        let all = available_parallelism().map_or(1, usize::from) + 2;
        let compute = Arc::new(Compute::new(all * 2));
        let (open, gates): (Vec<_>, Vec<_>) = (0..all).map(|_| mpsc::channel::<()>()).unzip();
        let held = gates.into_iter().map(|gate| {
            let compute = Arc::clone(&compute);
            tokio::spawn(async move { compute.run(1024, move || Ok(gate.recv().is_err())).await })
        });
        let held: Vec<_> = held.collect();
        while compute.kilobytes.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(compute.run(0, || Ok(())).await, Err(Error::Busy)));
        drop(open);
        for work in held {
            assert!(work.await.unwrap().unwrap());
        }
        assert!(compute.run(0, || Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn who_stops_waiting_gives_the_place_back() {
        let compute = Compute::new(1);
        let all = u32::try_from(compute.cores.available_permits()).unwrap();
        let _cores = compute.cores.acquire_many(all).await.unwrap();
        let places = compute.kilobytes.available_permits();
        {
            let mut waiting = std::pin::pin!(compute.run(0, || Ok(())));
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("there is no core for it"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(compute.kilobytes.available_permits(), places - 1);
        }
        assert_eq!(compute.kilobytes.available_permits(), places);
    }
}
