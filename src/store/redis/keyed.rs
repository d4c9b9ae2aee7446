//! HMAC-SHA256, RFC 2104.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A secret of 32 bytes, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// A digest of the parts, each kept apart from the next by its length, that only a holder of `key` can compute.
pub(super) fn digest<'a>(key: &Key, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    // HMAC fills a short key up with zeros, to the block of its hash.
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..32].copy_from_slice(&key[..]);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A key for one purpose, that tells nothing about `key` or about keys for other purposes.
pub(super) fn derive(key: &Key, purpose: &str) -> Key {
    Zeroizing::new(digest(key, [purpose.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_purposes_and_the_borders_of_parts_tell_digests_apart() {
        let (one, two) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        let parts = |parts: &[&str]| digest(&one, parts.iter().map(|part| part.as_bytes()));
        assert_ne!(parts(&["ab", "c"]), parts(&["a", "bc"]));
        assert_ne!(parts(&["ab"]), parts(&["ab", ""]));
        assert_ne!(derive(&one, "seal"), derive(&one, "names"));
        assert_ne!(derive(&one, "seal"), derive(&two, "seal"));
    }

    /// RFC 4231 has no key of 32 bytes; this value is OpenSSL's: eight bytes of length, then `x`.
    #[test]
    fn the_digest_is_hmac_sha256() {
        let digest = digest(&Zeroizing::new([0x0b; 32]), [&b"x"[..]]);
        assert_eq!(hex::encode(digest), "d191caf62a7401bcf3f4246d6472e32cd2471759b58503bb3e9905ff7fe256ab");
    }
}
