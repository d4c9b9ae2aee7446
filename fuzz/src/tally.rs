//! Counts what became of the inputs, and says so when the process ends.

use std::sync::Mutex;

/// Names and counts, in the order they were first seen.
static COUNTS: Mutex<Vec<(&str, u64)>> = Mutex::new(Vec::new());

/// Counts one input under a name.
pub fn count(name: &'static str) {
    let mut counts = COUNTS.lock().unwrap();
    if counts.is_empty() {
        // SAFETY: a function without arguments.
        unsafe { libc::atexit(print) };
    }
    match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += 1,
        None => counts.push((name, 1)),
    }
}

extern "C" fn print() {
    for (name, count) in COUNTS.lock().unwrap().iter() {
        eprintln!("tally::{name}: {count}");
    }
}
