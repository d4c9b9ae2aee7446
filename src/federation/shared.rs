//! Tokens that replicas share: one of them at a time asks for a user's, and all of them serve it, or none.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Error;
use super::slot::Kept;
use crate::model::{
    Busy, Clock, FederationToken, InstanceName, Lease, Leased, Question, RecordKey, RecordKind, Secret,
    SharedRecords, UserId, Username, digest_of, held, lease,
};

/// When to come back for what another replica does.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// What replicas keep of one instance's tokens.
#[derive(Clone)]
pub(super) struct Shared {
    records: Arc<dyn SharedRecords>,
    instance: InstanceName,
    role_arn: String,
    clock: Arc<dyn Clock>,
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// Any token that is still served.
    Any,
    /// A token in place of one that is served no longer than this, and only where there is one.
    Newer(Duration),
}

/// A token as it is kept.
#[derive(Serialize, Deserialize)]
struct Written<'t> {
    access_token: Cow<'t, str>,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    access_token_expiration: OffsetDateTime,
    refresh_token: Cow<'t, str>,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    refresh_token_expiration: OffsetDateTime,
    sign_in_url: Cow<'t, str>,
    user_id: UserId,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    serve_until: OffsetDateTime,
}

impl Shared {
    pub(super) fn new(
        records: Arc<dyn SharedRecords>,
        instance: InstanceName,
        role_arn: String,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { records, instance, role_arn, clock }
    }

    /// The token that is kept, else what `ask` brings; none where none is wanted. When the user's token is purged meanwhile,
    /// what `ask` brings is kept for nobody.
    pub(super) async fn token<F: Future<Output = Result<Kept, Error>> + Send>(
        &self,
        (username, id): (&Username, &UserId),
        wanted: Wanted,
        until: Instant,
        ask: impl FnOnce() -> F + Send,
    ) -> Result<Option<Kept>, Error> {
        let (key, question) = (self.key(username), self.question(id, wanted));
        let mut leased = lease(&*self.records, &key, &question, until).await?;
        if let Leased::Kept(answer) = &leased
            && self.served(answer, id).is_none()
        {
            self.records.purge(&key).await?;
            leased = lease(&*self.records, &key, &question, until).await?;
        }
        match leased {
            Leased::Kept(answer) => self.served(&answer, id).map(Some).ok_or(Error::Interrupted),
            Leased::Nothing => Ok(None),
            Leased::TooLong => Err(Error::Busy(Busy { retry_after: UNDER_WAY })),
            Leased::Yours(lease) => {
                let asked = held(&*self.records, &key, &lease, || (), ask()).await;
                match &asked {
                    Ok(kept) => self.keep((&key, &question), &lease, kept).await?,
                    Err(_) => self.records.release(&key, &lease).await?,
                }
                asked.map(Some)
            }
        }
    }

    async fn keep(
        &self,
        (key, question): (&RecordKey, &Question),
        lease: &Lease,
        kept: &Kept,
    ) -> Result<(), Error> {
        let answer = write(kept)?;
        let good_for = Duration::try_from(kept.serve_until - self.clock.now()).unwrap_or_default();
        self.records.keep(key, lease, question, &answer, good_for).await?;
        Ok(())
    }

    /// The token, unless it is somebody else's or is served no longer.
    fn served(&self, answer: &[u8], id: &UserId) -> Option<Kept> {
        let kept = read(answer).ok()?;
        (kept.token.user_id == *id && kept.serve_until > self.clock.now()).then_some(kept)
    }

    /// No replica serves this user's token any more, and what is under way is kept for nobody.
    pub(super) async fn purge(&self, username: &Username) {
        if let Err(error) = self.records.purge(&self.key(username)).await {
            tracing::warn!(cause = %error, "a token of somebody who left is kept until it ends");
        }
    }

    /// Whether some replica keeps a token of this user.
    pub(super) async fn has(&self, username: &Username) -> bool {
        self.records.is_kept(&self.key(username)).await.unwrap_or_default()
    }

    fn key(&self, username: &Username) -> RecordKey {
        let (instance, name) = (self.instance.clone(), username.as_str().to_owned());
        RecordKey { kind: RecordKind::Token, instance, name }
    }

    fn question(&self, id: &UserId, wanted: Wanted) -> Question {
        let digest = digest_of(&(&self.role_arn, id.as_str()));
        match wanted {
            Wanted::Any => Question { digest, at_least: Duration::ZERO, only_if_kept: false },
            Wanted::Newer(at_least) => Question { digest, at_least, only_if_kept: true },
        }
    }
}

fn write(Kept { token, serve_until }: &Kept) -> Result<Zeroizing<Vec<u8>>, Error> {
    let written = Written {
        access_token: token.access_token.expose().into(),
        access_token_expiration: token.access_token_expiration,
        refresh_token: token.refresh_token.expose().into(),
        refresh_token_expiration: token.refresh_token_expiration,
        sign_in_url: token.sign_in_url.as_str().into(),
        user_id: token.user_id.clone(),
        serve_until: *serve_until,
    };
    serde_json::to_vec(&written).map(Zeroizing::new).map_err(|_| Error::Interrupted)
}

fn read(answer: &[u8]) -> Result<Kept, Error> {
    let written: Written<'_> = serde_json::from_slice(answer).map_err(|_| Error::Interrupted)?;
    let token = FederationToken {
        access_token: Secret::new(written.access_token),
        access_token_expiration: written.access_token_expiration,
        refresh_token: Secret::new(written.refresh_token),
        refresh_token_expiration: written.refresh_token_expiration,
        sign_in_url: written.sign_in_url.parse().map_err(|_| Error::Interrupted)?,
        user_id: written.user_id,
    };
    Ok(Kept { token: Arc::new(token), serve_until: written.serve_until })
}
