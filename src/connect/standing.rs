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

/// Whether people can be federated into an instance as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// AWS did not say, and why, once it was asked: nobody is kept out for that.
    Unknown(Option<String>),
    /// As far as AWS tells.
    Usable,
    /// AWS says that they can't, for these reasons.
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

/// The standing, and when it was found.
pub(super) struct Kept(RwLock<(Standing, Option<OffsetDateTime>)>);

impl Default for Kept {
    fn default() -> Self {
        Self(RwLock::new((Standing::Unknown(None), None)))
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

    /// What AWS said last.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.0.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Asks AWS again when it is time. Sign-ins are refused from then on, or again taken. Answers what was found
    /// when that is something else than before.
    pub async fn look(&self) -> Option<Standing> {
        let (before, at) = self.standing.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let pause = if before == Standing::Usable { WHEN_USABLE } else { OTHERWISE };
        if at.is_some_and(|at| self.clock.now() < at + pause) {
            return None;
        }
        let found = match self.report().await {
            Ok(report) => self.judge(&report),
            // What AWS said before still holds.
            Err(_) if matches!(before, Standing::Unusable(_) | Standing::Usable) => before.clone(),
            Err(error) => Standing::Unknown(Some(told(&error))),
        };
        *self.standing.0.write().unwrap_or_else(PoisonError::into_inner) =
            (found.clone(), Some(self.clock.now()));
        (found != before).then_some(found)
    }

    fn judge(&self, report: &InstanceReport) -> Standing {
        let contradictions = report.contradictions(&self.provision.settings.url);
        match &report.unsaid()[..] {
            _ if !contradictions.is_empty() => Standing::Unusable(contradictions),
            [] => Standing::Usable,
            unsaid => Standing::Unknown(Some(format!("AWS does not say its {}", unsaid.join(", ")))),
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
