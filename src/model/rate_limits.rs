//! How often somebody may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use super::IdpName;

/// How many requests pass within a minute; `None`: any number.
pub type PerMinute = Option<NonZeroU32>;

/// What `[rate_limits]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// From one address: pages of the way in and what belongs to no other kind.
    pub sign_in: PerMinute,
    /// From one address: answers of identity providers.
    pub acs: PerMinute,
    /// From one address: e-mail addresses that choose an identity provider.
    pub choose: PerMinute,
    /// From one address: sign-outs and messages of single logout.
    pub logout: PerMinute,
    /// From one address: the console.
    pub admin: PerMinute,
    /// From one identity provider, wherever the browsers are.
    pub idp: PerMinute,
}

/// Says whether one more answer of an identity provider, which has passed every check, may be worked on now.
pub trait AnswerLimit: Send + Sync {
    /// Counts one.
    ///
    /// # Errors
    /// How long until there is room again.
    fn count(&self, idp: &IdpName) -> Result<(), Duration>;
}
