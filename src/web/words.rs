//! The words of pages that stand in no template, apart from the codes' own (`model/code.rs`).

use crate::model::Blame;
use crate::sign_in::{IdpInitiated, ResponseBinding, WantSigned};

/// The chooser, when an e-mail address leads nowhere.
pub(super) const UNKNOWN_ADDRESS: &str = "We know no sign-in for that address. Choose one from the list.";

/// Between the identity provider's answer and the instance.
pub(super) const SIGNED_IN: &str = "You are signed in";

/// Between a choice and the identity provider.
pub(super) const TO_IDP: &str = "Going to your company's sign-in page";

/// Who has to put an error right.
pub(super) fn who(blame: Blame) -> &'static str {
    match blame {
        Blame::Person => "You can put this right yourself.",
        Blame::Admin => "Your contact-centre administrator has to put this right.",
        Blame::IdpOwner => "The team that runs your company's sign-in service has to put this right.",
        Blame::Aws => "Amazon Web Services has to put this right. It usually passes quickly.",
        Blame::Wait => "Nobody has to do anything. Wait a moment and try again.",
        Blame::Gateway => "The people who run this sign-in gateway have to put this right.",
    }
}

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
