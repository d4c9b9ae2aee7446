//! A user that is not there yet: created, and waited for until Connect shows it.

use std::time::Duration;

use tokio::time::sleep;

use super::Error;
use super::directory::Resolved;
use super::forgotten::Turns;
use super::plan::{Change, NewUser};
use super::provision::{Provision, may_be_unseen};
use crate::model::{Cause, ConnectUser, Patience, Placement, Username};

/// Pause before looking again for a user that Connect says it has.
pub(super) const SETTLE_PAUSE: Duration = Duration::from_millis(500);

impl Provision {
    pub(super) async fn create(
        &self,
        user: NewUser,
        placement: &Placement,
        turns: Turns<'_>,
    ) -> Result<ConnectUser, Error> {
        match self.calls.create_user(&user, turns).await {
            Err(error) if error.is(Cause::Duplicate) => self.created_elsewhere(placement, turns).await,
            answer => {
                let id = answer?.ok_or(Error::Unsettled)?;
                self.directory.remember_user(&user.username, &id).await;
                self.note("created", Some(user.username.as_str()));
                if let Some(change) = user.afterwards() {
                    self.unfinished.add(&id);
                    self.complete((&id, &user.username), &change, turns).await?;
                    self.unfinished.remove(&id);
                }
                let created_at = Some(self.clock.now());
                Ok(ConnectUser { created_at, ..self.user(&id, user.username) })
            }
        }
    }

    /// Changes a user that was created a moment ago. Connect may not know the user yet.
    async fn complete(
        &self,
        (id, username): (&str, &Username),
        change: &Change,
        turns: Turns<'_>,
    ) -> Result<(), Error> {
        match self.calls.apply(id, change, turns).await {
            Err(error) if may_be_unseen(&error) => {
                self.wait_until_shown(id, turns.patience).await?;
                self.calls.apply(id, change, turns).await?;
            }
            answer => answer?,
        }
        self.note(change.word(), Some(username.as_str()));
        Ok(())
    }

    async fn wait_until_shown(&self, id: &str, patience: Patience) -> Result<(), Error> {
        let settle = self.settling(patience);
        loop {
            match self.calls.describe_user(id, settle).await {
                Err(error) if may_be_unseen(&error) && settle.left() < SETTLE_PAUSE => {
                    return Err(Error::Unsettled);
                }
                Err(error) if may_be_unseen(&error) => sleep(SETTLE_PAUSE).await,
                answer => return answer.map(drop),
            }
        }
    }

    /// Somebody else created the user a moment ago: waits until Connect shows it.
    async fn created_elsewhere(&self, placement: &Placement, turns: Turns<'_>) -> Result<ConnectUser, Error> {
        let settle = self.settling(turns.patience);
        loop {
            if let Resolved::User(id) = self.directory.user_now(&placement.username, settle).await?
                && let Some(held) = self.describe(&id, &placement.username, settle).await?
            {
                // It may have been us, and the answer got lost.
                self.unfinished.add(&held.id);
                return self.put_right(held, placement, turns.lasting(settle)).await;
            }
            // The last look needs time of its own.
            if settle.left() < SETTLE_PAUSE * 2 {
                return Err(Error::Unsettled);
            }
            sleep(SETTLE_PAUSE).await;
        }
    }

    /// For calls that follow on a creation: they don't join the line anew.
    fn settling(&self, patience: Patience) -> Patience {
        Patience::lasting(self.settings.settle_within).as_urgent_as(patience.priority()).again()
    }
}
