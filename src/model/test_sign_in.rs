//! A sign-in that is only tried: it goes the whole way and changes nothing.

use serde::{Deserialize, Serialize};

use super::{IdpName, InstanceName, TestId};

/// What a test sign-in is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSignIn {
    /// Finds what became of it.
    pub id: TestId,
    /// The instance that the person would go to.
    pub instance: InstanceName,
    /// Who is at the browser.
    pub tester: Tester,
}

/// Who is at the browser of a test sign-in, and so what it shows in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tester {
    /// An administrator, who is led to the explanation.
    Admin,
    /// Whoever was given a link: told that it is over, and nothing else.
    Guest,
}

/// A test sign-in that waits behind a link to be begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTest {
    /// What it is about.
    pub test: TestSignIn,
    /// Where the person signs in.
    pub idp: IdpName,
    /// Whether the person authenticates anew (`ForceAuthn`).
    pub again: bool,
}
