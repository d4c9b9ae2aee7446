//! Users whom replicas put in place together: one of them at a time, and all of them know when it is done.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Error;
use crate::model::{
    Busy, ConnectUser, InstanceName, Lease, Leased, Placement, Question, RecordKey, RecordKind,
    SharedRecords, UserId, Username, held, lease,
};

/// When to come back for what another replica does.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// What replicas know of one instance's users.
#[derive(Clone)]
pub(super) struct Shared {
    records: Arc<dyn SharedRecords>,
    instance: InstanceName,
    known_for: Duration,
}

/// A user as it is kept.
#[derive(Serialize, Deserialize)]
struct Written {
    id: UserId,
    username: Username,
    #[serde(with = "time::serde::timestamp::nanoseconds::option")]
    created_at: Option<OffsetDateTime>,
}

impl Shared {
    pub(super) fn new(records: Arc<dyn SharedRecords>, instance: InstanceName, known_for: Duration) -> Self {
        Self { records, instance, known_for }
    }

    /// The user as one replica left it, else as `work` leaves it. Forgetting the user at another replica is told to
    /// `forgotten`.
    pub(super) async fn ensured(
        &self,
        placement: &Placement,
        until: Instant,
        forgotten: impl FnOnce() + Send,
        work: impl Future<Output = Result<ConnectUser, Error>> + Send,
    ) -> Result<ConnectUser, Error> {
        let (key, question) = (self.key(&placement.username), Question::now(placement));
        match lease(&*self.records, &key, &question, until).await? {
            Leased::Kept(answer) => self.read(&answer),
            Leased::Nothing | Leased::TooLong => Err(Error::Busy(Busy { retry_after: UNDER_WAY })),
            Leased::Yours(lease) => {
                let ensured = held(&*self.records, &key, &lease, forgotten, work).await;
                let told = match &ensured {
                    Ok(user) => self.keep(&key, &lease, &question, user).await,
                    Err(_) => Ok(self.records.release(&key, &lease).await?),
                };
                if let Err(error) = told {
                    tracing::warn!(cause = %error, "the other replicas do not know that a user is in place");
                }
                ensured
            }
        }
    }

    async fn keep(
        &self,
        key: &RecordKey,
        lease: &Lease,
        question: &Question,
        user: &ConnectUser,
    ) -> Result<(), Error> {
        if lease.replaces_another {
            // As somebody who was placed otherwise: that token ends with its placement.
            let token = RecordKey {
                kind: RecordKind::Token,
                instance: self.instance.clone(),
                name: user.username.as_str().to_owned(),
            };
            self.records.purge(&token).await?;
        }
        let (id, username, created_at) = (user.id.clone(), user.username.clone(), user.created_at);
        let written =
            serde_json::to_vec(&Written { id, username, created_at }).map_err(|_| Error::Interrupted)?;
        self.records.keep(key, lease, question, &written, self.known_for).await?;
        Ok(())
    }

    fn read(&self, answer: &[u8]) -> Result<ConnectUser, Error> {
        let Written { id, username, created_at } =
            serde_json::from_slice(answer).map_err(|_| Error::Interrupted)?;
        Ok(ConnectUser { instance: self.instance.clone(), id, username, created_at })
    }

    /// No replica knows that user any more, and what is under way for them stops.
    pub(super) async fn forget(&self, username: &Username) {
        if let Err(error) = self.records.purge(&self.key(username)).await {
            tracing::warn!(cause = %error, "other replicas may take a user to be in place for a while");
        }
    }

    /// Two spellings of a name are one user.
    fn key(&self, username: &Username) -> RecordKey {
        RecordKey { kind: RecordKind::User, instance: self.instance.clone(), name: username.folded() }
    }
}
