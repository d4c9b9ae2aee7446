//! The words of the page for identity providers' administrators that stand in no template.

use crate::sign_in::{IdpInitiated, ResponseBinding, WantSigned};

/// The values that are looked for, in the order of [`crate::sign_in::NameSources`].
pub(super) const FIELDS: [&str; 6] =
    ["User name", "First name", "Last name", "Display name", "E-mail address", "Groups"];

/// A certificate of which nobody can tell when it ends.
pub(super) const UNKNOWN_END: &str = "unknown";

/// Beside the last day of a certificate that is over.
pub(super) const OVER: &str = "(it has ended)";

/// What an identity provider must sign.
pub(super) fn signed(want: WantSigned) -> &'static str {
    match want {
        WantSigned::Either => "The assertion, the response, or both",
        WantSigned::Response => "The response",
        WantSigned::Assertion => "The assertion",
        WantSigned::Both => "The response and the assertion",
    }
}

/// How its answers come.
pub(super) fn answers(binding: ResponseBinding) -> &'static str {
    match binding {
        ResponseBinding::Post => "HTTP-POST",
        ResponseBinding::Artifact => "HTTP-Artifact",
    }
}

/// What becomes of answers that nobody asked for.
pub(super) fn unasked(idp_initiated: IdpInitiated) -> &'static str {
    match idp_initiated {
        IdpInitiated::Off => "Are refused. Let your tile open the address to begin a sign-in.",
        IdpInitiated::Confirm => "Are taken after the person has said who they are.",
        IdpInitiated::Restart => "Begin a sign-in from here.",
    }
}
