#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::prepare(), |bytes: &[u8]| fuzz::limits::watch(|| fuzz::acs::damaged(bytes)));

// Not by chance: each damage has its turn.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], _size: usize, max_size: usize, _seed: u32| {
    let next = fuzz::acs::next_damage();
    let size = next.len().min(max_size);
    data[..size].copy_from_slice(&next[..size]);
    size
});
