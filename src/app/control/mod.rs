//! The control socket: what this program's command line asks a gateway that runs on the same machine. One line of
//! JSON each way, then the connection ends. Only the gateway's own user and root may ask.

mod client;
mod server;
mod socket;

use serde::{Deserialize, Serialize};

use crate::model::{Identity, InstanceName, SupportId, TestId};

pub(super) use client::{ask, unexpected};
pub(super) use server::Server;
pub(super) use socket::Socket;

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
    /// There is no such thing, or it can't be done: why, and what to do.
    Refused { reason: String },
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
