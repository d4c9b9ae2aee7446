//! A refusal and what the message said.

use std::fmt;

use crate::model::{Blamed, Code, Finding};

use super::error::Error;

/// Why an answer was refused, and what it said, for the administrator.
#[derive(Debug)]
pub struct Refused {
    /// The first check that failed.
    pub error: Error,
    /// What the message said, point by point: from text that nobody vouches for.
    pub findings: Vec<Finding>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, findings: Vec::new() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl Blamed for Refused {
    fn code(&self) -> &'static Code {
        self.error.code()
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        self.error.retry_after()
    }
}
