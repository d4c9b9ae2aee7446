//! People whose page waits. What they wait for goes on meanwhile, and after it what comes next: nobody's browser has to
//! come back in between.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::{Instance, SignIn};
use crate::connect;
use crate::model::{
    ConnectUser, Found, Identity, InstanceName, Placement, Question, RecordKey, RecordKind, SharedRecords,
    SignedIn, StateUnavailable, Username, digest_of, lost,
};

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
        let mark =
            self.parts.records.clone().map(|records| (records, of(&signed_in.identity, &instance.name)));
        self.waiting.begin(key, (&signed_in.identity, until), async move {
            // What goes wrong is told when the person comes back and asks.
            let in_place = connect.ensure_in_turn(&placement);
            match mark {
                None => {
                    if let Ok(user) = in_place.await {
                        _ = federation.fetch_ahead(&user, until).await;
                    }
                }
                Some((records, mark)) => {
                    let fetch = async |user| federation.fetch_ahead(&user, until).await;
                    _ = while_signed_in(&*records, &mark, in_place, fetch).await;
                }
            }
        });
    }

    /// Stops at every replica what goes on for this person's session.
    pub(super) async fn stop_elsewhere(&self, identity: &Identity) {
        let Some(records) = &self.parts.records else { return };
        for instance in &self.parts.instances {
            if let Err(error) = records.purge(&of(identity, &instance.name)).await {
                tracing::warn!(cause = %error, "another replica may ask for a token that nobody comes for");
            }
        }
    }
}

/// Under which name replicas know that something goes on for a person's session.
fn of(identity: &Identity, instance: &InstanceName) -> RecordKey {
    let Identity { issuer, name_id, session_index, authn_instant, .. } = identity;
    let name_id = name_id.as_ref().map(|name_id| name_id.value.as_str());
    let session = digest_of(&(issuer, name_id, session_index, authn_instant.unix_timestamp()));
    RecordKey { kind: RecordKind::Waiting, instance: instance.clone(), name: hex::encode(session) }
}

/// Does the one after the other, until a sign-out at whichever replica.
async fn while_signed_in<T>(
    records: &dyn SharedRecords,
    mark: &RecordKey,
    in_place: impl Future<Output = Result<ConnectUser, connect::Error>> + Send,
    fetch: impl AsyncFnOnce(ConnectUser) -> T,
) -> Result<(), StateUnavailable> {
    let question = Question::now(&());
    // Where another replica does the same for them, that is enough.
    let Found::Yours(lease) = records.begin(mark, &question, &records.owner()).await? else { return Ok(()) };
    let goes_on = async {
        let user = in_place.await;
        if let Ok(user) = user
            && records.renew(mark, &lease).await?
        {
            fetch(user).await;
        }
        records.release(mark, &lease).await
    };
    tokio::select! {
        done = goes_on => done,
        () = lost(records, mark, &lease) => Ok(()),
    }
}
