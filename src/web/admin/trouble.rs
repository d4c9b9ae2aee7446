//! What AWS does not tell, on a page that goes on without it.

use crate::audit;
use crate::model::{Blamed as _, Code, code};
use crate::sign_in::SignInError;
use crate::web::boundary::seconds;

/// Why something is not shown.
pub(super) struct Trouble {
    /// When to try again, where waiting helps.
    pub(super) seconds: Option<u64>,
    pub(super) code: &'static Code,
    pub(super) cause: String,
    /// The permission that is missing.
    pub(super) permission: Option<String>,
}

impl Trouble {
    pub(super) fn of(error: &SignInError) -> Self {
        Self {
            seconds: (*error.code() == code::BUSY).then(|| seconds(error.retry_after())),
            code: error.code(),
            cause: audit::cause(error),
            permission: error.missing_permission(),
        }
    }
}
