//! Each line of the audit file is sealed, and names the seal of the one before, so that nobody makes up, changes or takes
//! out a line unseen.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::Secret;

/// The event of the line that says that a chain begins anew behind something that it does not vouch for.
pub(super) const BROKEN: &str = "chain";
/// Stands before the seal at the end of a line. No text in JSON has it inside: there, quotes are escaped.
const BEFORE: &str = ",\"seal\":\"";
/// Stands behind it.
const BEHIND: &str = "\"}";

/// What a line says of its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The line's number; the first is 1.
    pub number: u64,
    /// The seal of the line before; empty in the first.
    pub previous: String,
}

impl Link {
    /// The first line's.
    pub(super) fn first() -> Self {
        Self { number: 1, previous: String::new() }
    }

    pub(super) fn is_first(&self) -> bool {
        *self == Self::first()
    }
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
        Self { key, next: Link::first() }
    }

    /// What the next line is to say.
    #[must_use]
    pub fn next(&self) -> &Link {
        &self.next
    }

    /// The line with its seal: SHA-256 of the rest of it, number and previous seal included, or the HMAC where there is a
    /// key, in hex. `line` is a JSON object that says [`Self::next`].
    #[must_use]
    pub fn sealed(&self, line: &str) -> String {
        let seal = self.seal(line);
        let open = line.strip_suffix('}').unwrap_or(line);
        format!("{open}{BEFORE}{seal}{BEHIND}")
    }

    /// Goes on behind `line`, which has no end of line. `false`: it does not hold, and a new chain begins.
    #[must_use]
    pub fn follow(&mut self, line: &[u8]) -> bool {
        let next = Sealed::read(line).filter(|line| self.holds(line)).map(|line| line.next());
        let holds = next.is_some();
        self.next = next.unwrap_or_else(Link::first);
        holds
    }

    /// Whether the line was sealed with this chain's key, and not changed since.
    pub(super) fn holds(&self, line: &Sealed) -> bool {
        let seal = self.seal(&line.body);
        // Takes as long wherever they differ.
        let differ = seal.bytes().zip(line.seal.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
        seal.len() == line.seal.len() && differ == 0
    }

    fn seal(&self, line: &str) -> String {
        let keyed = self.key.as_ref().and_then(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
            mac.update(line.as_bytes());
            Some(hex::encode(mac.finalize().into_bytes()))
        });
        keyed.unwrap_or_else(|| hex::encode(Sha256::digest(line)))
    }
}

/// A line of a chain, whether it holds or not.
pub(super) struct Sealed {
    /// What was sealed.
    body: String,
    pub(super) link: Link,
    /// The line's own seal.
    pub(super) seal: String,
    /// Whether it says that a chain broke before it.
    pub(super) tells_break: bool,
}

impl Sealed {
    /// `None`: it is no line of a chain.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (open, seal) = std::str::from_utf8(text).ok()?.strip_suffix(BEHIND)?.rsplit_once(BEFORE)?;
        let body = format!("{open}}}");
        let fields: Value = serde_json::from_str(&body).ok()?;
        let link =
            Link { number: fields["number"].as_u64()?, previous: fields["previous"].as_str()?.to_owned() };
        Some(Self { link, seal: seal.to_owned(), tells_break: fields["event"] == BROKEN, body })
    }

    /// What the line behind it has to say.
    pub(super) fn next(&self) -> Link {
        Link { number: self.link.number.saturating_add(1), previous: self.seal.clone() }
    }
}
