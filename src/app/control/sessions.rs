//! Who is signed in, and ending that.

use std::time::Duration;

use super::server::{Server, refused};
use super::{Answer, EndedInConnect, EnteredAs, OpenSession};
use crate::audit;
use crate::model::{InstanceName, Patience, SessionId, SignedIn, StateUnavailable, Username};
use crate::session;
use crate::sign_in::{Entered, Who};

/// Most sessions in one answer.
const MOST: usize = 10_000;
/// How long ending a user's sessions in Amazon Connect may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    /// The sessions of this gateway, those that began last first.
    pub(super) async fn sessions(&self) -> Answer {
        let mut open = match self.open().await {
            Ok(open) => open,
            Err(error) => return refused(&error.to_string()),
        };
        open.sort_by_key(|(_, signed_in)| std::cmp::Reverse(signed_in.since));
        let left_out = open.len().saturating_sub(MOST);
        open.truncate(MOST);
        let entered =
            self.sign_in.entered(&open.iter().map(|(_, signed_in)| signed_in).collect::<Vec<_>>()).await;
        let sessions = open.iter().zip(entered).map(|((_, signed_in), entered)| told(signed_in, entered));
        Answer::Sessions { sessions: sessions.collect(), left_out }
    }

    /// Ends a user's sessions here, and then, when that is wanted too, those that Amazon Connect keeps: nobody comes back
    /// in between. What this gateway can't end does not keep Amazon Connect from it.
    pub(super) async fn end_sessions(
        &self,
        username: &str,
        instance: Option<InstanceName>,
        in_connect: bool,
    ) -> Answer {
        let Ok(username) = Username::new(username) else { return refused("that is no user name") };
        let who = Who { username, instance };
        if self.sign_in.check_known(&who).is_err() {
            return refused("the gateway that runs has no such instance");
        }
        let (sessions, failed) = match self.end_here(&who).await {
            Ok(sessions) => (sessions, None),
            Err(error) => (0, Some(error.to_string())),
        };
        self.sign_in.forget_user(&who).await;
        let mut connect = Vec::new();
        if in_connect {
            for (instance, outcome) in self.sign_in.end_in_connect(&who, Patience::lasting(PATIENCE)).await {
                let (was_there, failed) = match outcome {
                    Ok(was_there) => (was_there, None),
                    Err(error) => (true, Some(audit::cause(&error))),
                };
                connect.push(EndedInConnect { instance, was_there, failed });
            }
        }
        Answer::SessionsEnded { sessions, failed, connect }
    }

    async fn end_here(&self, who: &Who) -> Result<usize, StateUnavailable> {
        let mut ended = 0;
        for (id, signed_in) in self.open().await? {
            if !self.sign_in.is_of(&signed_in, who).await {
                continue;
            }
            // What it has been handed over to since it was looked at is in what is taken.
            if let Some(signed_in) = session::take_other(&*self.store, &id, self.clock.now()).await? {
                self.sign_in.unname_session(&signed_in, &id).await;
                self.sign_in.forget(&signed_in).await;
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn open(&self) -> Result<Vec<(SessionId, SignedIn)>, StateUnavailable> {
        let mut open = Vec::new();
        for id in self.open_sessions.ids().await? {
            if let Some(signed_in) = session::read_other(&*self.store, &id, self.clock.now()).await? {
                open.push((id, signed_in));
            }
        }
        Ok(open)
    }
}

fn told(signed_in: &SignedIn, entered: Vec<Entered>) -> OpenSession {
    let as_told = |entered: Entered| EnteredAs {
        instance: entered.instance,
        username: entered.username.as_str().to_owned(),
        has_token: entered.has_token,
    };
    OpenSession {
        idp: signed_in.identity.idp.clone(),
        since: signed_in.since,
        until: signed_in.until,
        entered: entered.into_iter().map(as_told).collect(),
    }
}
