//! A map whose entries end, and that knows which ends next.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use time::OffsetDateTime;

/// Finds by key in constant time and drops what has ended in the order it ends.
pub(super) struct Expiring<K, V> {
    entries: HashMap<K, (V, OffsetDateTime)>,
    ends: BTreeSet<(OffsetDateTime, K)>,
}

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), ends: BTreeSet::new() }
    }
}

impl<K: Copy + Eq + Hash + Ord, V> Expiring<K, V> {
    /// Drops every entry that has ended by `now`: each entry costs this once in its life.
    pub(super) fn sweep(&mut self, now: OffsetDateTime) {
        while let Some((until, key)) = self.ends.first().copied() {
            if until > now {
                break;
            }
            self.remove(&key);
        }
    }

    /// Drops the entry that would end next.
    pub(super) fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.ends.first().copied() {
            self.remove(&key);
        }
    }

    /// Puts the entry in, in place of one with the same key.
    pub(super) fn insert(&mut self, key: K, value: V, until: OffsetDateTime) {
        self.remove(&key);
        self.ends.insert((until, key));
        self.entries.insert(key, (value, until));
    }

    /// Takes the entry out.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (value, until) = self.entries.remove(key)?;
        self.ends.remove(&(until, *key));
        Some(value)
    }

    /// Looks the entry up.
    pub(super) fn find(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// Whether there is such an entry.
    pub(super) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// The keys of all entries.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn an_entry_is_gone_at_the_moment_it_ends_and_not_before() {
        let mut map = Expiring::default();
        map.insert(1, "a", T0 + Duration::seconds(10));
        map.insert(2, "b", T0 + Duration::seconds(20));
        map.sweep(T0 + Duration::seconds(9));
        assert_eq!(map.len(), 2);
        map.sweep(T0 + Duration::seconds(10));
        assert_eq!((map.find(&1), map.find(&2)), (None, Some(&"b")));
    }

    #[test]
    fn an_entry_put_in_again_ends_at_its_new_time() {
        let mut map = Expiring::default();
        map.insert(1, "a", T0 + Duration::seconds(10));
        map.insert(1, "b", T0 + Duration::seconds(20));
        map.sweep(T0 + Duration::seconds(15));
        assert_eq!((map.find(&1), map.ends.len()), (Some(&"b"), 1));
    }
}
