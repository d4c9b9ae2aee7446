//! What AWS said last about an instance, looked at again from time to time.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::{Connect, Error, InstanceReport};
use crate::model::{Patience, Priority};

/// When an instance that can be entered is looked at again.
const WHEN_USABLE: Duration = Duration::from_hours(1);
/// When every other one is.
const OTHERWISE: Duration = Duration::from_mins(1);
/// When it is looked at a second time before people are kept out.
const ONCE_MORE: Duration = Duration::from_secs(4);
/// After so many looks in a row without an answer, what AWS said before keeps nobody out any more.
const SILENT_LOOKS: u32 = 5;

/// Whether people can be federated into an instance as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// AWS did not say, and why, once it was asked: nobody is kept out for that.
    Unknown(Option<String>),
    /// As far as AWS tells.
    Usable,
    /// AWS says that they can't, for these reasons, and said so twice in a row.
    Unusable(Vec<String>),
}

impl Standing {
    /// Its name for monitoring.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            Self::Usable => "usable",
            Self::Unusable(_) => "unusable",
        }
    }

    /// What an operator should look at.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::Usable | Self::Unknown(None) => None,
            Self::Unknown(Some(why)) => {
                Some(format!("nobody could tell whether people can be signed in there: {why}"))
            }
            Self::Unusable(reasons) => Some(format!("nobody is signed in there: {}", reasons.join("; "))),
        }
    }
}

/// What is kept of an instance.
#[derive(Default)]
pub(super) struct Kept(RwLock<Looked>);

/// What is known since the last look.
#[derive(Clone)]
struct Looked {
    standing: Standing,
    /// When somebody looks again; none: at once.
    again_at: Option<OffsetDateTime>,
    /// Whether the last look said that people can't be federated, and the one before did not.
    is_suspect: bool,
    /// How many looks in a row AWS did not answer.
    silent: u32,
}

impl Default for Looked {
    fn default() -> Self {
        Self { standing: Standing::Unknown(None), again_at: None, is_suspect: false, silent: 0 }
    }
}

impl Looked {
    /// What this look comes to. One strange answer keeps nobody out, and neither does one that is long ago.
    fn after(self, found: Result<Standing, Error>) -> Self {
        let before = self.standing;
        let is_known = !matches!(before, Standing::Unknown(_));
        let is_bad = matches!(found, Ok(Standing::Unusable(_)));
        let is_suspect = is_bad && !self.is_suspect && !matches!(before, Standing::Unusable(_));
        let silent = if found.is_ok() { 0 } else { self.silent.saturating_add(1) };
        let standing = match found {
            Ok(_) if is_suspect => before,
            Ok(found) => found,
            Err(_) if is_known && (before == Standing::Usable || silent < SILENT_LOOKS) => before,
            Err(error) => Standing::Unknown(Some(told(&error))),
        };
        Self { standing, again_at: None, is_suspect, silent }
    }

    /// How long what is known is good enough.
    fn pause(&self) -> Duration {
        match self.standing {
            _ if self.is_suspect => ONCE_MORE,
            Standing::Usable => WHEN_USABLE,
            Standing::Unknown(_) | Standing::Unusable(_) => OTHERWISE,
        }
    }
}

impl Kept {
    fn read(&self) -> Looked {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, looked: Looked) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = looked;
    }
}

impl Connect {
    /// Asks AWS what the instance is. Needs `connect:DescribeInstance`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn report(&self) -> Result<InstanceReport, Error> {
        let patience = Patience::lasting(self.provision.settings.patience).as_urgent_as(Priority::Upkeep);
        self.provision.calls.describe_instance(patience).await.map(InstanceReport::of)
    }

    /// The access URL, as it is configured.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.provision.settings.url
    }

    /// Whether both are of one Amazon Connect instance.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.provision.settings.arn == other.provision.settings.arn
    }

    /// What AWS said last.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.read().standing
    }

    /// Asks AWS again when it is time. Sign-ins are refused from then on, or again taken. Answers what is known when that
    /// is something else than before.
    pub async fn look(&self) -> Option<Standing> {
        let before = self.standing.read();
        if before.again_at.is_some_and(|at| self.clock.now() < at) {
            return None;
        }
        let found = self.report().await.map(|report| self.judge(&report));
        let after = before.clone().after(found);
        let again_at = Some(self.clock.now() + after.pause());
        self.standing.write(Looked { again_at, ..after.clone() });
        (after.standing != before.standing).then_some(after.standing)
    }

    fn judge(&self, report: &InstanceReport) -> Standing {
        let contradictions = report.contradictions(&self.provision.settings.url);
        match &report.unclear()[..] {
            _ if !contradictions.is_empty() => Standing::Unusable(contradictions),
            [] => Standing::Usable,
            unclear => Standing::Unknown(Some(unclear.join("; "))),
        }
    }

    pub(super) fn check_standing(&self) -> Result<(), Error> {
        match self.standing() {
            Standing::Unusable(reasons) => Err(Error::Unusable(reasons.join("; "))),
            Standing::Unknown(_) | Standing::Usable => Ok(()),
        }
    }
}

/// Without AWS's request id, which is another one each time.
fn told(error: &Error) -> String {
    match (error.missing_permission(), error) {
        (Some(permission), _) => format!("the permission {permission} is missing"),
        (None, Error::Call(call)) => format!("{} failed: {}", call.operation, call.code),
        (None, error) => error.to_string(),
    }
}
