//! Answers that look odd and are legal. Each is correctly signed, and taken as Alice's.

mod markup;
mod open_content;
mod signatures;
mod statements;
mod subjects;

use crate::documents::{both_ways, rewritten};
use crate::gateway::{assert_alice, verdict};
use crate::idp::Answer;

/// The default answer with this change is taken, signed on the assertion and signed on the response.
async fn accepts(change: impl Fn(&mut Answer)) {
    for xml in both_ways(change) {
        assert_alice(verdict(xml).await);
    }
}

/// The same with a change of its text before it is signed.
async fn accepts_rewritten(change: impl Fn(String) -> String) {
    for xml in rewritten(change) {
        assert_alice(verdict(xml).await);
    }
}
