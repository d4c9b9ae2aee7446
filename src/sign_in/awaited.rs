//! People whose page waits. What they wait for goes on meanwhile, and after it what comes next: nobody's browser has to
//! come back in between.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::{Instance, SignIn};
use crate::model::{Identity, InstanceName, Placement, SignedIn, Username};

type Key = (InstanceName, Username);

/// One person's work.
struct Awaited {
    identity: Identity,
    until: OffsetDateTime,
    task: AbortHandle,
}

/// Everyone for whom something was begun that they have not come back for.
#[derive(Default)]
pub(super) struct Waiting {
    all: Mutex<HashMap<Key, Awaited>>,
    under_way: watch::Sender<usize>,
}

/// Work under way.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Waiting {
    /// Begins `work` for the person, unless it is under way. It is worth something until `until`.
    pub(super) fn begin(
        &self,
        key: Key,
        (identity, until): (&Identity, OffsetDateTime),
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut all = self.lock();
        if all.get(&key).is_none_or(|awaited| awaited.task.is_finished()) {
            let under_way = UnderWay::new(&self.under_way);
            let work = async move {
                let _under_way = under_way;
                work.await;
            };
            let task = tokio::spawn(work).abort_handle();
            all.insert(key, Awaited { identity: identity.clone(), until, task });
        }
    }

    /// The person has come back for it, or nobody is to have it.
    pub(super) fn end(&self, instance: &InstanceName, username: &Username) {
        if let Some(awaited) = self.lock().remove(&(instance.clone(), username.clone())) {
            awaited.task.abort();
        }
    }

    /// Stops what was begun for this person's session, and says what that may have left behind.
    pub(super) fn stop(&self, identity: &Identity) -> Vec<Key> {
        self.take(|awaited| awaited.identity == *identity)
    }

    /// Stops what nobody comes back for any more, and says what that may have left behind.
    pub(super) fn sweep(&self, now: OffsetDateTime) -> Vec<Key> {
        self.take(|awaited| awaited.until <= now)
    }

    fn take(&self, is_over: impl Fn(&Awaited) -> bool) -> Vec<Key> {
        let over = self.lock().extract_if(|_, awaited| is_over(awaited)).collect::<Vec<_>>();
        over.into_iter()
            .map(|(key, awaited)| {
                awaited.task.abort();
                key
            })
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Awaited>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until nothing is under way.
    async fn ended(&self) {
        // An error would say that nobody counts any more.
        _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl SignIn {
    /// Until nothing is under way of what people wait for.
    pub async fn all_served(&self) {
        self.waiting.ended().await;
    }

    /// The person's page waits; the person's user is put in place in its turn, and the token asked for right after.
    pub(super) fn go_on_for(&self, signed_in: &SignedIn, instance: &Instance, placement: &Placement) {
        let (connect, federation) = (Arc::clone(&instance.connect), Arc::clone(&instance.federation));
        let (placement, until) = (placement.clone(), signed_in.until);
        let key = (instance.name.clone(), placement.username.clone());
        self.waiting.begin(key, (&signed_in.identity, until), async move {
            // What goes wrong is told when the person comes back and asks.
            if let Ok(user) = connect.ensure_in_turn(&placement).await {
                _ = federation.fetch_ahead(&user, until).await;
            }
        });
    }
}
