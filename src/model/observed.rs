//! What happens, told to whoever counts it. Rooms that can't know the counters are handed one of these.

use std::time::Duration;

use super::{Call, Code, IdpName, Placed, RoundTrip, StateObserver};

/// Hears of every AWS call.
pub trait CallObserver: Send + Sync {
    /// One attempt ended, after it had waited for its turn. `result` is `ok`, or [`super::Cause::word`].
    fn called(&self, call: &Call, result: &'static str, took: Duration);
}

/// Hears what sign-ins meet.
pub trait SignInObserver: Send + Sync {
    /// An identity provider's answer passed every check, or was refused with a code. `offset` is how far its clock was
    /// from ours, when it passed: above zero where it is ahead.
    fn answered(&self, idp: &IdpName, outcome: Result<time::Duration, &'static Code>);

    /// The rules decided.
    fn placed(&self, idp: &IdpName, placed: &Placed);
}

/// Nobody counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl CallObserver for Unobserved {
    fn called(&self, _: &Call, _: &'static str, _: Duration) {}
}

impl SignInObserver for Unobserved {
    fn answered(&self, _: &IdpName, _: Result<time::Duration, &'static Code>) {}

    fn placed(&self, _: &IdpName, _: &Placed) {}
}

impl StateObserver for Unobserved {
    fn round_trip(&self, _: &'static str, _: Duration, _: RoundTrip) {}
}
