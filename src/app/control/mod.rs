//! The control socket: what this program's command line asks a gateway that runs on the same machine. One line of
//! JSON each way, then the connection ends. Only the gateway's own user and root may ask.

mod client;
mod server;
mod sessions;

use serde::{Deserialize, Serialize};

use std::path::Path;

use time::OffsetDateTime;

use crate::config::Config;
use crate::model::{Identity, IdpName, InstanceName, SupportId, TestId};

pub(super) use client::{ask, unexpected};
pub(super) use server::Server;

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Question {
    /// What the identity provider said at a recent sign-in.
    SignIn { support_id: String },
    /// For a link to a test sign-in. What is not named must be the only one there is.
    MakeTest { instance: Option<String>, idp: Option<String>, again: bool },
    /// What became of a test. Answered when it has ended, or with [`Answer::Waiting`] after a while.
    AwaitTest { id: TestId },
    /// Who is signed in at this gateway.
    Sessions {},
    /// To end a user's sessions, at this gateway and, where `in_connect`, in Amazon Connect.
    EndSessions { username: String, instance: Option<InstanceName>, in_connect: bool },
}

/// What is answered. Holds a person's values, or a link: for whoever asked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// That sign-in.
    SignIn(Box<Found>),
    /// That link, how long it can be opened, and how long an answer may take from now on.
    Test { id: TestId, address: String, open_seconds: u64, answer_seconds: u64 },
    /// The test has not ended yet: ask again.
    Waiting,
    /// The test has ended, and is found under this id.
    Ended { support_id: SupportId },
    /// The sessions, and how many more there are.
    Sessions { sessions: Vec<OpenSession>, left_out: usize },
    /// How many ended here, or why some did not; and what became of it in Amazon Connect, when that was asked for.
    SessionsEnded { sessions: usize, failed: Option<String>, connect: Vec<EndedInConnect> },
    /// There is no such thing, or it can't be done: why, and what to do.
    Refused { reason: String },
}

/// One session of the gateway.
#[derive(Serialize, Deserialize)]
pub(super) struct OpenSession {
    /// Who vouched for the person.
    pub(super) idp: IdpName,
    /// When it began.
    #[serde(with = "time::serde::timestamp")]
    pub(super) since: OffsetDateTime,
    /// When it ends by itself.
    #[serde(with = "time::serde::timestamp")]
    pub(super) until: OffsetDateTime,
    /// Where it has been handed over to.
    pub(super) entered: Vec<EnteredAs>,
}

/// Where a session has been handed over to.
#[derive(Serialize, Deserialize)]
pub(super) struct EnteredAs {
    pub(super) instance: InstanceName,
    pub(super) username: String,
    /// Whether a federation token of that user is kept.
    pub(super) has_token: bool,
}

/// What became of a user's sessions in one instance.
#[derive(Serialize, Deserialize)]
pub(super) struct EndedInConnect {
    pub(super) instance: InstanceName,
    /// Whether there is such a user.
    pub(super) was_there: bool,
    /// Why they may live on.
    pub(super) failed: Option<String>,
}

/// Where the gateway that runs answers, by the configuration read from `file`.
///
/// # Errors
/// When the configuration names no place.
pub(super) fn path<'c>(config: &'c Config, file: &Path) -> Result<&'c Path, String> {
    config.admin.as_ref().and_then(|admin| admin.socket.as_deref()).ok_or_else(|| {
        format!(
            "{}: admin.socket is not set: write the path there at which the gateway that runs listens",
            file.display()
        )
    })
}

/// One recent sign-in.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    /// The instance, when it led to one.
    pub(super) instance: Option<InstanceName>,
    /// What became of it: `let_in`, or the code and its cause.
    pub(super) outcome: String,
    /// What the identity provider said, when that was verified.
    pub(super) identity: Option<Identity>,
}
