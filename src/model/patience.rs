//! How long a piece of work may wait for its turns, and how urgent it is.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{InstanceName, Random};

/// Who goes first when several wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A person is waiting.
    Person,
    /// Something that a person will want soon.
    Refresh,
    /// What can wait until nobody else does.
    Upkeep,
}

impl Priority {
    /// All of them, the most urgent one first.
    pub const ALL: [Self; 3] = [Self::Person, Self::Refresh, Self::Upkeep];
}

/// The name of a piece of work that may wait, so that one can ask when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// Gives a piece of work its ticket: whoever has the same key gives the same work the same one.
#[derive(Clone)]
pub struct TicketKey(Zeroizing<[u8; 32]>);

impl TicketKey {
    /// No secret: every replica gives the same work the same ticket. Whoever shows one outside the process seals it first.
    #[must_use]
    pub fn common() -> Self {
        Self(Zeroizing::new([0; 32]))
    }

    /// A key of this process alone.
    #[must_use]
    pub fn random(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0_u8; 32]);
        random.fill(&mut *key);
        Self(key)
    }

    /// The ticket of some work for the user of that name in an instance.
    #[must_use]
    pub fn ticket(&self, work: &str, instance: &InstanceName, name: &str) -> Ticket {
        // The key has a fixed length, each part its own in front, and most of the digest is left out: nothing can be appended.
        let mut digest = Sha256::new_with_prefix(*self.0);
        for part in [work, instance.as_str(), name] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        Ticket(digest.iter().take(8).fold(0, |ticket, byte| ticket << 8 | u64::from(*byte)))
    }
}

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

/// How long a piece of work may still wait for turns. A deadline: shared by all its calls.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    until: Instant,
    priority: Priority,
    ticket: Option<Ticket>,
    again: bool,
}

impl Patience {
    /// Starts now, for a person.
    #[must_use]
    pub fn lasting(length: Duration) -> Self {
        Self { until: Instant::now() + length, priority: Priority::Person, ticket: None, again: false }
    }

    /// The same with this urgency.
    #[must_use]
    pub fn as_urgent_as(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// The same under this name.
    #[must_use]
    pub fn under(self, ticket: Ticket) -> Self {
        Self { ticket: Some(ticket), ..self }
    }

    /// The same for calls that follow on one that had its turn: they go before their equals.
    #[must_use]
    pub fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// Whether they do.
    #[must_use]
    pub fn is_again(self) -> bool {
        self.again
    }

    /// When it ends.
    #[must_use]
    pub fn until(self) -> Instant {
        self.until
    }

    /// What is left of it.
    #[must_use]
    pub fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The urgency.
    #[must_use]
    pub fn priority(self) -> Priority {
        self.priority
    }

    /// The name.
    #[must_use]
    pub fn ticket(self) -> Option<Ticket> {
        self.ticket
    }
}
