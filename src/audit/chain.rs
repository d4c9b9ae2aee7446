//! Each line of the audit file vouches for the one before, so that nobody changes or takes out a line unseen.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::model::Secret;

/// What a line says of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The line's number; the first is 1.
    pub number: u64,
    /// SHA-256 of the line before, or its HMAC where there is a key, in hex; empty in the first.
    pub previous: String,
}

/// The end of a file of lines.
#[derive(Debug, Clone)]
pub struct Chain {
    key: Option<Secret>,
    next: Link,
}

impl Chain {
    /// The chain of an empty file. Without a key, whoever may write the file can also make a new chain.
    #[must_use]
    pub fn new(key: Option<Secret>) -> Self {
        Self { key, next: Link { number: 1, previous: String::new() } }
    }

    /// What the next line is to say.
    #[must_use]
    pub fn next(&self) -> &Link {
        &self.next
    }

    /// `line` was written, without its end; `number` is its own, as far as it has one.
    pub fn written(&mut self, line: &[u8], number: Option<u64>) {
        let number = number.unwrap_or(self.next.number).saturating_add(1);
        self.next = Link { number, previous: self.seal(line) };
    }

    fn seal(&self, line: &[u8]) -> String {
        let keyed = self.key.as_ref().and_then(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
            mac.update(line);
            Some(hex::encode(mac.finalize().into_bytes()))
        });
        keyed.unwrap_or_else(|| hex::encode(Sha256::digest(line)))
    }
}
