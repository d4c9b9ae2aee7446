//! An assertion is used once; when the store can't tell, not at all. Profiles 4.1.4.5.

use std::time::Duration;

use time::OffsetDateTime;

use crate::model::{OriginalAnswer, ReplayKey, Use};

use super::ServiceProvider;
use super::assertion::VerifiedAssertion;
use super::error::Error;
use super::resolution::Delivered;
use super::verification::Outcome;

impl ServiceProvider {
    /// Uses the assertion up. `began`: when the sign-in began that asked for it, where one did; `skew`: the tolerated
    /// difference of clocks.
    ///
    /// # Errors
    /// When it was used before, or nobody can tell.
    pub(super) async fn use_up(
        &self,
        outcome: Outcome,
        delivered: &Delivered,
        began: Option<OffsetDateTime>,
        skew: Duration,
    ) -> Result<VerifiedAssertion, Error> {
        let Outcome { identity, replay_key, replay_until, issued, readable } = outcome;
        let since = self.check_first_use(replay_key, replay_until).await?;
        check_is_remembered(issued, began, since, skew)?;
        let answer = || OriginalAnswer::new(&delivered.saml_response, issued, &identity);
        let answer = readable.map(|()| answer());
        Ok(VerifiedAssertion::new(identity, answer, issued - self.clock.now()))
    }

    /// The first use, and since when uses are remembered where that is known.
    async fn check_first_use(
        &self,
        key: ReplayKey,
        until: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, Error> {
        match self.replay.first_use(key, until).await? {
            Use::First { remembered_since } => Ok(remembered_since),
            Use::Again => Err(Error::Replay),
        }
    }
}

/// Whether an answer was used before is known only if it was issued after the store began to remember, or asked for after
/// that. The record of a request from before may have come back without the record that it was answered: what a store
/// loses is its last moments.
fn check_is_remembered(
    issued: OffsetDateTime,
    began: Option<OffsetDateTime>,
    since: Option<OffsetDateTime>,
    skew: Duration,
) -> Result<(), Error> {
    let may_be_forgotten =
        |since: OffsetDateTime| began.is_none_or(|began| began < since) && issued <= since + skew;
    if since.is_some_and(may_be_forgotten) { Err(Error::NotRemembered) } else { Ok(()) }
}
