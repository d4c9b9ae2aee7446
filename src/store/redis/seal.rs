//! What leaves the process is sealed: XChaCha20-Poly1305, with a random nonce.
//!
//! The name of its record is sealed with it, so that no value can be put in another's place.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::keyed::{self, Key};
use super::name::Name;
use crate::model::Random;

const ID: usize = 8;
const NONCE: usize = 24;

/// Seals with one key, and opens what was sealed with it or with the other one: keys are exchanged while replicas run.
#[derive(Clone)]
pub(super) struct Sealer {
    own: Sealing,
    other: Option<Sealing>,
    random: Arc<dyn Random>,
}

#[derive(Clone)]
struct Sealing {
    id: [u8; ID],
    cipher: XChaCha20Poly1305,
}

impl Sealing {
    fn new(key: &Key) -> Self {
        let mut id = [0; ID];
        id.copy_from_slice(&keyed::derive(key, "connect-gateway state: key id")[..ID]);
        let cipher = XChaCha20Poly1305::new((&*keyed::derive(key, "connect-gateway state: seal")).into());
        Self { id, cipher }
    }
}

impl Sealer {
    pub(super) fn new(own: &Key, other: Option<&Key>, random: Arc<dyn Random>) -> Self {
        Self { own: Sealing::new(own), other: other.map(Sealing::new), random }
    }

    /// The bytes as they may leave: the key's id, the nonce, and what only a holder of the key can read or change.
    pub(super) fn seal(&self, name: &Name, bytes: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce);
        let payload = Payload { msg: bytes, aad: name.as_str().as_bytes() };
        // Only what is longer than 256 GiB can't be sealed; nothing opens an empty seal.
        let sealed = self.own.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [&self.own.id[..], &nonce, &sealed].concat()
    }

    /// What was sealed under that name; `None` when it was not, or with a key that is not ours.
    pub(super) fn open(&self, name: &Name, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (id, rest) = bytes.split_first_chunk::<ID>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let keys = [Some(&self.own), self.other.as_ref()];
        let key = keys.into_iter().flatten().find(|key| key.id == *id)?;
        let payload = Payload { msg: sealed, aad: name.as_str().as_bytes() };
        key.cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    /// Whether this was sealed with the key that seals now.
    pub(super) fn is_current(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&self.own.id)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SystemRandom;

    fn sealer(own: u8, other: Option<u8>) -> Sealer {
        let key = |byte: u8| Zeroizing::new([byte; 32]);
        Sealer::new(&key(own), other.map(key).as_ref(), Arc::new(SystemRandom))
    }

    fn name(id: &str) -> Name {
        Name::of_random("test", "thing", id.as_bytes())
    }

    fn opened(sealer: &Sealer, id: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        sealer.open(&name(id), bytes).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn what_was_sealed_opens_under_its_own_name_only() {
        let sealer = sealer(1, None);
        let kept = sealer.seal(&name("a"), b"secret");
        assert_eq!(opened(&sealer, "a", &kept), Some(b"secret".to_vec()));
        assert_eq!(opened(&sealer, "b", &kept), None);
        assert!(!kept.windows(6).any(|window| window == b"secret"));
        assert_ne!(kept, sealer.seal(&name("a"), b"secret"), "no nonce is used twice");
    }

    #[test]
    fn a_changed_byte_anywhere_opens_nothing() {
        let sealer = sealer(1, None);
        let kept = sealer.seal(&name("a"), b"secret");
        for at in 0..kept.len() {
            let mut changed = kept.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&sealer, "a", &changed), None, "byte {at}");
            assert_eq!(opened(&sealer, "a", &kept[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn keys_are_exchanged_in_three_steps_and_at_each_all_replicas_read_each_other() {
        let steps = [(1, None), (1, Some(2)), (2, Some(1)), (2, None)];
        for (before, after) in steps.iter().zip(&steps[1..]) {
            let [before, after] = [before, after].map(|(own, other)| sealer(*own, *other));
            for (writer, reader) in [(&before, &after), (&after, &before)] {
                let kept = writer.seal(&name("a"), b"secret");
                assert!(opened(reader, "a", &kept).is_some());
            }
        }
        let kept = sealer(1, None).seal(&name("a"), b"secret");
        assert_eq!(opened(&sealer(2, None), "a", &kept), None);
    }
}
