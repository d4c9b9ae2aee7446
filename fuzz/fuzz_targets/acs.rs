#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::prepare(), |bytes: &[u8]| fuzz::limits::watch(|| fuzz::acs::run(bytes)));
